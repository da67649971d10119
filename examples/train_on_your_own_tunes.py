"""Train a model from nothing on tunes of your own, and let it write one.

    python examples/train_on_your_own_tunes.py my_tunes.abc more/*.abc --out my-model
    python examples/train_on_your_own_tunes.py            # on the tunebook that comes with abclm

A thousand tunes or more and an hour or two make a model worth listening to; on fewer, go on from the
model that comes with abclm instead: see fine_tune.py. A first try is quick with --units 128 --epochs 5.
"""

import argparse

from abclm import LanguageModel, ModelConfig, TrainingConfig
from abclm.corpora.corpus import read_corpora
from abclm.training.progress import Progress


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "tunes", nargs="*", default=["oldTunes"], help="files, folders, globs, built-in names"
    )
    parser.add_argument("--out", default="my-model", help="the model folder to write")
    parser.add_argument("--units", type=int, default=1024, help="width of the LSTM layer")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--sequence-length", type=int, default=400, help="characters of a training window")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    # One spelling for everything: what has none is left out, and so is a tune that is there twice.
    raw = read_corpora(options.tunes)
    corpus = raw.normalize().deduplicate()
    print(f"{len(corpus)} of {len(raw)} tunes, {len(corpus.text):,} characters")
    for problem in corpus.problems[:10]:
        print("left out:", problem)

    # The held-out tunes say whether the model learns music or only remembers these tunes.
    train, validation = corpus.split(validation=0.1, seed=options.seed)
    lm = LanguageModel.create(ModelConfig(units=options.units), seed=options.seed)
    lm.fit(
        train,
        validation,
        TrainingConfig(
            epochs=options.epochs,
            sequence_length=options.sequence_length,
            batch_size=32 if len(train.text) > 100_000 else 8,
            patience=3,
            seed=options.seed,
        ),
        folder=options.out,  # saved whenever it got better, so Ctrl-C loses nothing
        progress=print_epoch,
    )
    print(f"the model is in {options.out}; this is what it writes:")
    print(lm.generate(title="The First Try", key="G", seed=options.seed)[0])


def print_epoch(now: Progress) -> None:
    if now.is_epoch_end and now.validation:
        print(f"epoch {now.epoch}: {now.validation.bits_per_character:.3f} bits per character, held out")


if __name__ == "__main__":
    main()
