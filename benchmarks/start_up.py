"""Compare the time from the start of a command to a tune with the time to import TensorFlow.

    python benchmarks/start_up.py [--model session] [--rounds 7] [--json]

Each round runs these processes one after another, each round in another order:

- `abclm generate --title "The Lost Badger" --key G --seed 1`, a tune on standard output;
- the same with `--out DIR --format abc,mid`;
- `python -c "import tensorflow"`.

The first round, which fills the disk cache, does not count. The output has the medians of the wall times, and of the
ratios to the import in the same round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GENERATE = ["-m", "abclm", "generate", "--title", "The Lost Badger", "--key", "G", "--seed", "1"]
IMPORT = "import tensorflow"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session", help="a preset's name or a model folder")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    options = parser.parse_args()
    is_folder = Path(options.model).is_dir()
    model = ["--model", os.path.abspath(options.model) if is_folder else options.model]

    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "generate": [*GENERATE, *model],
            "generate_files": [*GENERATE, *model, "--out", "tunes", "--format", "abc,mid"],
            "import_tensorflow": ["-c", IMPORT],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(options.rounds + 1):
            names = list(commands)
            for name in names[number % 3 :] + names[: number % 3]:
                taken = run(commands[name], folder)
                if number:
                    seconds[name].append(taken)

    figures: dict[str, float] = {"rounds": options.rounds}
    for name, each in seconds.items():
        figures[f"{name}_seconds"] = statistics.median(each)
    for name in ("generate", "generate_files"):
        pairs = zip(seconds[name], seconds["import_tensorflow"], strict=True)
        figures[f"{name}_ratio"] = statistics.median(ours / theirs for ours, theirs in pairs)
    if options.json:
        print(json.dumps(figures))
        return
    print(f"{options.rounds} rounds, medians")
    print(f"{figures['import_tensorflow_seconds']:7.2f} s  python -c 'import tensorflow'")
    for name in ("generate", "generate_files"):
        line = f"{figures[f'{name}_seconds']:7.2f} s  abclm {' '.join(commands[name][2:])}"
        print(f"{line}  ({figures[f'{name}_ratio']:.2f} of the import)")


def run(arguments: list[str], folder: str) -> float:
    """Run a Python process in a folder, and return its wall time in seconds."""
    path = os.pathsep.join([str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")])
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    taken = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr.strip()}")
    return taken


if __name__ == "__main__":
    main()
