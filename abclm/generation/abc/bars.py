"""Turn bars as they are drawn into those that a tune keeps: the others are drawn again.

With `bar_redraws`, a bar in which the model draws what the grammar does not allow is drawn again from its beginning, so
often at most; then symbols that are not allowed are masked. So the bars follow the model's distribution of whole bars
that are allowed, and not one in which each symbol is drawn as if nothing after it had to fit.

With `bar_repetition` below 1, a bar that the tune has already is kept with that probability, to the power of how often
it is there, and else drawn again. So the bars follow the model's distribution, each weighted by that factor. Bars of a
single note are always kept: they are upbeats and endings.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from abclm.generation.draft import Snapshot

_MOST_REPETITIONS = 16  # times in a row that a bar is drawn again because the tune has it already
_NOTE_LETTERS = frozenset("ABCDEFGabcdefg")
_BETWEEN_BARS = frozenset("|:]123456789 \n")


class Bars:
    """The bars of one tune.

    Args:
        keeps: with what probability a bar is kept that the tune has once already, 0 to 1.
        most_redraws: how often a bar is drawn again because of a symbol that is not allowed.

    Attributes:
        start: where the bar begins that is being written, if it can be drawn again.
    """

    __slots__ = ("_bar", "_counts", "_keeps", "_most_redraws", "_redraws", "_repetitions", "start")

    def __init__(self, keeps: float, most_redraws: int) -> None:
        self._keeps, self._most_redraws = keeps, most_redraws
        self._counts: Counter[str] = Counter()
        self._bar = ""
        self._redraws = self._repetitions = 0  # of this bar, for either reason
        self.start: Snapshot | None = None

    def fresh(self) -> Bars:
        """Return what knows the same bars and is at the beginning of another."""
        other = Bars(self._keeps, self._most_redraws)
        other._counts = self._counts.copy()
        return other

    @property
    def may_break(self) -> bool:
        """Whether a symbol that is not allowed would be taken back."""
        return self._redraws < self._most_redraws and self.start is not None

    def begins(self, symbol: str) -> bool:
        """Whether a symbol of the music is the first of a bar."""
        return not self._bar and symbol not in _BETWEEN_BARS

    def refuses(self, symbol: str, allowed: bool, in_music: bool, number: Callable[[], float]) -> bool:
        """Take note of a symbol about to be written; true if its bar is to be drawn again.

        Args:
            symbol: which it is.
            allowed: whether it is allowed; if not, it is in music.
            in_music: whether the tune can be drawn again where it stands: not in its header, nor in the opening.
            number: gives a random number, from 0 up to but not 1.
        """
        if not allowed:
            self._redraws += 1
            self._bar = ""
            return True
        if not in_music:
            self._bar, self.start = "", None
            return False
        is_field = symbol == ":" and self._bar[-2:-1] == "["
        if symbol not in "|:" or is_field:
            if symbol not in " \n" and (self._bar or symbol not in _BETWEEN_BARS):
                self._bar += symbol
            return False
        bar, self._bar = self._bar, ""
        notes = sum(each in _NOTE_LETTERS for each in bar)
        if (
            notes > 1
            and self.start
            and self._repetitions < _MOST_REPETITIONS
            and number() >= self._keeps ** self._counts[bar]
        ):
            self._repetitions += 1
            return True
        self._redraws, self._repetitions, self.start = 0, 0, None
        self._counts[bar] += 1
        return False
