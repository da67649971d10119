"""Say which pieces to write and how to sample them, checked as a whole before anything is sampled."""

from __future__ import annotations

from dataclasses import dataclass

from abclm.errors import ConfigError
from abclm.generation.sampling_options import SamplingOptions
from abclm.system.options import documented, option, problems


@documented
@dataclass(frozen=True, kw_only=True)
class PieceWriting(SamplingOptions):
    """What a model of MIDI pieces writes and how it is sampled; a tune is a piece here, and a symbol a token.

    Raises:
        ConfigError: naming every option that is out of range, with what was received.
    """

    batch_size: int = option(
        16, low=1, high=1024, group="Limits", help="Number of pieces written at the same time."
    )
    events: int = option(
        250, low=1, high=100_000, group="Options",
        help="Length of a piece in tokens: of notes, the moments at which some begin. For models of MIDI pieces.",
    )  # fmt: skip
    opening_tokens: int = option(
        100,
        low=1,
        high=100_000,
        help="Tokens that are read of the piece that --like names, from its beginning.",
    )
    past: float | None = option(
        None,
        low=0,
        below=1,
        unset="0, or 0.5 where a model of notes goes on from a piece",
        example=0.5,
        help="How far a piece goes by its own notes and chords so far, those that it goes on from included. For models "
        "of MIDI pieces.",
    )

    def __post_init__(self) -> None:
        if wrong := list(problems(self)) or list(self.greedy_conflicts("piece")):
            raise ConfigError("; ".join(wrong))
