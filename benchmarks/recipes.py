"""Train by the paper's recipe and by other recipes on the same tunes, and print the effect of each step.

    python benchmarks/recipes.py --corpus irish.abc --split split.json --out FOLDER [--recipe NAME ...] [--units N]

The split lists the tunes of `train`, `validation` and `test` by their positions in the file. All tunes are converted
to the canonical form; tunes without one are left out. A recipe trains on `train` and is evaluated on `validation`
after each epoch, and its best weights count. The last column is with a cache (`abclm.models.recall`). `--test` also
evaluates on the test tunes; do this once, after all decisions.

Each run has a folder in `--out`. The script resumes incomplete runs and skips complete ones, so you can stop and
restart it at any time. `--quick` makes only a few steps of each, as a test. A recipe takes minutes to an hour on two
cores, depending on its units and epochs."""

import argparse
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path

from protocol import RECIPES, read_split, same_size

from abclm import LanguageModel, ModelConfig, TrainingConfig
from abclm.corpora.corpus import Corpus
from abclm.training.config import PRECISIONS
from abclm.training.progress import Progress
from abclm.training.run import train


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", required=True, help="the tunes, one file")
    parser.add_argument("--split", type=Path, required=True, help="JSON with the places of the tunes")
    parser.add_argument("--out", type=Path, required=True, help="where the runs are kept")
    parser.add_argument("--recipe", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--units", type=int, default=ModelConfig().units)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--test", action="store_true", help="measure on the test tunes, too")
    parser.add_argument("--quick", action="store_true", help="a few steps of each")
    options = parser.parse_args()

    parts = read_split(options.corpus, options.split)
    for name, part in parts.items():
        print(f"{name}: {len(part)} tunes, {len(part.text):,} characters")
    print(
        "recipe | units | passes | minutes | bits/character | bits/tune | against the first | with the cache",
        flush=True,
    )
    first = None
    for name in options.recipe:
        settings = [name, options.units, options.epochs, options.seed]
        settings += [options.precision] if options.precision != "float32" else []
        folder = options.out / "-".join(map(str, settings))
        lm = trained(name, folder, parts, options)
        record, last = lm.metadata["training"], lm.history[-1]
        measured = record["held_out"]
        if options.test:
            measured = lm.evaluate(parts["test"]).to_dict()
        cached = lm.with_cache().evaluate(parts["test" if options.test else "validation"]).bits_per_tune
        first = first or measured["bits_per_tune"]
        print(
            f"{name} | {lm.config.layers}x{lm.config.units} | "
            f"{record['steps'] / last['steps'] * last['epoch']:.0f} of {last['epoch']} | "
            f"{lm.metadata['minutes']:.0f} | {measured['bits_per_character']:.4f} | "
            f"{measured['bits_per_tune']:.1f} | {100 * (measured['bits_per_tune'] / first - 1):+.1f} % | "
            f"{cached:.1f}, {100 * (cached / first - 1):+.1f} %",
            flush=True,
        )


def trained(name: str, folder: Path, parts: dict[str, Corpus], options: argparse.Namespace) -> LanguageModel:
    """The model of a recipe, from its folder where that is done."""
    settings = {
        "epochs": options.epochs, "seed": options.seed, "precision": options.precision, **RECIPES[name]
    }  # fmt: skip
    layers, strict = settings.pop("layers", 1), settings.pop("strict", False)
    if options.quick:
        settings |= {"steps": 3, "batch_size": 4, "sequence_length": 50}
    config = TrainingConfig(**settings)
    model = same_size(options.units, layers)
    if (folder / "done").exists():
        return LanguageModel.load(folder)
    lm = LanguageModel.create(model, seed=options.seed)
    start = time.monotonic()
    said = -math.inf

    def progress(now: Progress) -> None:
        nonlocal said
        if now.is_epoch_end or time.monotonic() - said > 60:
            said = time.monotonic()
            held = f", held out {now.validation.bits_per_character:.4f}" if now.validation else ""
            line = f"{name}: epoch {now.epoch}, step {now.step}/{now.total_steps}"
            print(f"{line}, {now.bits_per_character:.4f}{held}", file=sys.stderr, flush=True)

    train(
        lm, parts["train"].strict() if strict else parts["train"], parts["validation"], config,
        folder=folder, resume=True, progress=progress,
    )  # fmt: skip
    lm.metadata["minutes"] = (time.monotonic() - start) / 60
    lm.metadata["recipe"] = {"name": name, **asdict(config)}
    lm.save(folder)
    (folder / "done").touch()
    return lm


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on")
