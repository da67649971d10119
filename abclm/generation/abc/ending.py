"""Turn draws of the last bar of a part into the one that is kept: one that ends the part as it should end.

How each part should end is drawn with the form, from the ends of training tunes: on the tonic or anywhere, on a note of
what length at least, with the same last bars as the part before (these are copied). Bars b of the distribution that is
wanted, p(b | the part ends so), are drawn by rejection: b is drawn as any bar is, and kept if it ends so.

A model that is not told the form does not expect the end of the tune that the grammar sets. There the distribution is
p(b | the end follows) ∝ p(b) · p(end | b): b is kept with the probability p(end | b) that the model gives to the bar line
and the empty line after it. Where none of the allowed number of draws is kept, one of those that come nearest to the end
that is wanted is drawn by these probabilities (importance resampling, Rubin 1987).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from abclm.analysis.ends import LONG, SHORT, End, length_of, usual_note
from abclm.generation.sampling import log_probability
from abclm.notation.keys import parse_key
from abclm.notation.symbols import Change, Chord, Note, notes_of
from abclm.tune import Tune

if TYPE_CHECKING:
    from abclm.generation.draft import Here, Snapshot
    from abclm.notation.timing import Ticks

_CLOSING = frozenset("|:]\n")
_ANY = End(False, SHORT)
_ALL = 3  # of `_found`


class Ending:
    """The last bar of each part of one tune, as often as it is drawn.

    Args:
        most: how often a bar may be drawn, 2 or more.
        wanted: how the parts end, the last of the tune last; parts before these may end in any way.
        by_chance: whether the last bar of the tune is kept as often as the model would end the tune after it.

    Attributes:
        start: where the bar begins; None before it does.
    """

    __slots__ = (
        "_before",
        "_by_chance",
        "_chance",
        "_drawn",
        "_header",
        "_most",
        "_usual",
        "_wanted",
        "start",
    )

    def __init__(self, most: int, wanted: tuple[End, ...] = (), by_chance: bool = True) -> None:
        self.start: Snapshot | None = None
        self._most, self._wanted, self._by_chance = most, wanted, by_chance
        self._drawn: list[
            tuple[str, float, int]
        ] = []  # texts, how likely the end is, how much of it is wanted
        self._chance = 0.0  # natural logarithm, of what closes the bar so far
        self._header = ""
        self._before = ""  # the text before the bar
        self._usual: Ticks | None = 0  # the median note of it; None where it is not worked out yet

    def alike(self, parts_left: int) -> int:
        """How many of the last bars of a part are those of the part before."""
        return self._wanted_of(parts_left).alike

    def matters(self, parts_left: int) -> bool:
        """Whether the last bar of a part may be drawn again."""
        wanted = self._wanted_of(parts_left)
        return parts_left == 1 or wanted.on_tonic or wanted.length > SHORT

    def begin(self, start: Snapshot, text: str, header: str) -> None:
        """Take note of where a bar begins, of the text before it, and of the header of a tune of this bar alone."""
        self.start, self._drawn, self._header, self._before, self._usual = start, [], header, text, None

    def end(self) -> None:
        """Go on to another part."""
        self.start, self._chance = None, 0.0

    def follow(self, symbol: str, token_id: int, here: Here) -> None:
        """Take note of a symbol of the bar, or of those that close it.

        Args:
            symbol: what is about to be written.
            token_id: of the symbol.
            here: the place that it was drawn at.
        """
        if symbol not in _CLOSING:
            self._chance = 0.0
        elif self._by_chance:
            self._chance += log_probability(here.logits, token_id)

    def take(self, text: str, parts_left: int, number: Callable[[], float]) -> str | None:
        """Keep a part that is complete, or one that was complete before, or neither.

        Args:
            text: of the tune up to the end of the part.
            parts_left: parts of the tune, with this one.
            number: gives a random number, from 0 up to but not 1.

        Returns:
            The text to keep; None where the bar is to be drawn again.
        """
        assert self.start is not None
        wanted = self._wanted_of(parts_left)
        if self._usual is None:
            self._usual = usual_note(Tune.parse(self._before)) if wanted.length == LONG else 0
        found = _found(f"{self._header}|{text[self.start.length :]}", wanted, self._usual)
        chance, self._chance, drawn = math.exp(self._chance), 0.0, 0.0
        if parts_left > 1 or not self._by_chance:
            chance = 1.0
        else:
            drawn = number()
        self._drawn.append((text, chance, found))
        if drawn < chance and found == _ALL:
            return text
        return self._resampled(number()) if len(self._drawn) == self._most else None

    def _wanted_of(self, parts_left: int) -> End:
        return self._wanted[-parts_left] if 0 < parts_left <= len(self._wanted) else _ANY

    def _resampled(self, goal: float) -> str:
        """One of the draws that come nearest to what is wanted, by how likely the end is after each."""
        best = max(found for _, _, found in self._drawn)
        texts, chances = zip(
            *[(text, chance) for text, chance, found in self._drawn if found == best], strict=True
        )
        sums = np.cumsum(chances)
        place = int((sums <= goal * sums[-1]).sum()) if sums[-1] else len(texts) - 1
        kept: str = texts[place]
        return kept


@lru_cache(maxsize=4096)
def _last_note(text: str) -> tuple[Ticks, bool] | None:
    """The duration of the last note of a tune, and whether it is the tonic; the same bar is often drawn again."""
    tune = Tune.parse(text)
    last, key = None, tune.setting().key
    for symbol in tune.music.symbols:
        if isinstance(symbol, Note | Chord):
            pitch = max(note.pitch for note in notes_of(symbol))
            last = symbol.duration, pitch % 12 == key.tonic_pitch_class
        elif isinstance(symbol, Change) and symbol.letter == "K" and symbol.value:
            key = parse_key(symbol.value)
    return last


def _found(text: str, wanted: End, usual: Ticks) -> int:
    """How much of the end that is wanted a bar has: 2 for the tonic, 1 for the length, `_ALL` for both."""
    if not wanted.on_tonic and wanted.length == SHORT:
        return _ALL
    last = _last_note(text)
    if last is None:
        return 0
    duration, on_tonic = last
    return 2 * (on_tonic >= wanted.on_tonic) + (length_of(duration, usual) >= wanted.length)
