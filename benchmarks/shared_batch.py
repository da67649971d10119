"""Compare writing a few tunes one after another with writing them at once, by one matrix product a step.

    python benchmarks/shared_batch.py [--model session] [--tunes 2 6 16 48] [--rounds 5] [--json]

This is what decides whether a server that has a few tunes to write does well to step them together. Each round writes
the same tunes both ways, in turn; printed is the median of the ratios of their times: above 1, at once is faster.
"""

import argparse
import json
import statistics
import time

from abclm import load
from abclm.generation.abc.tunes import generate
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel


def seconds(lm: LanguageModel, tunes: int, batch_size: int, seed: int) -> float:
    """How long so many tunes take."""
    options = GenerationOptions(n=tunes, batch_size=batch_size, seed=seed)
    begun = time.perf_counter()
    for _ in generate(lm, options):
        pass
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("--tunes", type=int, nargs="+", default=[2, 6, 16, 48])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    lm = load(given.model)
    seconds(lm, 2, 1, 0)
    figures = {}
    for tunes in given.tunes:
        ratios = []
        for number in range(given.rounds):
            pair = {
                size: seconds(lm, tunes, size, number) for size in ((1, tunes) if number % 2 else (tunes, 1))
            }
            ratios.append(pair[1] / pair[tunes])
        figures[tunes] = statistics.median(ratios)
        if not given.json:
            print(f"{tunes:>4} tunes at once: {figures[tunes]:.2f} times as fast as one after another")
    if given.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
