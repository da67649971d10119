"""Say how many tunes or pieces to write and how to sample them: what the options of both have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from abclm.system.options import option


@dataclass(frozen=True, kw_only=True)
class SamplingOptions:
    """The options that are the same for every kind of model; each subclass checks its own with them."""

    n: int = option(1, low=1, high=1_000_000, spelling="-n", group="Number and seed", help="Number of tunes.")
    seed: int | None = option(
        None, low=0, unset="random, printed to stderr",
        help="Random seed: the same seed, options and model give the same tunes.",
    )  # fmt: skip
    temperature: float = option(
        0.85,
        low=0,
        high=100,
        group="Sampling",
        help="Sampling temperature: 0 is greedy, 1 is the model's own distribution.",
    )
    top_k: int | None = option(None, low=1, help="Draw only from this many symbols, the most probable ones.")
    top_p: float | None = option(
        None, above=0, high=1, help="Draw only from the most probable symbols that together reach this probability."
    )  # fmt: skip
    min_p: float | None = option(
        None, low=0, high=1, help="Draw only from symbols whose probability is at least this share of the highest one."
    )  # fmt: skip
    typical_p: float | None = option(
        None, above=0, high=1,
        help="Draw only from the symbols whose information is nearest to the expected one, as few as together reach "
        "this probability.",
    )  # fmt: skip
    batch_size: int = option(
        128, low=1, high=1024, group="Limits",
        help="Number of tunes written at the same time. Changes speed and memory, not the tunes.",
    )  # fmt: skip

    def with_seed(self) -> Self:
        """Return the same options with a seed, drawn from the system's entropy where there is none."""
        return self if self.seed is not None else replace(self, seed=int.from_bytes(os.urandom(4), "big"))

    def greedy_conflicts(self, what: str) -> Iterator[str]:
        """Say where more are asked for of what temperature 0 writes one of."""
        if self.temperature == 0 and self.n > 1:
            yield f"temperature 0 writes one {what} only, received n={self.n}; use n=1 or another temperature"
