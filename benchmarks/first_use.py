"""Time what a new user does first, with all dependencies installed.

    python benchmarks/first_use.py [--parts clone fine-tune signs] [--model session] [--json]

- `clone`: from `git clone` of this repository to a tune as ABC, MIDI and WAV, written by the code of the clone;
- `fine-tune`: from a file of 12 tunes to a model that was fine-tuned on them, with default settings, and a tune by it;
- `signs`: for each command that takes longer than three seconds, from its start to the first line on standard error.

The output has wall times in seconds, each beside its limit. The exit code is 1 where a limit was exceeded.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"clone": 240.0, "fine-tune": 300.0, "signs": 1.0}
TUNES = 12
GENERATE = (
    "generate",
    "--title",
    "The Lost Badger",
    "--key",
    "G",
    "--out",
    "tunes",
    "--format",
    "abc,mid,wav",
)
LONG = (
    "generate --out tunes",
    "generate -n 60 --out tunes",
    "evaluate oldTunes",
    "evaluate oldTunes --generate 40",
    "train oldTunes --out new --units 64",
    "fine-tune oldTunes --out mine --model small",
    "sweep oldTunes --out sweep --vary units=16,32",
    "corpus stats ryansMammoth",
    "corpus clean ryansMammoth --out clean.abc --strict",
    "corpus split ryansMammoth --out split",
    "corpus book ryansMammoth --out book.pdf",
    "convert ryansMammoth book.pdf",
    "transpose ryansMammoth --semitones 2 --out moved.abc",
    "check essenFolksong",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=list(LIMITS), default=list(LIMITS))
    parser.add_argument("--model", default="session", help="a preset's name or a model folder, to fine-tune")
    parser.add_argument("--steps", type=int, help="of fine-tuning [default: as the command has it]")
    parser.add_argument("--commands", type=int, default=len(LONG), help="how many of the long ones")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    options = parser.parse_args()
    if Path(options.model).is_dir():
        options.model = os.path.abspath(options.model)

    figures: dict[str, dict[str, float]] = {}
    for part in options.parts:
        with tempfile.TemporaryDirectory(prefix="abclm-") as folder:
            if part == "clone":
                figures[part] = {"from a clean clone to a tune": clone(Path(folder))}
            elif part == "fine-tune":
                taken = fine_tune(Path(folder), options.model, options.steps)
                figures[part] = {f"from {TUNES} tunes to a tune of the fine-tuned model": taken}
            else:
                figures[part] = {
                    f"abclm {command}": first_sign(Path(folder), command.split())
                    for command in LONG[: options.commands]
                }
    if options.json:
        print(json.dumps(figures))
    else:
        for part, rows in figures.items():
            for name, seconds in rows.items():
                print(f"{seconds:7.2f} s (at most {LIMITS[part]:g})  {name}")
    sys.exit(any(max(rows.values()) > LIMITS[part] for part, rows in figures.items()))


def clone(folder: Path) -> float:
    """Clone the repository and write a tune with the clone; returns seconds."""
    start = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", ROOT, folder / "abclm"], check=True)
    run(GENERATE, folder / "abclm", folder / "abclm")
    taken = time.perf_counter() - start
    written = {path.suffix for path in (folder / "abclm" / "tunes").iterdir()}
    assert written == {".abc", ".mid", ".wav"}, written
    return taken


def fine_tune(folder: Path, model: str, steps: int | None) -> float:
    """Fine-tune a model on some tunes of ours and write a tune with the new one; returns seconds."""
    text = (ROOT / "corpora" / "oldTunes.abc").read_text(encoding="utf-8")
    tunes = [f"X:{each}" for each in text.split("\nX:")[1 : TUNES + 1]]
    assert len(tunes) == TUNES
    (folder / "mine.abc").write_text("\n".join(tunes) + "\n", encoding="utf-8")
    more = () if steps is None else ("--steps", str(steps))
    start = time.perf_counter()
    run(("fine-tune", "mine.abc", "--out", "mine", "--model", model, *more), folder, ROOT)
    run((*GENERATE, "--model", "mine"), folder, ROOT)
    return time.perf_counter() - start


def first_sign(folder: Path, arguments: Sequence[str]) -> float:
    """Start a command, wait for its first line on standard error, and end it; returns seconds."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "abclm", *arguments],
        cwd=folder, env=environment(ROOT), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stderr
        line = process.stderr.readline()
        taken = time.perf_counter() - start
        process.kill()
    if not line.startswith("abclm: ") or line.startswith("abclm: error"):
        sys.exit(f"abclm {' '.join(arguments)} says nothing of what it does: {line.strip()!r}")
    return taken


def run(arguments: Sequence[str], folder: Path, code: Path) -> None:
    """Run a command of the abclm in a folder of code."""
    done = subprocess.run(
        [sys.executable, "-m", "abclm", *arguments],
        cwd=folder, env=environment(code), capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"abclm {' '.join(arguments)} failed:\n{done.stderr.strip()}")


def environment(code: Path) -> dict[str, str]:
    """The variables of a process that imports abclm from a folder."""
    path = os.pathsep.join([str(code), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**os.environ, "PYTHONPATH": path}


if __name__ == "__main__":
    main()
