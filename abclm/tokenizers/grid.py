"""Put the notes of a piece on a grid of steps: what the tokenizers of events and of frames have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from abclm.errors import VocabularyError
from abclm.tokenizers.pieces import PieceTokenizer

Content = TypeVar("Content")


@dataclass(frozen=True)
class GridTokenizer(PieceTokenizer[Content]):
    """Tokens on a grid, of which the first stands between pieces.

    Args:
        steps_per_quarter: how fine the grid is; 12 holds sixteenths and triplets of eighths.
    """

    steps_per_quarter: int = 12

    def __post_init__(self) -> None:
        if type(self.steps_per_quarter) is not int or not 1 <= self.steps_per_quarter <= 96:
            raise VocabularyError(
                f"steps_per_quarter is an integer from 1 to 96; received {self.steps_per_quarter!r}"
            )

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make a tokenizer of what `settings` gave; VocabularyError where it is something else."""
        known = cls().settings()
        if set(settings) != set(known):
            raise VocabularyError(
                f"a vocabulary of {cls.kind} has {' and '.join(known)}; received something else"
            )
        return cls(**settings)

    def settings(self) -> dict[str, Any]:
        """Return how fine the grid is."""
        return {"steps_per_quarter": self.steps_per_quarter}

    @property
    def start(self) -> int:
        """The id that stands between pieces."""
        return 0

    @property
    def end(self) -> tuple[int, ...]:
        """The same."""
        return (self.start,)

    @abstractmethod
    def encode(self, content: Content) -> npt.NDArray[Any]:
        """Turn content into token ids; see `Tokenizer.encode`."""

    def encode_piece(self, content: Content) -> npt.NDArray[Any]:
        """Turn a piece's content into the id between pieces, its tokens, and that id."""
        return np.concatenate([[self.start], self.encode(content), self.end]).astype(self.dtype)


def on_grid(ticks: int, ticks_per_quarter: int, steps_per_quarter: int) -> int:
    """The nearest step of a grid; halfway between two, the later one."""
    return (2 * ticks * steps_per_quarter + ticks_per_quarter) // (2 * ticks_per_quarter)
