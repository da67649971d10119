"""Say which pieces to write and how to sample them, checked as a whole before anything is sampled."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from abclm.errors import ConfigError
from abclm.system.options import documented, option, problems


@documented
@dataclass(frozen=True, kw_only=True)
class PieceWriting:
    """What a model of MIDI pieces writes and how it is sampled.

    Raises:
        ConfigError: naming every option that is out of range, with what was received.
    """

    events: int = option(
        250, low=1, high=100_000,
        help="Length of a piece in tokens: of notes, the moments at which some begin. For models of MIDI pieces.",
    )  # fmt: skip
    opening_tokens: int = option(
        100,
        low=1,
        high=100_000,
        help="Tokens that are read of the piece that --like names, from its beginning.",
    )
    n: int = option(1, low=1, high=1_000_000, spelling="-n", help="Number of pieces.")
    seed: int | None = option(None, low=0, unset="random, printed to stderr", help="Random seed.")
    temperature: float = option(
        1.0, low=0, high=100, help="Sampling temperature: 0 is greedy, 1 is the model's own distribution."
    )
    top_k: int | None = option(None, low=1, help="Draw only from this many tokens, the most probable ones.")
    top_p: float | None = option(
        None, above=0, high=1, help="Draw only from the most probable tokens that together reach this probability."
    )  # fmt: skip
    min_p: float | None = option(
        None, low=0, high=1, help="Draw only from tokens whose probability is at least this share of the highest one."
    )  # fmt: skip
    typical_p: float | None = option(
        None, above=0, high=1, help="Draw only from the tokens whose information is nearest to the expected one."
    )  # fmt: skip
    batch_size: int = option(16, low=1, high=1024, help="Number of pieces written at the same time.")

    def __post_init__(self) -> None:
        wrong = list(problems(self))
        if not wrong and self.temperature == 0 and self.n > 1:
            wrong.append(
                f"temperature 0 writes one piece only, received n={self.n}; use n=1 or another temperature"
            )
        if wrong:
            raise ConfigError("; ".join(wrong))

    def with_seed(self) -> PieceWriting:
        """Return the same options with a seed, drawn from the system's entropy where there is none."""
        return self if self.seed is not None else replace(self, seed=int.from_bytes(os.urandom(4), "big"))
