"""Measure the memory of `abclm train --clean` on small and large canonical texts, and the speed of encoding.

    python benchmarks/corpus_memory.py [CORPUS ...] [--megabytes 10 1000] [--steps 20] [--units 1024] [--json]

The script makes variations of the canonical tunes of a corpus (it rotates the letters of the notes, mixes the bars
and numbers the titles) until a temporary file has the given number of megabytes. The command runs on each file in a
separate process. The figure is the peak memory of its largest process, as counted by the system. A megabyte is
1,000,000 bytes. 1 GB needs 3 GB of disk during the run."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import abclm
from abclm.corpora.corpus import read_corpora
from abclm.tune import Tune

NOTES = "CDEFGAB"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=["oneills1850", "ryansMammoth"])
    parser.add_argument("--megabytes", type=float, nargs="+", default=[10, 1000])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--units", type=int, default=1024)
    parser.add_argument("--validation", type=float, default=0.0002)
    parser.add_argument("--folder", type=Path, help="where to make the temporary folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead")
    options = parser.parse_args()

    tunes = read_corpora(options.corpora).normalize().tunes
    rows = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for megabytes in options.megabytes:
            book = Path(folder) / "book.abc"
            write_varied(book, tunes, megabytes)
            row = measure(book, Path(folder) / f"model-{megabytes}", options)
            rows.append(row)
            if options.json:
                print(json.dumps(row), flush=True)
            else:
                print(
                    f"{row['megabytes']:8,.1f} MB of text: peak {row['peak_megabytes']:,.0f} MB, prepared at "
                    f"{row['preparation_megabytes_per_second']:,.0f} MB/s in {row['preparation_seconds']:.1f} s, "
                    f"trained {row['steps']} steps in {row['training_seconds']:.1f} s",
                    flush=True,
                )
    if not options.json:
        print(
            f"the peak of the last is {rows[-1]['peak_megabytes'] / rows[0]['peak_megabytes']:.3f} of the first's"
        )


def write_varied(path: Path, tunes: tuple[Tune, ...], megabytes: float) -> None:
    """Write so many megabytes of varied tunes."""
    written = 0
    with path.open("wb") as file:
        for number, text in enumerate(varied(tunes), 1):
            data = f"X:{number}\n{text}".encode()
            file.write(data)
            written += len(data)
            if written >= megabytes * 1e6:
                return


def varied(tunes: tuple[Tune, ...]) -> Iterator[str]:
    """The tunes without their X: lines, again and again, each time otherwise."""
    parts = [(tune, tune.text[4 : tune.body_start], tune.body.strip().split("|")) for tune in tunes]
    copy, random = 0, Random(0)
    while True:
        letters = NOTES[copy % 7 :] + NOTES[: copy % 7]
        table = str.maketrans(NOTES + NOTES.lower(), letters + letters.lower())
        for tune, head, bars in parts:
            mixed = random.sample(bars, len(bars)) if copy >= 7 else bars
            body = "|".join(mixed).strip().translate(table)
            title = f"T:{tune.title[:50]} {copy}\n" if tune.title else ""
            head_without = "".join(line for line in head.splitlines(True) if not line.startswith("T:"))
            yield f"{title}{head_without}{body}\n\n"
        copy += 1


def measure(book: Path, out: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Train on a file in a process of its own."""
    arguments = [
        "train", book, "--clean", "--out", out, "--steps", options.steps, "--units", options.units,
        "--validation", options.validation, "--json",
    ]  # fmt: skip
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "abclm", *map(str, arguments)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(abclm.__file__).parents[1])},
    )
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"abclm train ended with {process.returncode}")
    figures = json.loads(said.splitlines()[-1])
    names = ("steps", "tunes", "preparation_seconds", "preparation_megabytes_per_second", "training_seconds")
    return {
        "megabytes": book.stat().st_size / 1e6,
        "peak_megabytes": used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3),
        "seconds": time.perf_counter() - start,
        **{name: figures[name] for name in names},
    }


if __name__ == "__main__":
    main()
