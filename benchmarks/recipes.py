"""Train by the paper's recipe and by other recipes on the same tunes, and print the effect of each step.

    python benchmarks/recipes.py --corpus irish.abc --split split.json --out FOLDER [--runs paper:120:3 ...] [--torch]
    python benchmarks/recipes.py --training train.abc --validation validation.abc --out FOLDER [--runs ...]

A run is a recipe of `protocol.py`, the number of epochs and the number of seeds: `paper:120:3`. It trains on the
training tunes and is evaluated on the validation tunes after each epoch, and its best weights count. The split lists
the tunes of `train`, `validation` and `test` by their positions in the file. All tunes are converted to the canonical
form; tunes without one are left out. The last column is with a cache (`abclm.models.recall`), which a network with
`--structure` has in its gate. `--test` evaluates on
the test tunes of the split instead; do this once, after all decisions.

Each run has a folder in `--out`, named by what is not the default: `paper-120`, `paper-120-seed-1`. The script resumes
incomplete runs and skips complete ones, so you can stop and restart it at any time. `--quick` makes only a few steps of
each, as a test. A recipe takes minutes to an hour on two cores, depending on its units and epochs. `--torch` trains
with PyTorch (`torch_step.py`), on a GPU if there is one; to use a GPU fully, start the script several times with
different runs."""

import argparse
import math
import statistics
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from protocol import RECIPES, read_split, same_size, torch_backend

from abclm import LanguageModel, ModelConfig, TrainingConfig
from abclm.corpora.corpus import Corpus
from abclm.training.config import PRECISIONS
from abclm.training.progress import Progress
from abclm.training.run import train


class Run(NamedTuple):
    """A recipe, its number of epochs and its number of seeds."""

    recipe: str
    epochs: int = 40
    seeds: int = 1


def parse_run(text: str) -> Run:
    recipe, *numbers = text.split(":")
    if recipe not in RECIPES:
        raise argparse.ArgumentTypeError(f"{recipe!r} is not a recipe; use one of {', '.join(RECIPES)}")
    return Run(recipe, *map(int, numbers))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", help="the tunes, one file, with --split")
    parser.add_argument("--split", type=Path, help="JSON with the positions of the tunes")
    parser.add_argument("--training", help="or training tunes")
    parser.add_argument("--validation", help="and held-out tunes")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--runs", nargs="+", type=parse_run, default=[Run(name) for name in RECIPES])
    parser.add_argument("--units", type=int, default=ModelConfig().units)
    parser.add_argument("--precision", choices=PRECISIONS, default=TrainingConfig().precision)
    parser.add_argument("--structure", action="store_true", help="train networks with structure")
    parser.add_argument("--torch", action="store_true", help="train with PyTorch")
    parser.add_argument("--test", action="store_true", help="evaluate on the test tunes")
    parser.add_argument("--quick", action="store_true", help="a few steps of each")
    options = parser.parse_args()
    if not all((options.corpus, options.split)) and not all((options.training, options.validation)):
        parser.error("give --corpus and --split, or --training and --validation")
    if options.test and not options.split:
        parser.error("--test is for the test tunes of a split; give --corpus and --split")

    if options.split:
        parts = read_split(options.corpus, options.split)
    else:
        files = {"train": options.training, "validation": options.validation}
        parts = {part: Corpus.read(path).normalize() for part, path in files.items()}
    for name, part in parts.items():
        print(f"{name}: {len(part)} tunes, {len(part.text):,} characters")
    print(
        "recipe | units | epochs | minutes | training | bits/character | bits/tune | against the first | with the cache",
        flush=True,
    )
    first = None
    for run in options.runs:
        found = [figures_of(run, seed, parts, options) for seed in range(run.seeds)]
        means = {name: statistics.mean(each[name] for each in found) for name in found[0]}
        bits = [each["bits_per_tune"] for each in found]
        first = first or means["bits_per_tune"]
        spread = f" ({min(bits):.1f} to {max(bits):.1f})" if run.seeds > 1 else ""
        print(
            f"{run.recipe} | {means['layers']}x{means['units']} | {means['best']:.0f} of {means['epochs']:.0f} | "
            f"{means['minutes']:.0f} | {means['training']:.2f} | {means['bits_per_character']:.4f} | "
            f"{means['bits_per_tune']:.1f}{spread} | {100 * (means['bits_per_tune'] / first - 1):+.1f} % | "
            f"{means['cached']:.1f}, {100 * (means['cached'] / first - 1):+.1f} %",
            flush=True,
        )


def figures_of(
    run: Run, seed: int, parts: dict[str, Corpus], options: argparse.Namespace
) -> dict[str, float]:
    """The figures of one seed."""
    name = [run.recipe, str(run.epochs)]
    name += [f"seed-{seed}"] if seed else []
    name += [f"{options.units}-units"] if options.units != ModelConfig().units else []
    name += [options.precision] if options.precision == "bfloat16" else []
    name += ["structure"] if options.structure else []
    lm = trained(run, seed, options.out / "-".join(name), parts, options)
    record, last = lm.metadata["training"], lm.history[-1]
    best = next(entry for entry in lm.history if entry["steps"] >= record["steps"])
    part = parts["test" if options.test else "validation"]
    measured = lm.evaluate(part).to_dict() if options.test else record["held_out"]
    return {
        "layers": lm.config.layers,
        "units": lm.config.units,
        "best": best["epoch"],
        "epochs": last["epoch"],
        "minutes": lm.metadata["minutes"],
        "training": best["bits_per_character"],
        "bits_per_character": measured["bits_per_character"],
        "bits_per_tune": measured["bits_per_tune"],
        "cached": (lm if options.structure else lm.with_cache()).evaluate(part).bits_per_tune,
    }


def trained(
    run: Run, seed: int, folder: Path, parts: dict[str, Corpus], options: argparse.Namespace
) -> LanguageModel:
    """The model of a recipe, from its folder where that is done."""
    settings: dict[str, Any] = {
        "epochs": run.epochs, "seed": seed, "precision": options.precision, **RECIPES[run.recipe]
    }  # fmt: skip
    layers, strict = settings.pop("layers", 1), settings.pop("strict", False)
    if options.quick:
        settings |= {"steps": 3, "batch_size": 4, "sequence_length": 50}
    config = TrainingConfig(**settings)
    if (folder / "done").exists():
        return LanguageModel.load(folder)
    lm = LanguageModel.create(
        replace(same_size(options.units, layers), structure=options.structure), seed=seed
    )
    start = time.monotonic()
    said = -math.inf

    def progress(now: Progress) -> None:
        nonlocal said
        if now.is_epoch_end or time.monotonic() - said > 60:
            said = time.monotonic()
            held = f", held out {now.validation.bits_per_character:.4f}" if now.validation else ""
            line = f"{folder.name}: epoch {now.epoch}, step {now.step}/{now.total_steps}"
            print(f"{line}, {now.bits_per_character:.4f}{held}", file=sys.stderr, flush=True)

    train(
        lm, parts["train"].strict() if strict else parts["train"], parts["validation"], config,
        folder=folder, resume=True, progress=progress, backend=torch_backend() if options.torch else None,
    )  # fmt: skip
    lm.metadata["minutes"] = (time.monotonic() - start) / 60
    lm.metadata["recipe"] = {"name": run.recipe, **asdict(config)}
    lm.save(folder, overwrite=True)
    (folder / "done").touch()
    return lm


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on")
