"""Train a new model on your own tunes, and let it write a tune.

    python examples/train_on_your_own_tunes.py my_tunes.abc more/*.abc --out my-model
    python examples/train_on_your_own_tunes.py            # on the tunebook that comes with abclm

A good model needs at least a thousand tunes and an hour or two. With fewer tunes, fine-tune the model that comes
with abclm instead: see fine_tune.py. For a quick first try, use --units 128 --epochs 5.
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
    parser.add_argument("--units", type=int, default=1024, help="number of units of the LSTM layer")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--sequence-length", type=int, default=400, help="characters in a training window")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    # Convert all tunes to the canonical form; leave out duplicates and tunes without a canonical form.
    raw = read_corpora(options.tunes)
    corpus = raw.normalize().deduplicate()
    print(f"{len(corpus)} of {len(raw)} tunes, {len(corpus.text):,} characters")
    for problem in corpus.problems[:10]:
        print("left out:", problem)

    # The held-out tunes show whether the model learns music or only memorizes the training tunes.
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
        folder=options.out,  # saved after each improvement, so Ctrl-C loses nothing
        progress=print_epoch,
    )
    print(f"the model is in {options.out}; this is what it writes:")
    print(lm.generate(title="The First Try", key="G", seed=options.seed)[0])


def print_epoch(now: Progress) -> None:
    if now.is_epoch_end and now.validation:
        print(f"epoch {now.epoch}: {now.validation.bits_per_character:.3f} bits per character, held out")


if __name__ == "__main__":
    main()
