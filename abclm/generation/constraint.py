"""Say what a decoder has to know of the pieces that it writes: a `Constraint` says which token ids may come next.

The decoder deals in ids alone. What they stand for, and which of them make a piece that is wanted, a constraint knows:
for tunes in ABC, those of `abclm.generation.abc.symbol_filter`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import Self

Mask = bytes
"""Which ids may come next: a byte each, 1 where it may, else 0. A step joins those of all pieces."""


class Constraint(ABC):
    """Follows one piece as it is written.

    Attributes:
        ended: whether the piece is complete.
    """

    __slots__ = ()

    ended: bool

    @property
    def in_body(self) -> bool:
        """Whether the header is complete, where a piece has one: the cache looks at what comes after it alone."""
        return True

    @abstractmethod
    def allowed(self) -> Mask:
        """Return which ids may come next: at least one of them."""

    @abstractmethod
    def advance(self, token_id: int) -> None:
        """Take note of an id that was written, which is one of those allowed."""

    def copy(self) -> Self:
        """Return a constraint that goes on from here by itself. One that holds what changes in place copies that too."""
        return copy(self)
