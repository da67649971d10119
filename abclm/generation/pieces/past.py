"""Turn an engine into one that also goes by what a piece has had so far: notes and chords of its own come back.

In language modelling this is a cache (Kuhn and De Mori 1990): what the model says is mixed with counts of the piece's
own past, here of pairs, smoothed as Witten and Bell do. A model that has seen little of a style keeps so to the keys and
chords of the piece that it goes on from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from abclm.models.architecture import Engine, Floats, State

Doubles = npt.NDArray[np.float64]


class Past:
    """Counts of one piece's tokens, and of those that followed each.

    Args:
        tokens: how many there are.
        between: the token between pieces, which is not counted.
    """

    __slots__ = ("_after", "_between", "_last", "counts")

    def __init__(self, tokens: int, between: int) -> None:
        self.counts: Doubles = np.zeros(tokens)
        self._after: dict[int, Doubles] = {}
        self._last, self._between = between, between

    def copy(self) -> Past:
        """Return one that goes on from here by itself."""
        other = Past(len(self.counts), self._between)
        other.counts, other._last = self.counts.copy(), self._last
        other._after = {token: counts.copy() for token, counts in self._after.items()}
        return other

    def add(self, token: int) -> None:
        """Take note of the next token."""
        if token != self._between:
            self.counts[token] += 1
            if self._last != self._between:
                self._after.setdefault(self._last, np.zeros(len(self.counts)))[token] += 1
        self._last = token

    def shares(self) -> Doubles | None:
        """How likely each token is by the counts, `(tokens,)`; None before the first."""
        total = self.counts.sum()
        if not total:
            return None
        alone: Doubles = self.counts / total
        after = self._after.get(self._last)
        if after is None:
            return alone
        kinds = np.count_nonzero(after)
        pairs: Doubles = (after + kinds * alone) / (after.sum() + kinds)
        return pairs


class PastState:
    """An engine's state and the past of each text.

    Args:
        state: of the engine.
        pasts: one for each text.
    """

    def __init__(self, state: State, pasts: list[Past]) -> None:
        self.state, self.pasts = state, pasts

    @property
    def batch(self) -> int:
        """How many texts are written at once."""
        return len(self.pasts)

    def column(self, place: int) -> PastState:
        """Return a copy of one text's state."""
        return PastState(self.state.column(place), [self.pasts[place].copy()])

    def put(self, place: int, column: PastState) -> None:
        """Give one text another state."""
        self.state.put(place, column.state)
        self.pasts[place] = column.pasts[0].copy()

    def only(self, places: list[int]) -> PastState:
        """Return a copy of some texts' states."""
        return PastState(self.state.only(places), [self.pasts[place].copy() for place in places])


class PastEngine:
    """An engine whose probabilities are mixed with those of each text's own past.

    Args:
        engine: what it goes by beside.
        tokens: how many there are.
        between: the token between pieces.
        weight: of the past, above 0 and below 1.
    """

    def __init__(self, engine: Engine, tokens: int, between: int, weight: float) -> None:
        self._engine, self._tokens, self._between, self._weight = engine, tokens, between, weight

    def start(self, batch: int = 1) -> PastState:
        """Return the state that every text begins from."""
        pasts = [Past(self._tokens, self._between) for _ in range(batch)]
        return PastState(self._engine.start(batch), pasts)

    def step(
        self, state: PastState, ids: Sequence[int] | npt.NDArray[np.integer[Any]], places: Any = ()
    ) -> Floats:
        """Read one token a text, changing the state: logits of the next, float32 `(batch, tokens)`."""
        logits = self._engine.step(state.state, ids)
        for row, past, token in zip(logits, state.pasts, ids, strict=True):
            past.add(int(token))
            if (shares := past.shares()) is not None:
                row[:] = mixed(row, shares, self._weight)
        return logits

    def logits(self, ids: npt.NDArray[np.integer[Any]]) -> Floats:
        """Logits after each token of one text, float32 `(len(ids), tokens)`."""
        logits = self._engine.logits(ids)
        mix_past(logits, ids, self._between, self._weight)
        return logits


def mix_past(
    logits: npt.NDArray[Any], ids: npt.NDArray[np.integer[Any]], between: int, weight: float
) -> None:
    """Mix what a model says after each token of one text with the counts of the text so far.

    Args:
        logits: after each token, `(len(ids), tokens)`, changed to logarithms of the mixtures.
        ids: of the text.
        between: the token between pieces.
        weight: of the past, from 0 to below 1.
    """
    past = Past(logits.shape[1], between)
    for row, token in zip(logits, ids, strict=True):
        past.add(int(token))
        if (shares := past.shares()) is not None:
            row[:] = mixed(row, shares, weight)


def mixed(logits: npt.NDArray[Any], shares: Doubles, weight: float) -> Doubles:
    """Logarithms of the mixture of a softmax and of shares, `(tokens,)`.

    Args:
        logits: of the model.
        shares: of the past, which add up to 1.
        weight: of the past.
    """
    scores = logits.astype(np.float64) - logits.max()
    scores -= np.log(np.exp(scores).sum())
    found: Doubles = np.log((1 - weight) * np.exp(scores) + weight * shares + 1e-30)
    return found
