"""Compare writing a few tunes one after another with writing them at once, with one matrix product per step.

    python benchmarks/shared_batch.py [--model session] [--tunes 2 6 16 48] [--rounds 5] [--json]

This shows whether a server with a few tunes to write should batch them. Each round writes the same tunes in both
ways, in turn. The output is the median of the ratios of the times; above 1, the batch is faster."""

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
