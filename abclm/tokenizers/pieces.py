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

    def transposed(self, semitones: int) -> npt.NDArray[np.int64]:
        """The id of each token, moved by some semitones, int64 `(tokens,)`.

        What has no token there is replaced by its nearest relative; what can't be moved stays.

        Raises:
            VocabularyError: a token of this kind has no pitch of its own.
        """
        raise VocabularyError(f"tokens of {self.kind} can't be transposed; leave transposition out")


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


def words_for(tokenizer: Tokenizer[Any]) -> tuple[str, str]:
    """What messages call a text of these tokens and what it consists of.

    Returns:
        `tune` and `character`; of MIDI pieces `piece` and `token`, or `frame`.
    """
    if not isinstance(tokenizer, PieceTokenizer):
        return "tune", "character"
    return "piece", "frame" if tokenizer.kind == "rolls" else "token"


def checked_ids(ids: Any, tokens: int) -> npt.NDArray[np.int64]:
    """Token ids as integers of 64 bits.

    Raises:
        VocabularyError: one is not below the number of tokens.
    """
    found = np.asarray(ids, np.int64)
    if found.size and not (found.min() >= 0 and found.max() < tokens):
        raise VocabularyError(f"token ids are integers from 0 to {tokens - 1:,}; received others")
    return found


def moved_pitch(pitch: int, semitones: int) -> int:
    """A MIDI number moved by some semitones; what would leave the range from 0 to 127 goes an octave back."""
    moved = pitch + semitones
    return moved - 12 if moved > 127 else moved + 12 if moved < 0 else moved
