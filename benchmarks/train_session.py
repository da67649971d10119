"""Train a shipped model, evaluate it, and write it as a preset.

    python benchmarks/train_session.py --out abclm/presets/session --epochs 100 --torch --precision bfloat16
    python benchmarks/train_session.py --out abclm/presets/small --recipe small --epochs 60 \\
        --units 512 --embedding-dimension 128 --torch --precision bfloat16
    python benchmarks/train_session.py --out session-paper --recipe paper --plain

The tunes are the canonical tunes of O'Neill, Ryan and Aird without duplicates. A tenth is held out by title; tunes
that share half of their bars are not separated. By default, the model has `structure` and is trained by the recipe
`structure` of `protocol.py`. With `--plain` it has no structure; it then gets a cache, but not with the paper's recipe.
Whenever the held-out figure improves, the model is saved
into `--out` as float32. The same command continues a run that was stopped. At the end, the best weights are saved as
int8 and the stored model is evaluated.

Training takes some hours on two cores, less with `--precision bfloat16` on a CPU that supports it. `--torch` trains
with PyTorch (`torch_step.py`), on a GPU if there is one: minutes. `--units 16
--steps 3 oldTunes` is a quick test. `--trained FOLDER` skips training and uses the weights of a model folder that
this script or `abclm train` has written."""

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from protocol import CORPORA, RECIPES, SPLIT, split, torch_backend

from abclm import LanguageModel, ModelConfig, TrainingConfig
from abclm.corpora.built_in import cards
from abclm.corpora.corpus import Corpus
from abclm.models.folder import TRAINING_STATE
from abclm.training.config import PRECISIONS
from abclm.training.progress import Progress
from abclm.training.run import train

SEED = 0
DTYPE = "int8"
SECONDS_BETWEEN_LINES = 60


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=CORPORA)
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--recipe", choices=RECIPES, default="structure")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--steps", type=int, help="stop after so many steps")
    parser.add_argument("--units", type=int, default=ModelConfig().units)
    parser.add_argument("--embedding-dimension", type=int, default=ModelConfig().embedding_dimension)
    parser.add_argument("--precision", choices=PRECISIONS, default=TrainingConfig().precision)
    parser.add_argument("--torch", action="store_true", help="train with PyTorch")
    parser.add_argument("--plain", action="store_true", help="train a network without structure")
    parser.add_argument("--trained", type=Path, metavar="FOLDER", help="take these weights, train nothing")
    options = parser.parse_args()

    training, held_out = split(options.corpora)
    print(
        f"{len(training):,} tunes to train on, {len(training.text):,} characters; {len(held_out):,} held out"
    )

    if options.trained:
        lm = LanguageModel.load(options.trained)
    else:
        network = ModelConfig(
            embedding_dimension=options.embedding_dimension, units=options.units, structure=not options.plain
        )
        lm = LanguageModel.create(network, seed=SEED)
        config = TrainingConfig(
            epochs=options.epochs,
            steps=options.steps,
            seed=SEED,
            precision=options.precision,
            **RECIPES[options.recipe],
        )
        train(
            lm, training, held_out, config,
            normalize=False, folder=options.out, resume=True, progress=Lines(),
            backend=torch_backend() if options.torch else None,
        )  # fmt: skip

        shutil.rmtree(options.out / TRAINING_STATE)

    if not lm.config.columns and options.recipe != "paper":
        lm = lm.with_cache()
    # The figure of the weights as they are shipped, rounded to 8 and 16 bits.
    lm.save(options.out, dtype=DTYPE, overwrite=True)
    lm = LanguageModel.load(options.out)
    evaluation, alone = lm.evaluate(held_out), lm.with_cache(()).evaluate(held_out, copies=False)
    lm.metadata |= {
        "name": options.out.resolve().name,
        "licence": "MIT",
        "corpora": describe(training),
        "split": SPLIT,
        "stored_as": {
            "dtype": DTYPE,
            "held_out": evaluation.to_dict(),
            "held_out_network_alone" if lm.config.columns else "held_out_without_cache": alone.to_dict(),
        },
    }
    lm.save(options.out, dtype=DTYPE, overwrite=True)
    print(f"{options.out}, measured on {evaluation.tunes} held-out tunes")
    for name, found in (("network alone", alone), ("model", evaluation)):
        low, high = found.intervals()["bits_per_tune"]
        print(
            f"{name}: {found.bits_per_character:.4f} bits per character, "
            f"{found.bits_per_tune:.1f} bits per tune ({low:.1f} to {high:.1f})"
        )


def describe(corpus: Corpus) -> list[dict[str, Any]]:
    """Whose work a model learned from, and which files: for its metadata."""
    about = {card.name: card for card in cards()}
    return [
        {
            "name": name,
            "title": about[name].title,
            "transcribers": about[name].transcribers,
            "terms": about[name].terms,
            "sha256": checksum,
        }
        if name in about
        else {"name": name, "sha256": checksum}
        for name, checksum in corpus.checksums.items()
    ]


class Lines:
    """Prints where the run stands: a line for each epoch, and one a minute between them."""

    def __init__(self) -> None:
        self.start = self.said = time.monotonic()

    def __call__(self, now: Progress) -> None:
        """Take note of a step or an epoch's end."""
        time_now = time.monotonic()
        if not now.is_epoch_end and time_now - self.said < SECONDS_BETWEEN_LINES:
            return
        self.said = time_now
        line = f"{time_now - self.start:7.0f} s, step {now.step}/{now.total_steps}"
        line += f", {now.bits_per_character:.3f} bits per character"
        if now.is_epoch_end and now.validation:
            line = f"epoch {now.epoch}: {line}, held out {now.validation.bits_per_character:.4f}"
        if now.seconds_left is not None:
            line += f", {now.seconds_left / 60:.0f} minutes left"
        print(line, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; --out holds the best model so far, as float32, and the same command goes on")
