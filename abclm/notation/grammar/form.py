"""Count the parts and bars of a tune with a given form."""

from typing import NamedTuple

from abclm.notation.grammar.local import Local
from abclm.notation.grammar.tables import (
    FEWEST_NOTES,
    MOST_UNITS,
    bar_ticks,
    can_be_filled,
    finest_ticks,
    unit_ticks,
)

_BARS_LEFT = 3
_SPARE = 4  # so many that a bar has room for the fewest notes of a tune, even without this bar and the next
_BETWEEN = 8  # most characters between two parts, including a pick-up


class Place(NamedTuple):
    """A place in a form.

    Attributes:
        parts_left: remaining parts, including the current part.
        bars_left: remaining bars of this part, including the current bar; 0 if they are not counted.
        ending_left: the value of `bars_left` where the part's first ending begins.
    """

    parts_left: int = 0
    bars_left: int = 0
    ending_left: int = 0


class Form:
    """The numbers of parts and bars of a tune.

    Args:
        parts: number of parts; each is repeated.
        bars: number of bars of each part, or without `parts` of the tune. A repeat counts once, only one of two
            endings counts, and a pick-up and its complement together are one bar.
        sections: without `parts` and `bars`, the bars of each section. It ends with a double bar, or is repeated.
    """

    def __init__(
        self, parts: int | None = None, bars: int | None = None, sections: tuple[int, ...] = ()
    ) -> None:
        self.parts = parts
        self.bars = bars
        self.sections = sections

    def start(self) -> Place:
        """The place before the first symbol."""
        if self.sections:
            return Place(len(self.sections), self.sections[0])
        if self.parts is None and self.bars is None:
            return Place()
        return Place(self.parts or 1, self.bars or 0)

    def _bars(self, parts_left: int) -> int:
        """The bars of the first of the remaining parts; 0 if they are not counted."""
        return self.sections[-parts_left] if self.sections and parts_left else self.bars or 0

    def _later_bars(self, place: Place, more: int = 0) -> int:
        """The bars of the parts after this one, and so many more for each; a part of any length counts as one bar."""
        return sum((self._bars(left) or 1) + more for left in range(1, place.parts_left))

    def follow(self, place: Place, step: str, phase: int) -> Place:
        """The place after a symbol.

        Args:
            place: the place before the symbol.
            step: see `Local`.
            phase: filled ticks of the bar at the beginning of the part.
        """
        parts_left, bars_left, ending_left = place
        for each in step if parts_left else "":
            if each == "b":
                bars_left = max(bars_left - 1, 0)
            elif each == "e":
                parts_left, bars_left = parts_left - 1, 0
            elif each == "o":
                # A pick-up ends the bar that the previous part left open.
                bars = self._bars(parts_left)
                bars_left = bars + (phase > 0) if bars else 0
            elif each == "1":
                ending_left = bars_left
            elif each == "2":
                bars_left = ending_left
        return Place(parts_left, bars_left, ending_left)

    def seen(self, state: Local, place: Place) -> Local:
        """The part of a place in the form that a state needs."""
        if not self.parts and not self.bars and not self.sections:
            return state
        spare = 0
        if place.bars_left and state.notes < FEWEST_NOTES:
            short = state.phase > 0  # the part's last bar is the complement of its pick-up
            # Of later parts count the bars that are full, wherever in a bar the part begins.
            spare = max(place.bars_left - 1 - short, 0) + self._later_bars(place, -(state.phase != 0))
        return state._replace(
            final=place.parts_left == 1 and place.bars_left < _BARS_LEFT,  # which matters near the end
            bars_left=min(place.bars_left, _BARS_LEFT),
            spare=min(spare, _SPARE),
            form=state.form or ("part" if self.parts else "section" if self.sections else "whole"),
        )

    def can_be_filled(self, meter: str, unit: str) -> bool:
        """Whether these bars have room for the fewest notes of a tune, wherever in a bar the parts begin."""
        if not can_be_filled(meter, unit):
            return False
        if not self.bars and not self.sections:
            return True
        # The last bar of a part may be very short.
        full = 1 + sum(bars - 1 for bars in self.sections or [self.bars or 0] * (self.parts or 1))
        slots = full * (bar_ticks(meter) // finest_ticks(unit))
        return slots >= FEWEST_NOTES and finest_ticks(unit) < unit_ticks(unit)

    def longest_rest(self, state: Local, place: Place) -> tuple[int, int]:
        """The greatest length of the remaining bars, and the greatest increase of it by one symbol.

        Returns:
            Both in characters.
        """
        if not place.parts_left:
            return 0, 0
        bar = _longest_bar(state.meter, state.unit)
        detour = bar * place.bars_left if state.ending == 0 and state.repeat != "closed" else 0
        bars = place.bars_left + (place.ending_left if state.ending == 1 else 0)
        bars += self._later_bars(place, 1)
        return detour + bars * bar + place.parts_left * _BETWEEN, detour


def _longest_bar(meter: str, unit: str) -> int:
    """The most characters of a bar of single notes on the way to the end."""
    if not meter or not unit:
        return len("A16") * (MOST_UNITS // 16) + 1
    units, rest = divmod(bar_ticks(meter), unit_ticks(unit))
    return len("A16") * -(-units // 16) + (len("A7/8") if rest else 0) + len("|")
