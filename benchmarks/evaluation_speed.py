"""Compare the time of `abclm evaluate` with that of another version of abclm, and the figures that both print.

    python benchmarks/evaluation_speed.py held-out/validation.abc --base FOLDER [--model session] [--rounds 3] [--json]

The versions take turns: each measures the tunes in a new process, start and all. Seconds are those of the clock and,
for a machine with other work, those of the processor (of all threads); the figures are medians over the rounds. FOLDER
holds the other version, such as a worktree of an earlier commit. `--base-model` names another model for it."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CODE = "import sys; sys.path.remove(''); from abclm.cli import main; main()"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", help="the tunes to measure on")
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="another version of abclm")
    parser.add_argument("--model", default="session")
    parser.add_argument("--base-model", help="the model of the other version, if not the same")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    versions = {"this version": (Path(__file__).resolve().parents[1], options.model)}
    if options.base:
        versions["the other version"] = (options.base.resolve(), options.base_model or options.model)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in versions}
    for _ in range(options.rounds):
        for name, (folder, model) in versions.items():
            found[name].append(measure(folder, model, options.corpus))
    rows = {
        name: {key: statistics.median(each[key] for each in runs) for key in ("seconds", "processor_seconds")}
        | {key: runs[0][key] for key in ("bits_per_tune", "characters")}
        for name, runs in found.items()
    }
    if len(rows) == 2:
        mine, other = rows.values()
        for key in ("seconds", "processor_seconds"):
            mine[f"times_{key}"] = other[key] / mine[key]
        mine["difference"] = mine["bits_per_tune"] / other["bits_per_tune"] - 1
    if options.json:
        print(json.dumps(rows))
        return
    for name, row in rows.items():
        rate = row["characters"] / row["processor_seconds"]
        print(
            f"{name}: {row['seconds']:.1f} s, {row['processor_seconds']:.1f} s of the processor, {rate:,.0f} "
            f"characters a second of it, {row['bits_per_tune']:.4f} bits per tune"
        )
    if "difference" in (row := rows["this version"]):
        print(
            f"{row['times_seconds']:.2f} times as fast, {row['times_processor_seconds']:.2f} by the processor; "
            f"bits per tune differ by {row['difference']:.1e}"
        )


def measure(folder: Path, model: str, corpus: str) -> dict[str, Any]:
    """What `abclm evaluate` of the version in a folder says, and how long it took."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", CODE, "evaluate", corpus, "--clean", "--model", model, "--json"]
    start, before = time.perf_counter(), processor_seconds()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    took = {"seconds": time.perf_counter() - start, "processor_seconds": processor_seconds() - before}
    return {**json.loads(done.stdout), **took}


def processor_seconds() -> float:
    """Of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
