"""Compare the shipped model with a character n-gram model on the same held-out tunes.

    python benchmarks/ngram.py [CORPUS ...] [--order 6] [--model session]

The corpora (by default those of `session`) are normalized, deduplicated and split as for `session`. The n-gram model
counts the training tunes. Each model is evaluated on the held-out tunes in bits per character; each tune is read
separately, after one newline. `--model none` leaves out the shipped model."""

import argparse
import time

from protocol import CORPORA, split

import abclm
from abclm.evaluation.ngram import NGramModel


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=CORPORA)
    parser.add_argument("--order", type=int, nargs="+", default=[6], help="one order or more")
    parser.add_argument("--model", default="session", help="a preset, a model folder, or none")
    options = parser.parse_args()

    train, validation = split(options.corpora)
    print(f"training:   {len(train):,} tunes, {len(train.text):,} characters of {train.name}")
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
