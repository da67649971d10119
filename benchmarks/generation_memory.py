"""Show that memory does not grow with the number of tunes.

    python benchmarks/generation_memory.py [--model session] [--tunes 200 1000 4000] [--json]

For each number, `abclm generate -n N --out DIR --seed 1` runs in a separate process. The figure is its peak memory
(maximum resident set size), and with it that of the second process, which writes half of many tunes. The batch always has
128 tunes."""

import argparse
import json
import subprocess
import sys
import tempfile

PROGRAM = """
import resource, sys
from abclm.cli import main
try:
    main()
finally:
    each = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    print(sum(resource.getrusage(who).ru_maxrss for who in each))
"""


def peak_megabytes(model: str, tunes: int) -> float:
    """The most memory that writing so many tunes into files takes, MB."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["generate", "--model", model, "--seed", "1", "-n", str(tunes), "--out", folder]
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, *command], check=True, capture_output=True, text=True
        )
    return int(run.stdout.split()[-1]) / (2**20 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("--tunes", type=int, nargs="+", default=[200, 1000, 4000])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures = {}
    for tunes in given.tunes:
        figures[tunes] = peak_megabytes(given.model, tunes)
        if not given.json:
            print(f"{tunes:>7,} tunes: {figures[tunes]:,.0f} MB")
    if given.json:
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
