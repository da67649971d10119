"""Compare the time of a training step with stock Keras, PyTorch and the matrix products alone.

    python benchmarks/training_speed.py [--setting 32x400x1024 ...] [--torch PYTHON] [--rounds 5] [--json]

A setting is batch x length x units, with an embedding of 256, 83 symbols, one LSTM layer, Adam, float32. Each engine
runs in a separate process, and they make steps in turn, so that other load affects all of them equally. A time is the
median over the rounds without the first step, which compiles.

- `abclm` is `abclm.training.run.train` itself: reading the windows, the step, the loop between two steps.
- `abclm_bfloat16` and `torch_bfloat16` are the same with `precision="bfloat16"` and with PyTorch's autocast, for CPUs
  that support it. They run only if `--engines` names them.
- `abclm_structure` is `abclm` with `structure=True`: the place in the tune beside each symbol, and copies. It runs
  only if `--engines` names it.
- `keras` and `keras_jit` are keras.layers.LSTM with `train_on_batch`, with `jit_compile` off and on. The faster one
  counts; if one is far slower in its first turns, it makes no further turns.
- `torch` is torch.nn.LSTM, in the interpreter that --torch names (`pip install torch==2.13.0` in a separate
  environment). Without --torch, it is left out.
- `sgemm` multiplies square matrices in NumPy and in TensorFlow; the faster rate counts. The *matrix bound* is the
  time for the products of a step at this rate: input, recurrent and dense layer, forward, and backward to their
  inputs and their weights.

All five settings take about half an hour on two cores; the first one takes some minutes.
"""

import argparse
import contextlib
import functools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SETTINGS = ["32x400x1024", "64x100x1024", "16x200x1024", "32x400x256", "32x400x512"]
EMBEDDING, SYMBOLS = 256, 83
ENGINES = ["abclm", "keras", "keras_jit", "torch", "sgemm"]
BFLOAT16 = ["abclm_bfloat16", "torch_bfloat16"]
STRUCTURE = "abclm_structure"
NAMED = [*BFLOAT16, STRUCTURE]  # those that have to be asked for
FAR_SLOWER = 1.5
TUNES_REPEATED = 40


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--setting", nargs="+", default=SETTINGS, metavar="BxTxU")
    parser.add_argument("--torch", help="a Python interpreter that has PyTorch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engines", nargs="+", choices=ENGINES + NAMED, default=ENGINES)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead")
    parser.add_argument(
        "--engine", choices=ENGINES + NAMED, help=argparse.SUPPRESS
    )  # what the processes are started with
    options = parser.parse_args()

    if options.engine:
        batch, length, units = sizes(options.setting[0])
        serve(options.engine, batch, length, units)
        return
    if not options.json:
        print(f"{os.cpu_count()} cores; seconds a step")
    for setting in options.setting:
        row = compare(setting, options)
        print(json.dumps(row) if options.json else table(row), flush=True)


def sizes(setting: str) -> tuple[int, int, int]:
    batch, length, units = map(int, setting.split("x"))
    return batch, length, units


