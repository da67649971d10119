"""Turn token ids that are drawn into one piece: what is written, what may come next, what is taken back.

A draft may take back what it has: it remembers a place by a `Snapshot`, and gives that to the decoder, which goes back
there and draws again. Rules for that stand in subclasses, such as `abclm.generation.abc.draft.TuneDraft`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from abclm.generation.constraint import Constraint, Mask
    from abclm.models.architecture import State
    from abclm.models.context import Context
    from abclm.models.recall import Cache

    Logits = npt.NDArray[np.float32]


class Snapshot(NamedTuple):
    """What it takes to draw again from some place of a piece: how it all stood there."""

    length: int  # ids that were written
    constraint: Constraint
    cache: Cache | None
    context: Context | None
    state: State
    scores: Logits  # of what comes next, as the sampler takes them


class Here(Protocol):
    """The place of a piece at which an id was drawn, as the decoder shows it to the piece's draft."""

    @property
    def scores(self) -> Logits:
        """What the id was drawn by, as the sampler takes it; to be read at once, as it is written over."""

    @property
    def logits(self) -> Logits:
        """What the model gave to each id, allowed or not, `(tokens,)`; to be read at once."""

    def state(self) -> State:
        """Return a copy of the state that gave these logits, of batch 1."""

    def number(self) -> float:
        """Draw a random number of the piece, from 0 up to but not 1."""


class Draft:
    """One piece as it is written.

    Args:
        constraint: says which ids may come next.
        random: where the random numbers come from that the piece is drawn by.
        max_length: how many ids it has at most.
        cache: recalls what the piece had before; none by default. Where it has not begun, it begins with the body.
        context: of a model with `structure`, at the beginning of the piece; none by default.

    Attributes:
        ids: what is written.
        ended: whether it is complete, or as long as it may be.
    """

    __slots__ = ("cache", "constraint", "context", "ended", "ids", "max_length", "random")

    def __init__(
        self,
        constraint: Constraint,
        random: np.random.Generator,
        max_length: int,
        cache: Cache | None = None,
        context: Context | None = None,
    ) -> None:
        self.constraint = constraint
        self.random = random
        self.max_length = max_length
        self.cache = cache
        self.context = context
        self.ids: list[int] = []
        self.ended = False

    @property
    def settled(self) -> int:
        """How many of the ids will not be taken back."""
        return len(self.ids)

    def drawable(self) -> Mask:
        """Return which ids may be drawn next: those allowed, or more where they can be taken back."""
        return self.constraint.allowed()

    def take(self, token_id: int, here: Here) -> Snapshot | None:
        """Write an id that was drawn, or go back.

        Args:
            token_id: one of those that `drawable` gave last.
            here: the place that it was drawn at; not to be kept.

        Returns:
            None where the id is written; else the place that the draft went back to, to draw again from there.
        """
        self.add(token_id)
        return None

    def add(self, token_id: int) -> None:
        """Write an id, which is allowed."""
        self.ids.append(token_id)
        if (cache := self.cache) is not None:
            if cache.begin is None and self.constraint.in_body:
                cache.begin = len(self.ids) - 1
            cache.add(token_id)
        if self.context is not None:
            self.context.add(token_id)
        self.constraint.advance(token_id)
        self.ended = self.constraint.ended or len(self.ids) == self.max_length

    def snapshot(self, here: Here) -> Snapshot:
        """Remember a place, as it is before the id is written that was drawn there."""
        cache = None if self.cache is None else self.cache.copy()
        context = None if self.context is None else self.context.copy()
        return Snapshot(
            len(self.ids), self.constraint.copy(), cache, context, here.state(), here.scores.copy()
        )

    def rewind(self, start: Snapshot) -> Snapshot:
        """Take back what was written after a place; returns the place."""
        del self.ids[start.length :]
        self.constraint = start.constraint.copy()
        self.cache = None if start.cache is None else start.cache.copy()
        self.context = None if start.context is None else start.context.copy()
        self.ended = False
        return start
