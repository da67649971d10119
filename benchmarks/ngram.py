"""Compare the shipped model with a character n-gram model on the same held-out tunes.

    python benchmarks/ngram.py [CORPUS ...] [--order 6] [--validation 0.1] [--seed 0] [--model session]

The corpora (by default those that `session` learned from) are normalised, deduplicated and split by tune;
the n-gram model counts the training tunes, and each model is measured on the held-out ones: bits per
character, each tune by itself after one newline. `--model none` leaves the shipped model out. Its figure
means something only on the split that it was trained with, which is the default one.
"""

import argparse
import time

import abclm
from abclm.corpora import read_corpora
from abclm.evaluation.ngram import NGramModel

TRAINED_ON = ["oneills1850", "ryansMammoth", "airdsAirs"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=TRAINED_ON)
    parser.add_argument("--order", type=int, nargs="+", default=[6], help="one order or more")
    parser.add_argument("--validation", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="session", help="a preset, a model folder, or none")
    options = parser.parse_args()

    corpus = read_corpora(options.corpora).normalize()
    train, validation = corpus.split(options.validation, options.seed)
    print(f"training:   {len(train):,} tunes, {len(train.text):,} characters of {corpus.name}")
    print(f"validation: {len(validation):,} tunes, {len(validation.text):,} characters")
    for order in options.order:
        start = time.perf_counter()
        bits = NGramModel(train, order).bits_per_character(validation)
        seconds = time.perf_counter() - start
        print(f"order-{order} n-gram, Witten-Bell: {bits:.4f} bits per character ({seconds:.1f} s)")
    if options.model != "none":
        bits = abclm.load(options.model).bits_per_character(validation)
        print(f"{options.model}: {bits:.4f} bits per character")


if __name__ == "__main__":
    main()
