"""Turn draws of a tune's last bar into the one that is kept: one behind which the model itself would end the tune.

The model doesn't know which form its tune is to have, so the end that the grammar sets comes as a surprise to it. Bars b
of the distribution that is wanted, p(b | the end follows) ∝ p(b) · p(end | b), are drawn by rejection: b is drawn as any
bar is, and kept with the probability p(end | b) that the model gives to the bar line and the empty line behind it. Where
as many draws as are allowed have none that is kept, one of them is, drawn by these probabilities (importance resampling,
Rubin 1987). A tune that is to end on its tonic keeps only a bar that does, where one was drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from abclm.analysis.forms import ends_on_tonic
from abclm.tune import Tune

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.abc.symbol_filter import GrammarGuide, Guide
    from abclm.models.architecture import State
    from abclm.models.recall import Cache

    Logits = npt.NDArray[np.float32]

_CLOSING = frozenset("|:]\n")
_NEAR = 1e-4  # probabilities that are further apart keep their order whatever batch they were worked out in


class BarStart(NamedTuple):
    """What it takes to begin a bar again: how it all stood before its first symbol."""

    length: int  # of the text
    guide: GrammarGuide | Guide
    cache: Cache | None
    state: State
    logits: Logits


class Ending:
    """The last bar of one tune, as often as it is drawn.

    Args:
        most: how often it may be drawn, 2 or more.
        on_tonic: whether the tune is to end on its tonic.
        start: how it all stood before the bar.
    """

    __slots__ = ("_chance", "_drawn", "_most", "_on_tonic", "start")

    def __init__(self, most: int, on_tonic: bool, start: BarStart) -> None:
        self.start = start
        self._most, self._on_tonic = most, on_tonic
        self._drawn: list[tuple[str, float]] = []  # texts of the tune, and how likely the end is
        self._chance = 0.0  # natural logarithm, of what closes the bar so far

    def follow(self, symbol: str, token_id: int, logits: Logits) -> None:
        """Take note of a symbol of the bar, or behind it.

        Args:
            symbol: what is about to be written.
            token_id: of the symbol.
            logits: that the model gave, `(vocabulary,)`, whether allowed or not.
        """
        if symbol in _CLOSING:
            self._chance += log_probability(logits, token_id)
        else:
            self._chance = 0.0

    def take(
        self, text: str, number: Callable[[], float], alone: Callable[[str, int], float] | None
    ) -> str | None:
        """Keep a tune that is complete, or one that was complete before, or neither.

        Args:
            text: of the tune.
            number: gives a random number, from 0 up to but not 1.
            alone: gives how likely the end of a text from some place is, as it is where the tune is written alone; None
                where it is. A draw that falls between two tunes is decided by that.

        Returns:
            The text to keep; None where the bar is to be drawn anew.
        """
        chance, self._chance = math.exp(self._chance), 0.0
        drawn = number()
        if alone and abs(drawn - chance) < _NEAR:
            chance = alone(text, self.start.length)
        self._drawn.append((text, chance))
        if drawn < chance and self._fits(text):
            return text
        return self._resampled(number, alone) if len(self._drawn) == self._most else None

    def _fits(self, text: str) -> bool:
        return not self._on_tonic or ends_on_tonic(Tune.parse(text))

    def _resampled(self, number: Callable[[], float], alone: Callable[[str, int], float] | None) -> str:
        """One of the draws, by how likely the end is behind each; the first that fits, if one does."""
        texts, chances = [text for text, _ in self._drawn], [chance for _, chance in self._drawn]
        first: str | None = None
        while texts:
            goal = number()
            place, far = _among(chances, goal)
            if alone and not far:
                place, _ = _among([alone(text, self.start.length) for text in texts], goal)
            text, _ = texts.pop(place), chances.pop(place)
            if self._fits(text):
                return text
            first = first or text
        assert first is not None
        return first


def _among(chances: list[float], goal: float) -> tuple[int, bool]:
    """Which of some draws is taken, and whether the goal is far from where another would be."""
    sums = np.cumsum(chances)
    if not sums[-1]:
        return len(chances) - 1, True
    shares = sums / sums[-1]
    far = bool((np.abs(shares[:-1] - goal) > _NEAR).all())
    return min(int((shares <= goal).sum()), len(chances) - 1), far


def closing_symbols(text: str, begin: int) -> int:
    """How many symbols at the end of a tune close its last bar, which begins at `begin`."""
    bar = text[begin:]
    return len(bar) - len(bar.rstrip("".join(_CLOSING)))


def log_probability(logits: Logits, token_id: int) -> float:
    """The natural logarithm of a symbol's probability by the model, at temperature 1."""
    scores = logits.astype(np.float64)
    highest = scores.max()
    return float(scores[token_id] - highest - np.log(np.exp(scores - highest).sum()))
