"""Turn a model's logits into pieces of token ids, many at a time: one matrix product steps all of them.

The decoder knows nothing of what the ids stand for. It is given an engine, the id that stands before every piece, a
sampler, and a draft for each piece, which says what may come next and what of the piece is drawn again.

A piece is the same in a batch of any size, as engine and sampler give it the bits that it has alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from abclm.generation.draft import Draft, Snapshot
from abclm.generation.random_numbers import Numbers
from abclm.models.context import COPY_SLICE, rows_of
from abclm.models.copies import mixture
from abclm.models.recall import mix

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.constraint import Mask
    from abclm.generation.sampling import Sampler
    from abclm.models.architecture import Engine, State

    Floats = npt.NDArray[np.float32]
    Ids = npt.NDArray[np.integer]
    Rows = npt.NDArray[np.uint8]  # of the context

Piece = TypeVar("Piece", bound=Draft)


class Decoder(Generic[Piece]):
    """Writes pieces together, a column of the state each.

    Args:
        engine: of the model.
        start: the id that the model reads before the first of a piece.
        sampler: draws ids.
        drafts: of the pieces to begin with, one or more.

    Attributes:
        drafts: of the pieces that are being written.
    """

    def __init__(self, engine: Engine, start: int, sampler: Sampler, drafts: list[Piece]) -> None:
        self._engine = engine
        self._start = start
        self._sampler = sampler
        self.drafts = drafts
        self._state = engine.start(len(drafts))
        self._last = [start] * len(drafts)
        self._scores: Floats = np.empty((0, 0), np.float32)
        # What may come next is looked up while a piece's objects are in the processor's cache, as the product of the
        # next step drives them out.
        self._drawable = [draft.drawable() for draft in drafts]
        self._numbers = Numbers([draft.random for draft in drafts])
        self._recalled = np.zeros(len(drafts), np.int64)
        self._has_cache = False  # whether anything may be recalled
        self._weights = np.zeros(len(drafts))  # of what is recalled
        self._rows = [draft.context.row for draft in drafts if draft.context]  # for a model with structure
        self._places = [_Place(self, place) for place in range(len(drafts))]

    def run(self, next_draft: Callable[[], Piece | None]) -> Iterator[list[Piece]]:
        """Write until all pieces are finished.

        Args:
            next_draft: gives what to write in the place of a piece that is finished, or None. It is asked after
                the finished ones have been yielded.

        Yields:
            After each step, the drafts that finished with it; often none.
        """
        while self.drafts:
            rows = rows_of(self._rows) if self._rows else None
            self._scores = _step(self._engine, self._state, self._last, rows)
            if self._has_cache:
                mix(self._scores, self._recalled, self._weights)
            self._last = self._sampler.draw(
                self._scores, self._numbers.each(), _joined(self._drawable), _copies(rows)
            ).tolist()
            ended = []
            for place, (draft, token_id) in enumerate(zip(self.drafts, self._last, strict=True)):
                start = draft.take(token_id, self._places[place])
                if start is not None:
                    self._draw_again(place, start)
                if draft.ended:
                    ended.append(place)
                else:
                    self._look_ahead(place)
            yield [self.drafts[place] for place in ended]
            if ended:
                self._go_on(ended, next_draft)

    def _look_ahead(self, place: int) -> None:
        """Look up what may come next of one piece, and what is recalled."""
        draft = self.drafts[place]
        self._drawable[place] = draft.drawable()
        if (cache := draft.cache) is not None:
            self._weights[place], self._has_cache = cache.weight, True
            if cache.recalled is not None:
                self._recalled[place] = cache.recalled
        if draft.context is not None:
            self._rows[place] = draft.context.row

    def _draw_again(self, place: int, start: Snapshot | None) -> None:
        """Go back and draw another id, until the draft takes one."""
        draft = self.drafts[place]
        while start is not None:
            self._state.put(place, start.state)
            self._scores[place] = start.scores
            self._look_ahead(place)
            number, only = np.array([self._numbers.one(place)]), slice(place, place + 1)
            ids = self._sampler.draw(
                self._scores[only], number, _joined(self._drawable[only]), _copies_of(self._rows[only])
            )
            self._last[place] = int(ids[0])
            start = draft.take(self._last[place], self._places[place])

    def _go_on(self, ended: list[int], next_draft: Callable[[], Piece | None]) -> None:
        """Begin other pieces in the place of those that are finished, or close the gaps."""
        gaps = set()
        for place in ended:
            other = next_draft()
            if other is None:
                gaps.add(place)
                continue
            self.drafts[place] = other
            self._state.put(place, self._engine.start())
            self._last[place] = self._start
            self._weights[place] = 0
            self._look_ahead(place)
            self._numbers.replace(place, other.random)
        if gaps:
            kept = [place for place in range(len(self.drafts)) if place not in gaps]
            self.drafts = [self.drafts[place] for place in kept]
            self._last = [self._last[place] for place in kept]
            self._state = self._state.only(kept)
            self._weights, self._recalled = self._weights[kept], self._recalled[kept]
            self._rows = [self._rows[place] for place in kept] if self._rows else []
            self._drawable = [self._drawable[place] for place in kept]
            self._numbers.keep(kept)


class _Place:
    """Where a piece stands in the batch, as its draft may see it; see `Here`."""

    __slots__ = ("_decoder", "_place")

    def __init__(self, decoder: Decoder[Piece], place: int) -> None:
        self._decoder = decoder
        self._place = place

    @property
    def scores(self) -> Floats:
        row: Floats = self._decoder._scores[self._place]
        return row

    @property
    def logits(self) -> Floats:
        decoder, only = self._decoder, slice(self._place, self._place + 1)
        return _logits(decoder._scores[only], _copies_of(decoder._rows[only]))

    def state(self) -> State:
        column: State = self._decoder._state.column(self._place)
        return column

    def number(self) -> float:
        return self._decoder._numbers.one(self._place)


def _step(engine: Engine, state: State, ids: list[int], rows: Rows | None) -> Floats:
    return engine.step(state, ids) if rows is None else engine.step(state, ids, rows)


def _joined(masks: list[Mask]) -> npt.NDArray[np.bool_]:
    return np.frombuffer(b"".join(masks), np.bool_).reshape(len(masks), -1)


def _copies(rows: Rows | None) -> Ids | None:
    return None if rows is None else rows[:, COPY_SLICE]


def _copies_of(rows: list[bytes]) -> Ids | None:
    return _copies(rows_of(rows)) if rows else None


def _logits(scores: Floats, copies: Ids | None) -> Floats:
    """What a model gives to each id, `(tokens,)`: with copies, the logarithms of the mixture's probabilities."""
    found: Floats = scores[0] if copies is None else mixture(scores, copies)[0].astype(np.float32)
    return found
