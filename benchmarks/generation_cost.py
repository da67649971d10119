"""Show what the cost of writing tunes grows with, and which part of a step of the model is its product.

    python benchmarks/generation_cost.py [--model session] [--batches 1 16 128] [--bars 8 16 32] [--units 256 512 1024]

Three tables: by tunes at a time; by bars of a tune, 16 tunes at a time; and by units of an untrained network, 16 tunes at
a time. A step reads one character of each tune; the product is that of the hidden values with the weights. All is
written by one process. Times are wall times and depend on the machine; run it when nothing else runs. To compare with
another version, run this file with its folder in `PYTHONPATH`, in turn."""

import argparse
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from abclm import LanguageModel, ModelConfig, load
from abclm.generation.abc.tunes import generate
from abclm.generation.options import GenerationOptions
from abclm.models.recurrent.products import integer_product

_BATCH, _MOST_TUNES, _LENGTH = 16, 255, 600


class Clock:
    """Counts the products and their time from when it is made; one at a time."""

    calls, seconds = 0, 0.0

    def __init__(self) -> None:
        kind, clock = integer_product(), self
        bound: Callable[..., Callable[[], object]] = getattr(kind, "untimed", kind.bound)

        def timed(product: Any, hidden: Any, sums: Any) -> Callable[[], None]:
            multiply = bound(product, hidden, sums)

            def count() -> None:
                begun = time.perf_counter()
                multiply()
                clock.seconds += time.perf_counter() - begun
                clock.calls += 1

            return count

        kind.untimed = bound  # type: ignore[attr-defined]
        kind.bound = timed  # type: ignore[method-assign]


def measure(lm: LanguageModel, **options: Any) -> dict[str, float]:
    """Write tunes, and say what they cost."""
    list(
        generate(lm, GenerationOptions(seed=1, n=1, max_length=_LENGTH))
    )  # the engine, and the first of the grammar
    clock, begun = Clock(), time.perf_counter()
    tunes = list(generate(lm, GenerationOptions(seed=2, attempts=1, **options)))
    seconds = time.perf_counter() - begun
    steps, characters = clock.calls / lm.config.layers, sum(each.characters for each in tunes)  # type: ignore[attr-defined]
    return {
        "tunes": len(tunes),
        "characters": characters,
        "characters_per_second": characters / seconds,
        "milliseconds_per_tune": 1000 * seconds / len(tunes),
        "milliseconds_per_step": 1000 * seconds / steps,
        "product_milliseconds": 1000 * clock.seconds / steps,
        "product_share": clock.seconds / seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 16, 128])
    parser.add_argument("--bars", type=int, nargs="*", default=[8, 16, 32])
    parser.add_argument("--units", type=int, nargs="*", default=[256, 512, 1024])
    parser.add_argument("--rounds", type=int, default=2, help="tunes for each place of a batch")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # an untrained network's tunes are no good ones
    lm, rows = load(given.model), []

    def add(name: str, value: int, lm: LanguageModel, batch: int, **options: Any) -> None:
        tunes = min(max(8, batch) * given.rounds, _MOST_TUNES)
        row = {name: value, **measure(lm, n=tunes, batch_size=batch, **options)}
        rows.append(row)
        if not given.json:
            print("  ".join(f"{key} {each:,.4g}" for key, each in row.items()), flush=True)

    for batch in given.batches:
        add("batch", batch, lm, batch)
    for bars in given.bars:
        add("bars", bars, lm, _BATCH, bars=bars)
    for units in given.units:
        network = LanguageModel.create(ModelConfig(units=units, structure=True), seed=1)
        add("units", units, network, _BATCH, max_length=_LENGTH)
    if given.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
