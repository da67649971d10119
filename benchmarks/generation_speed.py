"""Compare the speed of writing tunes in abclm, in the paper's loop, and in PyTorch.

    python benchmarks/generation_speed.py [--model session] [--tunes 500] [--rounds 5] [--torch PYTHON] [--json]

All programs have the same weights. Each tune is drawn once; by default, abclm keeps the best of four draws. Each program
runs in a separate process, and they take turns:

- `keras`: the paper's loop, a stateful Keras model called eagerly for every character;
- `torch`, `torch 128`: `nn.LSTM` under `inference_mode`, one tune and 128 at a time, drawing with `multinomial`;
- `matvec`: only the matrix-vector products of a character, in NumPy: the bound for writing one tune;
- `one`, `one once`, `one free`: abclm, one tune at a time (each with one attempt, checked and parsed): with the
  defaults, with the last bar drawn only once, and without the grammar;
- `128`, `128 once`, `128 free`: the same for `--tunes` tunes, 128 at a time, until the last tune is complete.

`--base` names a folder with another version of abclm (`git worktree add FOLDER COMMIT`): its `base one` and `base 128`
write with its own model of the same name, or with `--base-model`, in the same rounds. Beside the rate, the peak memory of
each process is printed.

PyTorch is not a dependency: `pip install torch==2.13.0`, or name an interpreter that has it with `--torch`. Without
it, PyTorch is left out. Rates are medians over the rounds. They depend on the machine; quote only ratios within one
run."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
CHARACTERS = {
    "keras": 120,
    "torch": 1500,
    "torch 128": 60 * 128,
    "matvec": 6000,
}
OURS = ("one", "one once", "one free", "128", "128 once", "128 free")
BASE = ("base one", "base 128")


def weights_of(model: str) -> dict[str, np.ndarray]:
    """Those that a network without structure has."""
    import abclm

    weights = abclm.load(model).weights
    return {name: each for name, each in weights.items() if not name.startswith(("context", "gate"))}


# Each contender: prepared once, then a function that writes and gives the number of characters.


def keras_loop(path: str, tunes: int) -> Callable[[], int]:
    import keras
    import tensorflow as tf

    weights = dict(np.load(path))
    tokenizer, dimension = weights["embedding/embeddings"].shape
    units = len(weights["lstm/recurrent_kernel"])
    model = keras.Sequential(
        [
            keras.Input((None,), batch_size=1),
            keras.layers.Embedding(tokenizer, dimension),
            keras.layers.LSTM(units, return_sequences=True, stateful=True),
            keras.layers.Dense(tokenizer),
        ]
    )
    model.set_weights(list(weights.values()))

    def write() -> int:
        symbol = tf.constant([[0]])
        for _ in range(CHARACTERS["keras"]):
            logits = model(symbol)[:, -1]
            symbol = tf.random.categorical(logits, 1)
            int(symbol[0, 0])
        return CHARACTERS["keras"]

    return write


def torch_loop(path: str, tunes: int, batch: int = 1) -> Callable[[], int]:
    import torch

    weights = dict(np.load(path))
    tokenizer, dimension = weights["embedding/embeddings"].shape
    units = len(weights["lstm/recurrent_kernel"])
    embedding, lstm = (
        torch.nn.Embedding(tokenizer, dimension),
        torch.nn.LSTM(dimension, units, batch_first=True),
    )
    dense = torch.nn.Linear(units, tokenizer)
    given = {name: torch.from_numpy(each) for name, each in weights.items()}
    with torch.no_grad():
        embedding.weight.copy_(given["embedding/embeddings"])
        lstm.weight_ih_l0.copy_(given["lstm/kernel"].T)  # the same order of gates: i, f, c, o
        lstm.weight_hh_l0.copy_(given["lstm/recurrent_kernel"].T)
        lstm.bias_ih_l0.copy_(given["lstm/bias"])
        lstm.bias_hh_l0.zero_()
        dense.weight.copy_(given["dense/kernel"].T)
        dense.bias.copy_(given["dense/bias"])
    characters = CHARACTERS["torch" if batch == 1 else "torch 128"]

    def write() -> int:
        with torch.inference_mode():
            symbols, state = torch.zeros((batch, 1), dtype=torch.long), None
            for _ in range(characters // batch):
                outputs, state = lstm(embedding(symbols), state)
                symbols = torch.multinomial(torch.softmax(dense(outputs[:, -1]), dim=-1), 1)
                symbols.tolist()
        return characters

    return write


def matvec_loop(path: str, tunes: int) -> Callable[[], int]:
    weights = np.load(path)
    matrices = [np.ascontiguousarray(weights[name].T) for name in ("lstm/recurrent_kernel", "dense/kernel")]
    state = np.ones((matrices[0].shape[1], 1), np.float32)

    def write() -> int:
        for _ in range(CHARACTERS["matvec"]):
            for matrix in matrices:
                matrix @ state
        return CHARACTERS["matvec"]

    return write


def our_loop(model: str, tunes: int, name: str, most: int) -> Callable[[], int]:
    import logging
    from dataclasses import replace

    import abclm
    from abclm.generation.options import GenerationOptions

    try:
        from abclm.generation.abc.tunes import generate
    except ImportError:  # as it was in 0.1.0
        from abclm.generation.tunes import generate

    draws = {"best_of": 1} if hasattr(GenerationOptions(), "best_of") else {}  # 0.1.0 draws once
    name = name.removeprefix("base ")
    logging.disable(logging.WARNING)  # without the grammar, that a tune has a problem
    lm = abclm.load(model)
    many = name.startswith("128")
    options = GenerationOptions(
        seed=1, n=10**6, batch_size=128 if many else 1, constrained="free" not in name, attempts=1,
        ending_draws=1 if "once" in name else GenerationOptions().ending_draws, **draws,
    )  # fmt: skip
    running = generate(lm, options)  # goes on from round to round

    def write() -> int:
        if many:  # tunes come in order, and so in bursts: a run as a whole, from its beginning to its end
            return sum(each.characters for each in generate(lm, replace(options, n=tunes)))
        characters = 0
        while characters < most:
            characters += next(running).characters
        return characters

    return write


def serve(name: str, model: str, path: str, tunes: int, most: int) -> None:
    """Write whenever a line comes in, and answer with the characters and the seconds."""
    makers: dict[str, Callable[[], Callable[[], int]]] = {
        "keras": lambda: keras_loop(path, tunes),
        "torch": lambda: torch_loop(path, tunes),
        "torch 128": lambda: torch_loop(path, tunes, 128),
        "matvec": lambda: matvec_loop(path, tunes),
    }
    write = makers[name]() if name in makers else our_loop(model, tunes, name, most)
    for _ in sys.stdin:
        begun = time.perf_counter()
        characters = write()
        print(characters, time.perf_counter() - begun, peak_memory(), flush=True)


def peak_memory() -> float:
    """The most memory that this process has had, in MB, and with it the largest process that it started."""
    import resource

    each = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(who).ru_maxrss for who in each) / 1024


def measure(given: argparse.Namespace, weights: Path) -> tuple[dict[str, list[float]], dict[str, float]]:
    """The rate of each contender in each round, characters/s, and its peak memory in MB."""
    names = [*OURS, *(BASE if given.base else ()), *(() if given.only_ours else ("keras", "matvec"))]
    if (
        not given.only_ours
        and subprocess.run([given.torch, "-c", "import torch"], capture_output=True).returncode == 0
    ):
        names[1:1] = ["torch", "torch 128"]
    processes = {
        name: subprocess.Popen(
            [
                given.torch if name.startswith("torch") else sys.executable, __file__, "--serve", name,
                "--model", given.base_model if name in BASE else given.model, "--weights", str(weights),
                "--tunes", str(given.tunes),
                "--characters", str(given.characters),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "PYTHONPATH": given.base if name in BASE else str(ROOT)},
        )
        for name in names
    }  # fmt: skip
    rates: dict[str, list[float]] = {name: [] for name in names}
    peaks = dict.fromkeys(names, 0.0)
    for number in range(given.rounds + 1):
        for name, process in processes.items():
            assert process.stdin
            assert process.stdout
            process.stdin.write("\n")
            process.stdin.flush()
            characters, seconds, peaks[name] = map(float, process.stdout.readline().split())
            if number:  # the first round warms up
                rates[name].append(characters / seconds)
            print(f"round {number}: {name} {characters / seconds:,.0f}/s", file=sys.stderr)
    for process in processes.values():
        process.kill()
        process.communicate()
    return rates, peaks


def ratios(rates: dict[str, list[float]]) -> dict[str, float]:
    pairs = [
        ("one", "keras"), ("one", "torch"), ("one", "one once"), ("one once", "one free"), ("one free", "matvec"),
        ("128", "keras"), ("128", "torch 128"), ("128", "128 once"), ("128 once", "128 free"),
        ("one", "base one"), ("128", "base 128"),
    ]  # fmt: skip
    return {
        f"{ours} / {peer}": statistics.median(np.divide(rates[ours], rates[peer]).tolist())
        for ours, peer in pairs
        if peer in rates and rates[ours] and rates[peer]
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("--tunes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--characters", type=int, default=9000, help="that a round of one tune at a time writes at least"
    )
    parser.add_argument("--torch", default=sys.executable, help="an interpreter that has PyTorch")
    parser.add_argument("--base", default="", help="a folder with another version of abclm")
    parser.add_argument("--base-model", default="session")
    parser.add_argument("--only-ours", action="store_true", help="leave out the paper's loop and PyTorch")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--weights", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.model, given.weights, given.tunes, given.characters)
        return

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        np.savez(path, **weights_of(given.model))
        rates, peaks = measure(given, path)
    medians = {name: statistics.median(each) for name, each in rates.items()}
    figures: dict[str, Any] = {"characters_per_second": medians, "ratios": ratios(rates), "peak_mb": peaks}
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    for name, rate in medians.items():
        print(f"{name:<10}{rate:>10,.0f} characters/s{peaks[name]:>10,.0f} MB")
    for name, ratio in figures["ratios"].items():
        print(f"{name:<20}{ratio:>8.2f}")


if __name__ == "__main__":
    main()
