"""Measure how fast a tokenizer turns canonical text into token ids.

    python benchmarks/encoding.py [CORPUS ...] [--megabytes 100] [--rounds 5] [--json]

The canonical text of a corpus is repeated up to the given size and encoded several times. A megabyte is 1,000,000
characters, or bytes. Times depend on the machine and its other load.
"""

import argparse
import json
import statistics
import time

from abclm import CharacterTokenizer
from abclm.corpora.corpus import read_corpora


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=["oneills1850"])
    parser.add_argument("--megabytes", type=float, default=100.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    options = parser.parse_args()

    once = read_corpora(options.corpora).normalize().text
    text = once * max(1, round(options.megabytes * 1e6 / len(once)))
    tokenizer = CharacterTokenizer.default()
    assert tokenizer.decode(tokenizer.encode(once)) == once

    seconds = []
    for _ in range(options.rounds):
        start = time.perf_counter()
        tokenizer.encode(text)
        seconds.append(time.perf_counter() - start)
    speeds = [len(text) / 1e6 / each for each in seconds]
    figures = {
        "megabytes": len(text) / 1e6,
        "rounds": options.rounds,
        "median_megabytes_per_second": statistics.median(speeds),
        "slowest_megabytes_per_second": min(speeds),
    }
    if options.json:
        print(json.dumps(figures))
    else:
        print(f"{figures['megabytes']:.1f} MB encoded {options.rounds} times")
        print(f"{figures['median_megabytes_per_second']:.0f} MB/s (median), {min(speeds):.0f} MB/s (slowest)")


if __name__ == "__main__":
    main()
