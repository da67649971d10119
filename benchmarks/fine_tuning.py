"""Fine-tune a model on other tunes, and print its figures on held-out new tunes and on old tunes.

    python benchmarks/fine_tuning.py --corpus irish.abc --split split.json --paper FOLDER --out FOLDER [--model session]
    python benchmarks/fine_tuning.py --corpus irish.abc --out FOLDER --polkas [--model session]

With `--split`, the model is fine-tuned on the `train` tunes of the split. The epoch with the best figure on
`validation` is kept. It is evaluated on `validation`, or with `--test` on `test`, and compared with the original
model and with the model that `recipes.py` trained by the paper's recipe (`--paper`). The second table leaves out
tunes with more than half of their bars, in any key, in one training tune of the model. A model with a cache is also
evaluated without it.

With `--polkas`, the model is fine-tuned with the defaults of `abclm fine-tune` on 30 random polkas of the corpus. A
tenth of them selects the epoch. It is evaluated on the other polkas and on the held-out tunes of O'Neill. With `--also
FOLDER`, the same is done from that model, such as the same one stored in float16, and the two results are compared."""

import argparse
import random
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from protocol import read_split

import abclm
from abclm import LanguageModel, TrainingConfig
from abclm.corpora.corpus import Corpus
from abclm.training.config import PRECISIONS
from abclm.training.forgetting import tunes_held_out_from
from abclm.training.progress import Progress
from abclm.training.run import fine_tune

RECIPE: dict[str, Any] = {
    "batch_size": 16,
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "warmup_steps": 20,
    "clip_norm": 1.0,
    "epochs": 16,
    "output_dropout": 0.5,
    "embedding_dropout": 0.2,
    "weight_decay": 0.01,
    "whole_tunes": True,
    "transposition": 1.0,
    "recurrent_dropout": 0.3,
}
MOST_IN_COMMON = 0.5
POLKAS = 30


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", required=True, help="the tunes, one file")
    parser.add_argument("--split", type=Path, help="JSON with the places of the tunes")
    parser.add_argument("--paper", type=Path, help="the model folder of the paper's recipe")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--model", default="session")
    parser.add_argument("--polkas", action="store_true")
    parser.add_argument("--also", metavar="FOLDER", help="another model to fine-tune on the polkas")
    parser.add_argument("--count", type=int, default=POLKAS, help="of polkas to fine-tune on")
    parser.add_argument(
        "--test", action="store_true", help="read the test tunes: once, when everything is decided"
    )
    parser.add_argument("--epochs", type=int, default=RECIPE["epochs"])
    parser.add_argument("--precision", choices=PRECISIONS, default=TrainingConfig().precision)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    lm = abclm.load(options.model)
    if options.polkas:
        tune_to_polkas(lm, options)
    elif options.split and options.paper:
        tune_to_corpus(lm, options)
    else:
        parser.error("give --polkas, or --split and --paper")


def tune_to_corpus(lm: LanguageModel, options: argparse.Namespace) -> None:
    parts = read_split(options.corpus, options.split)
    config = TrainingConfig(
        **{**RECIPE, "epochs": options.epochs, "seed": options.seed, "precision": options.precision}
    )
    start = time.monotonic()
    tuned = fine_tune(
        lm, parts["train"], parts["validation"], config, folder=options.out, resume=True, progress=say
    )
    tuned.save(options.out, overwrite=True)
    print(f"fine-tuned on {len(parts['train'])} tunes in {(time.monotonic() - start) / 60:.0f} minutes")

    index = lm.novelty_index
    if index is None:
        sys.exit(f"{options.model} has no index of the tunes that it learned from")
    models = {"the paper's recipe": abclm.load(options.paper), options.model: lm, "fine-tuned": tuned}
    part = "test" if options.test else "validation"
    tunes = parts[part]
    others = [place for place, tune in enumerate(tunes.tunes) if index.nearest(tune).share <= MOST_IN_COMMON]
    compare(models, tunes, f"all {part} tunes")
    known = len(tunes) - len(others)
    compare(models, only(tunes, others), f"without {known} that {options.model} knows more than half of")


def tune_to_polkas(lm: LanguageModel, options: argparse.Namespace) -> None:
    corpus = Corpus.read(options.corpus).normalize().deduplicate()
    places = [place for place, tune in enumerate(corpus.tunes) if tune.rhythm == "polka"]
    random.Random(options.seed).shuffle(places)
    polkas, others = only(corpus, places[: options.count]), only(corpus, places[options.count :])
    old = tunes_held_out_from(lm, most=sys.maxsize)
    if old is None:
        sys.exit(f"what {options.model} was held out from is not known")
    oneill = {tune.text for tune in Corpus.load("oneills1850").normalize().tunes}
    from_oneill = [place for place, tune in enumerate(old.tunes) if tune.text in oneill]
    start = time.monotonic()
    training, choosing = polkas.split(0.1, seed=options.seed)
    known, config = (
        tunes_held_out_from(lm),
        TrainingConfig.for_fine_tuning(seed=options.seed, precision=options.precision),
    )
    tuned = fine_tune(lm, training, choosing, config, old=known, folder=options.out, progress=say)
    tuned.save(options.out, overwrite=True)
    print(f"fine-tuned on {len(polkas)} polkas in {time.monotonic() - start:.0f} s")
    models = {options.model: lm, "fine-tuned": tuned}
    if options.also:
        other = abclm.load(options.also)
        models[f"fine-tuned from {options.also}"] = fine_tune(
            other, training, choosing, config, old=known, progress=say
        )
    compare(models, others, "the other polkas")
    compare(models, only(old, from_oneill), "held-out tunes of O'Neill")


def only(corpus: Corpus, places: list[int]) -> Corpus:
    """Some of the tunes."""
    return replace(
        corpus,
        tunes=tuple(corpus.tunes[place] for place in places),
        places=tuple(corpus.places[place] for place in places),
    )


def compare(models: dict[str, LanguageModel], tunes: Corpus, title: str) -> None:
    print(f"{title}: {len(tunes)}")
    print("model | bits/character | bits/tune | against the first")
    first = None
    rows: dict[str, LanguageModel] = {}
    for name, lm in models.items():
        if lm.config.cache:
            rows[f"{name}, network alone"] = lm.with_cache(())
        rows[name] = lm
    for name, lm in rows.items():
        found = lm.evaluate(tunes)
        low, high = found.intervals()["bits_per_tune"]
        first = first or found.bits_per_tune
        print(
            f"{name} | {found.bits_per_character:.4f} | {found.bits_per_tune:.1f} ({low:.0f} to {high:.0f}) | "
            f"{100 * (found.bits_per_tune / first - 1):+.1f} %",
            flush=True,
        )


def say(now: Progress) -> None:
    """Print a line for each epoch."""
    if now.is_epoch_end and now.validation:
        print(
            f"epoch {now.epoch}: held out {now.validation.bits_per_character:.4f}",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    main()
