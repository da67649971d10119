"""Write the same tunes one at a time and many at a time, with one thread and two, with ONNX Runtime and without.

    python benchmarks/same_tunes.py [--model session] [--tunes 200] [--batches 1 2 31 128] [--threads 1 2]

Each way is a process of its own. All tunes have to be the same, byte for byte; the script says which are not, and ends
with an error then. With `--best-of 4`, as by default when tunes are written, it takes about four times as long."""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from itertools import product

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def write(model: str, tunes: int, batch: int, best_of: int, threads: int, has_onnx: bool) -> list[str]:
    """A checksum of each tune that this process writes."""
    from abclm import load
    from abclm.generation.abc.tunes import generate
    from abclm.generation.options import GenerationOptions
    from abclm.models.recurrent import numpy_engine, products

    wanted = products.OnnxProduct if has_onnx else products.IntegerProduct
    if not has_onnx:
        products.integer_product = numpy_engine.integer_product = lambda: wanted
    lm, found = load(model), []
    with products.one_thread() if threads == 1 else nullcontext():
        if type(lm.engine().products[0]) is not wanted:  # it is kept
            raise SystemExit(
                "ONNX Runtime is not there, or not exact here; abclm generate --verbose says why"
            )
        for tune in generate(lm, GenerationOptions(n=tunes, seed=1, batch_size=batch, best_of=best_of)):
            found.append(hashlib.sha256(tune.tune.text.encode()).hexdigest())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 31, 128])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--best-of", type=int, default=1)
    parser.add_argument("--one", help=argparse.SUPPRESS)  # of the ways, as JSON
    given = parser.parse_args()
    if given.one:
        print(json.dumps(write(**json.loads(given.one))))
        return
    first: list[str] = []
    for has_onnx, threads, batch in product((True, False), given.threads, given.batches):
        way = {"model": given.model, "tunes": given.tunes, "batch": batch, "best_of": given.best_of}
        way |= {"threads": threads, "has_onnx": has_onnx}
        run = subprocess.run(
            [sys.executable, __file__, "--one", json.dumps(way)],
            env={**os.environ, **dict.fromkeys(_THREADS, str(threads))},
            stdout=subprocess.PIPE,
            check=True,
        )
        found = json.loads(run.stdout)
        first = first or found
        others = [
            place for place, (one, other) in enumerate(zip(first, found, strict=True), 1) if one != other
        ]
        by = "ONNX Runtime" if has_onnx else "NumPy"
        said = f"other tunes: {others}" if others else "the same"
        print(f"{given.tunes} tunes, {batch} at a time, threads: {threads}, {by}: {said}", flush=True)
        if others:
            sys.exit(1)


if __name__ == "__main__":
    main()