def compare(setting: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run the engines on one setting, turn by turn."""
    engines = {
        name: Engine(name, setting, options.torch)
        for name in options.engines
        if not name.startswith("torch") or options.torch
    }
    times: dict[str, list[float]] = {name: [] for name in engines}
    try:
        for engine in engines.values():
            engine.turn()  # which compiles
        for _ in range(options.rounds):
            stock = [statistics.median(times[name]) for name in ("keras", "keras_jit") if times.get(name)]
            for name, engine in engines.items():
                is_slow = (
                    name.startswith("keras") and times[name] and times[name][-1] > FAR_SLOWER * min(stock)
                )
                if not is_slow:
                    times[name].append(engine.turn())
    finally:
        for engine in engines.values():
            engine.stop()
    return figures(setting, {name: statistics.median(found) for name, found in times.items()})


def figures(setting: str, found: dict[str, float]) -> dict[str, Any]:
    """The times and their ratios; `sgemm` has measured GFLOP/s."""
    row: dict[str, Any] = {"setting": setting, "seconds": {**found}}
    rate = row["seconds"].pop("sgemm", None)
    ours = found.get("abclm")
    stock = [found[name] for name in ("keras", "keras_jit") if name in found]
    if ours and stock:
        row["times_stock_keras"] = min(stock) / ours
    if ours and "torch" in found:
        row["times_torch"] = found["torch"] / ours
    if ours and STRUCTURE in found:
        row["structure_times_without"] = ours / found[STRUCTURE]
    if ours and "abclm_bfloat16" in found:
        row["bfloat16_times_float32"] = ours / found["abclm_bfloat16"]
    if "abclm_bfloat16" in found and "torch_bfloat16" in found:
        row["bfloat16_times_torch"] = found["torch_bfloat16"] / found["abclm_bfloat16"]
    if rate:
        gflop = matrix_gflop(*sizes(setting))
        row |= {"sgemm_gflop_per_second": rate, "gflop": gflop, "matrix_bound_seconds": gflop / rate}
        if ours:
            row["of_matrix_bound"] = gflop / rate / ours
    return row


def matrix_gflop(batch: int, length: int, units: int) -> float:
    """What a step's products take, backward each twice as much as forward."""
    a_character = 4 * units * (EMBEDDING + units) + units * SYMBOLS
    return 3 * 2 * batch * length * a_character / 1e9


def table(row: dict[str, Any]) -> str:
    parts = [row["setting"], *(f"{name} {seconds:.3f}" for name, seconds in row["seconds"].items())]
    for name, unit in (
        ("times_stock_keras", "x stock Keras"),
        ("times_torch", "x PyTorch"),
        ("structure_times_without", "x without structure"),
        ("bfloat16_times_float32", "x float32 by bfloat16"),
        ("bfloat16_times_torch", "x PyTorch by bfloat16"),
    ):
        if name in row:
            parts.append(f"{row[name]:.2f} {unit}")
    if "of_matrix_bound" in row:
        bound, rate = row["matrix_bound_seconds"], row["sgemm_gflop_per_second"]
        parts.append(
            f"{row['of_matrix_bound']:.0%} of the matrix bound ({bound:.3f} s at {rate:.0f} GFLOP/s)"
        )
    return " | ".join(parts)


class Engine:
    """A process that takes one step for each line that it is sent, and says how long it took."""

    def __init__(self, name: str, setting: str, torch: str | None) -> None:
        python = torch if name.startswith("torch") and torch else sys.executable
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.setdefault("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
        environment.pop("TF_CONFIG", None)
        self.name = name
        self.process = subprocess.Popen(
            [python, str(Path(__file__).resolve()), "--engine", name, "--setting", setting],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def turn(self) -> float:
        """Seconds of a step."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        while said := self.process.stdout.readline():
            if said.startswith("TOOK "):
                return float(said.split()[1])
        sys.exit(f"{self.name} ended with {self.process.wait()}")

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


# In the processes


def serve(engine: str, batch: int, length: int, units: int) -> None:
    """Take a step for each line of standard input."""
    if engine.startswith("abclm"):
        precision = "bfloat16" if engine in BFLOAT16 else "float32"
        serve_abclm(batch, length, units, precision, structure=engine == STRUCTURE)
        return
    makers: dict[str, Callable[[int, int, int], Callable[[], float | None]]] = {
        "keras": keras_step,
        "keras_jit": functools.partial(keras_step, jit_compile=True),
        "torch": torch_step,
        "torch_bfloat16": functools.partial(torch_step, bfloat16=True),
        "sgemm": sgemm,
    }
    step = makers[engine](batch, length, units)
    for _ in sys.stdin:
        start = time.perf_counter()
        result = step()
        say(time.perf_counter() - start if result is None else result)


def say(number: float) -> None:
    print("TOOK", number, flush=True)


def serve_abclm(batch: int, length: int, units: int, precision: str, structure: bool) -> None:
    import numpy as np

    from abclm.corpora.corpus import Corpus
    from abclm.datasets.encoded import EncodedCorpus
    from abclm.language_model import LanguageModel
    from abclm.models.lstm.config import ModelConfig
    from abclm.training.config import TrainingConfig
    from abclm.training.run import train

    lm = LanguageModel.create(ModelConfig(embedding_dimension=EMBEDDING, units=units, structure=structure))
    if structure:  # which has to be that of tunes
        tunes = Corpus.load("oldTunes").normalize().tunes
        corpus = EncodedCorpus.encode(Corpus("tunes", tunes * TUNES_REPEATED), lm.tokenizer)
    else:
        ids = np.random.default_rng(0).integers(SYMBOLS, size=2_000_000, dtype=np.uint8)
        corpus = EncodedCorpus("random", "", ids, np.array([len(ids)]))
    config = TrainingConfig(sequence_length=length, batch_size=batch, steps=10**6, precision=precision)
    sys.stdin.readline()
    start = time.perf_counter()

    def after_step(_: object) -> None:
        nonlocal start
        say(time.perf_counter() - start)
        if not sys.stdin.readline():
            sys.exit()
        start = time.perf_counter()

    train(lm, corpus, None, config, progress=after_step)


def keras_step(batch: int, length: int, units: int, jit_compile: bool = False) -> Callable[[], None]:
    import keras
    import numpy as np

    model = keras.Sequential(
        [
            keras.layers.Embedding(SYMBOLS, EMBEDDING),
            keras.layers.LSTM(units, return_sequences=True),
            keras.layers.Dense(SYMBOLS),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=jit_compile)
    windows = np.random.default_rng(0).integers(SYMBOLS, size=(batch, length + 1), dtype=np.uint8)

    def step() -> None:
        model.train_on_batch(windows[:, :-1], windows[:, 1:])

    return step


def torch_step(batch: int, length: int, units: int, bfloat16: bool = False) -> Callable[[], None]:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(SYMBOLS, EMBEDDING)
            self.lstm = torch.nn.LSTM(EMBEDDING, units, batch_first=True)
            self.dense = torch.nn.Linear(units, SYMBOLS)

        def forward(self, ids: Any) -> Any:
            return self.dense(self.lstm(self.embedding(ids))[0])

    model = Model()
    optimizer = torch.optim.Adam(model.parameters())
    windows = torch.randint(SYMBOLS, (batch, length + 1))

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            logits = model(windows[:, :-1]).float()
        torch.nn.functional.cross_entropy(logits.reshape(-1, SYMBOLS), windows[:, 1:].reshape(-1)).backward()
        optimizer.step()

    return step


def sgemm(batch: int, length: int, units: int) -> Callable[[], float]:
    """GFLOP/s of square matrices, the faster of NumPy's and TensorFlow's."""
    import numpy as np
    import tensorflow as tf

    size = 2048 if units >= 256 else 128
    a = np.random.default_rng(0).random((size, size), np.float32)
    b = tf.constant(a)

    def rate_of(multiply: Callable[[], object]) -> float:
        best = float("inf")
        for _ in range(5):
            start = time.perf_counter()
            multiply()
            best = min(best, time.perf_counter() - start)
        return 2 * size**3 / best / 1e9

    return lambda: max(rate_of(lambda: a @ a), rate_of(lambda: tf.matmul(b, b).numpy()))


if __name__ == "__main__":
    main()
