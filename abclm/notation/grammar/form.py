"""Count the parts and bars of a tune that has to have so many of them."""

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
_SPARE = 10
_BETWEEN = 8  # characters between two parts at most, a pick-up included


class Place(NamedTuple):
    """A place in a form.

    Attributes:
        parts_left: parts to come, the one that is being written included.
        bars_left: bars of this part to come, the one that is being written included; 0 where they aren't counted.
        ending_left: the same, where the part's first ending begins.
    """

    parts_left: int = 0
    bars_left: int = 0
    ending_left: int = 0


class Form:
    """How many parts and bars a tune has.

    Args:
        parts: so many parts follow each other, each repeated.
        bars: so many bars has each part; where no parts are asked for, the tune. A repeat is counted once, the second
            ending in place of the first, and a pick-up and its complement are one bar together.
    """

    def __init__(self, parts: int | None = None, bars: int | None = None) -> None:
        self.parts = parts
        self.bars = bars

    def start(self) -> Place:
        """The place before the first symbol."""
        if self.parts is None and self.bars is None:
            return Place()
        return Place(self.parts or 1, self.bars or 0)

    def follow(self, place: Place, step: str, phase: int) -> Place:
        """The place behind what a symbol passed.

        Args:
            place: before it.
            step: see `Local`.
            phase: ticks of the bar that were taken where the part began.
        """
        parts_left, bars_left, ending_left = place
        for each in step if parts_left else "":
            if each == "b":
                bars_left = max(bars_left - 1, 0)
            elif each == "e":
                parts_left, bars_left = parts_left - 1, 0
            elif each == "o":
                # A pick-up ends the bar that the part before left open.
                bars_left = self.bars + (phase > 0) if self.bars else 0
            elif each == "1":
                ending_left = bars_left
            elif each == "2":
                bars_left = ending_left
        return Place(parts_left, bars_left, ending_left)

    def seen(self, state: Local, place: Place) -> Local:
        """What a state has to know of its place in the form."""
        if not self.parts and not self.bars:
            return state
        spare = 0
        if place.bars_left and state.notes < FEWEST_NOTES:
            short = state.phase > 0  # the part's last bar is the complement of its pick-up
            spare = max(place.bars_left - 1 - short, 0) + (place.parts_left - 1) * self._full_bars(state)
        return state._replace(
            final=place.parts_left == 1,
            bars_left=min(place.bars_left, _BARS_LEFT),
            spare=min(spare, _SPARE),
            form=state.form or ("part" if self.parts else "whole"),
        )

    def can_be_filled(self, meter: str, unit: str) -> bool:
        """Whether bars of this kind hold as many notes as a tune has at least, wherever the parts begin in a bar."""
        if not can_be_filled(meter, unit):
            return False
        if not self.bars:
            return True
        full = 1 + (self.bars - 1) * (self.parts or 1)  # the last bar of a part may be next to nothing
        slots = full * (bar_ticks(meter) // finest_ticks(unit))
        return slots >= FEWEST_NOTES and finest_ticks(unit) < unit_ticks(unit)

    def longest_rest(self, state: Local, place: Place) -> tuple[int, int]:
        """How long the way through the bars to come is at most, and by how much one symbol may make it longer.

        Returns:
            Both in characters.
        """
        if not place.parts_left:
            return 0, 0
        bar = _longest_bar(state.meter, state.unit)
        detour = bar * place.bars_left if state.ending == 0 and state.repeat != "closed" else 0
        bars = place.bars_left + (place.ending_left if state.ending == 1 else 0)
        bars += (place.parts_left - 1) * ((self.bars or 1) + 1)
        return detour + bars * bar + place.parts_left * _BETWEEN, detour

    def _full_bars(self, state: Local) -> int:
        """Of each part that is still to come, the bars that are full whatever its pick-up."""
        return (self.bars or 0) - (state.phase != 0)


def _longest_bar(meter: str, unit: str) -> int:
    """Characters that a bar of single notes has at most, where it is led to its end."""
    if not meter or not unit:
        return len("A16") * (MOST_UNITS // 16) + 1
    units, rest = divmod(bar_ticks(meter), unit_ticks(unit))
    return len("A16") * -(-units // 16) + (len("A7/8") if rest else 0) + len("|")
