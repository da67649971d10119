"""Say what a tokenizer of MIDI pieces has to give beside ids: content read from a piece, and a piece made of content."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from abclm.errors import ModelError, VocabularyError
from abclm.midi.piece import Piece
from abclm.tokenizers.tokenizer import Tokenizer

Content = TypeVar("Content")


class PieceTokenizer(Tokenizer[Content]):
    """Reads pieces and writes them. Drums have no tokens."""

    @classmethod
    def fit(cls, pieces: Iterable[Piece], **settings: Any) -> Self:
        """Make the tokenizer of these pieces: its settings, and its vocabulary where that depends on them.

        Raises:
            VocabularyError: a setting is out of range, or they have too many different tokens.
        """
        return cls(**settings)

    @abstractmethod
    def read(self, piece: Piece) -> Content:
        """Take from a piece what this tokenizer keeps of it, all of which has tokens."""

    @abstractmethod
    def write(self, content: Content, title: str = "") -> Piece:
        """Make a piece of content; what content has not (lengths, say) is the same for all notes."""


def as_piece_tokenizer(tokenizer: Tokenizer[Any]) -> PieceTokenizer[Any]:
    """The tokenizer of a model of MIDI pieces.

    Raises:
        ModelError: the model is of something else.
    """
    if not isinstance(tokenizer, PieceTokenizer):
        raise ModelError(
            f"the model's tokens are {tokenizer.kind}, not those of MIDI pieces; use a model of notes, events or "
            "lowest, or give tunes"
        )
    return tokenizer


def checked_ids(ids: Any, tokens: int) -> npt.NDArray[np.int64]:
    """Token ids as integers of 64 bits.

    Raises:
        VocabularyError: one is not below the number of tokens.
    """
    found = np.asarray(ids, np.int64)
    if found.size and not (found.min() >= 0 and found.max() < tokens):
        raise VocabularyError(f"token ids are integers from 0 to {tokens - 1:,}; received others")
    return found


def checked_steps(steps_per_quarter: object) -> int:
    """A number of steps that a quarter note is cut into; VocabularyError where it is not from 1 to 96."""
    if type(steps_per_quarter) is not int or not 1 <= steps_per_quarter <= 96:
        raise VocabularyError(f"steps_per_quarter is an integer from 1 to 96; received {steps_per_quarter!r}")
    return steps_per_quarter


def on_grid(ticks: int, ticks_per_quarter: int, steps_per_quarter: int) -> int:
    """The nearest step of a grid; halfway between two, the later one."""
    return (2 * ticks * steps_per_quarter + ticks_per_quarter) // (2 * ticks_per_quarter)
