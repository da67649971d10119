"""Turn draws of a tune's last bar into the one that is kept: one after which the model itself would end the tune.

The model doesn't know which form its tune is to have, so it does not expect the end that the grammar sets. Bars b
of the distribution that is wanted, p(b | the end follows) ∝ p(b) · p(end | b), are drawn by rejection: b is drawn as any
bar is, and kept with the probability p(end | b) that the model gives to the bar line and the empty line after it. Where
none of the allowed number of draws is kept, one of them is drawn by these probabilities (importance resampling,
Rubin 1987). A tune that is to end on its tonic keeps only a bar that does, where one was drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from abclm.analysis.forms import ends_on_tonic
from abclm.generation.sampling import log_probability
from abclm.tune import Tune

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.draft import Snapshot

    Alone = Callable[[str, int], float | None]
    Logits = npt.NDArray[np.float32]

_CLOSING = frozenset("|:]\n")
_NEAR = 1e-4  # probabilities that are further apart keep their order whatever batch they were worked out in


class Ending:
    """The last bar of one tune, as often as it is drawn.

    Args:
        most: how often it may be drawn, 2 or more.
        on_tonic: whether the tune is to end on its tonic.

    Attributes:
        start: where the bar begins; None before it does.
    """

    __slots__ = ("_chance", "_drawn", "_most", "_on_tonic", "start")

    def __init__(self, most: int, on_tonic: bool) -> None:
        self.start: Snapshot | None = None
        self._most, self._on_tonic = most, on_tonic
        self._drawn: list[tuple[str, float]] = []  # texts of the tune, and how likely the end is
        self._chance = 0.0  # natural logarithm, of what closes the bar so far

    def follow(self, symbol: str, token_id: int, logits: Logits) -> None:
        """Take note of a symbol of the bar, or of those that close it.

        Args:
            symbol: what is about to be written.
            token_id: of the symbol.
            logits: that the model gave, `(vocabulary,)`, whether allowed or not.
        """
        if symbol in _CLOSING:
            self._chance += log_probability(logits, token_id)
        else:
            self._chance = 0.0

    def take(self, text: str, number: Callable[[], float], alone: Alone) -> str | None:
        """Keep a tune that is complete, or one that was complete before, or neither.

        Args:
            text: of the tune.
            number: gives a random number, from 0 up to but not 1.
            alone: gives the natural logarithm of how likely a text is from some place on, where the tune is written
                alone; None where it is. A draw that falls between two tunes is decided by that.

        Returns:
            The text to keep; None where the bar is to be drawn again.
        """
        chance, self._chance = math.exp(self._chance), 0.0
        drawn = number()
        if abs(drawn - chance) < _NEAR:
            chance = self._chance_alone(text, chance, alone)
        self._drawn.append((text, chance))
        if drawn < chance and self._fits(text):
            return text
        return self._resampled(number, alone) if len(self._drawn) == self._most else None

    def _fits(self, text: str) -> bool:
        return not self._on_tonic or ends_on_tonic(Tune.parse(text))

    def _chance_alone(self, text: str, chance: float, alone: Alone) -> float:
        assert self.start is not None
        found = alone(text, len(text) - closing_symbols(text, self.start.length))
        return chance if found is None else math.exp(found)

    def _resampled(self, number: Callable[[], float], alone: Alone) -> str:
        """One of the draws, by how likely the end is after each; the first that fits, if one does."""
        texts, chances = [text for text, _ in self._drawn], [chance for _, chance in self._drawn]
        first: str | None = None
        while texts:
            goal = number()
            place, far = _among(chances, goal)
            if not far:
                place, _ = _among(list(map(self._chance_alone, texts, chances, repeat(alone))), goal)
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
