"""Hold a piece that a model has written, and how it came about."""

from dataclasses import dataclass

from abclm.piece import Piece


@dataclass(frozen=True)
class WrittenPiece:
    """A piece and how it came about.

    Attributes:
        piece: as the model wrote it, without the opening that it went on from.
        number: which of the pieces asked for, from 1.
        seed: with the same options and model, it gives this piece again.
        ids: the tokens.
    """

    piece: Piece
    number: int
    seed: int
    ids: tuple[int, ...]
