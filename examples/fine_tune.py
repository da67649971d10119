"""Fine-tune a trained model on your own tunes, and compare its tunes before and after.

    python examples/fine_tune.py my_tunes.abc --out mine
    python examples/fine_tune.py --model my-model --epochs 3     # another model, abclm's tunebook

A few dozen tunes are enough: the model already writes tunes, and it learns what your tunes have in common.
"""

import argparse

import abclm
from abclm import TrainingConfig
from abclm.corpora.corpus import read_corpora


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "tunes", nargs="*", default=["oldTunes"], help="files, folders, globs, built-in names"
    )
    parser.add_argument("--model", default="session", help="name of a preset, or a model folder")
    parser.add_argument("--out", default="mine", help="the model folder to write")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    corpus = read_corpora(options.tunes).normalize().deduplicate()
    train, validation = corpus.split(validation=0.2, seed=options.seed)

    before = abclm.load(options.model)
    after = before.fine_tune(
        train, validation, TrainingConfig.for_fine_tuning(epochs=options.epochs, seed=options.seed)
    )
    after.save(options.out, overwrite=True)

    # Fewer bits mean that the model predicts the held-out tunes better.
    for name, lm in (("before", before), ("after", after)):
        print(
            f"{name}: {lm.bits_per_character(validation):.3f} bits per character on {len(validation)} tunes"
        )
    print(f"the model is in {options.out}; the same title, key and seed, before and after:")
    for lm in (before, after):
        print(lm.generate(title="The Comparison", key="D", seed=options.seed)[0])


if __name__ == "__main__":
    main()
