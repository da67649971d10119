"""Write the header line by line, and fields inside the tune; `text` in the state is the line or field so far."""

from collections.abc import Callable, Iterable
from functools import cache

from abclm.notation.fields import RHYTHMS, TITLE_LENGTH
from abclm.notation.grammar.local import Local
from abclm.notation.grammar.tables import (
    TITLE_SYMBOLS,
    UNIT_NOTE_LENGTHS,
    VALUES,
    can_be_filled,
    finest_ticks,
    steps_of,
)

_ORDER = "TRMLK"


class Header:
    """The rules of the header.

    Args:
        given: required values of fields; `R` may be `""` for a tune without.
        needed: letters of required fields.
        fits: whether a meter and a unit note length may be combined.
    """

    def __init__(self, given: dict[str, str], needed: set[str], fits: Callable[[str, str], bool]) -> None:
        self.given = given
        self.needed = needed
        self.fits = fits
        self._meters = cache(self._find_meters)

    def symbols(self, state: Local) -> Iterable[str]:
        """The symbols that may come next in the header."""
        line = state.text
        if not line and not state.event:
            return "X"
        if line[:1] == "X":
            return "X:1\n"[len(line)]
        if not line:
            return self.next_fields(state)
        if len(line) == 1:
            return ":"
        value, letter = line[2:], line[0]
        if letter in self.given:
            return (self.given[letter] + "\n")[len(value)]
        if letter == "T":
            return _title_symbols(value)
        return steps_of(self._values(letter, state), value, "\n")

    def next_fields(self, state: Local) -> str:
        """The fields that may stand on this line: from the field after the last, up to the next required field."""
        fields = _ORDER[_ORDER.find(state.event) + 1 :]
        if not self.given.get("R", self._values("R", state)):
            fields = fields.replace("R", "")
        for place, letter in enumerate(fields):
            if letter in self.needed:
                return fields[: place + 1]
        raise AssertionError("the last field of a header is its key")

    def after(self, state: Local, symbol: str) -> Local:
        """The state after a symbol."""
        if symbol != "\n":
            return state._replace(text=state.text + symbol)
        letter, value = state.text[0], state.text[2:]
        state = state._replace(text="", event=letter)
        if letter == "R":
            return state._replace(rhythm=value)
        if letter == "M":
            return state._replace(meter=value)
        if letter == "L":
            return state._replace(unit=value)
        if letter == "K":
            return state._replace(lex="start", text="line", event="", rhythm="")
        return state

    def _values(self, letter: str, state: Local) -> tuple[str, ...]:
        """The values of a field that fit the other fields."""
        values = VALUES[letter]
        if letter == "R":
            return tuple(rhythm for rhythm in values if self._meters(RHYTHMS[rhythm]))
        if letter == "M":
            return self._meters(RHYTHMS.get(state.rhythm, values))
        if letter == "L":
            return tuple(unit for unit in values if self.fits(state.meter, unit))
        return values

    def _find_meters(self, meters: tuple[str, ...]) -> tuple[str, ...]:
        """The meters that fit the given meter and unit note length."""
        units = (self.given["L"],) if "L" in self.given else UNIT_NOTE_LENGTHS
        return tuple(
            meter for meter in meters
            if self.given.get("M", meter) == meter and any(self.fits(meter, unit) for unit in units)
        )  # fmt: skip


# The symbols that may come next in a title: at its beginning, after the field's colon; after a space; before its
# last possible symbol; elsewhere. After the last possible symbol, only the end of the title may come.
_TITLE_BEGINS = TITLE_SYMBOLS - {" ", "|", ":"}  # the others would be read as music
_TITLE_AFTER_SPACE = TITLE_SYMBOLS - {" "}
_TITLE_GOES_ON = TITLE_SYMBOLS | {"\n"}
_TITLE_FILLED = _TITLE_GOES_ON - {" "}
_TITLE_FULL = frozenset("\n")


def _title_symbols(value: str) -> frozenset[str]:
    if not value:
        return _TITLE_BEGINS
    if value[-1] == " ":
        return _TITLE_AFTER_SPACE
    if len(value) == TITLE_LENGTH:
        return _TITLE_FULL
    return _TITLE_FILLED if len(value) == TITLE_LENGTH - 1 else _TITLE_GOES_ON


def inline_symbols(state: Local) -> Iterable[str]:
    """The symbols that may come next in a field inside the tune."""
    letter, value = state.text[0], state.text[2:]
    if len(state.text) == 1:
        return ":"
    values = VALUES[letter]
    if letter == "L":
        # The new unit must fit this position in the bar, and the positions to which a repeat or an ending goes back.
        values = tuple(
            unit for unit in values
            if can_be_filled(state.meter, unit)
            and state.filled % finest_ticks(unit) == 0
            and max(state.phase, 0) % finest_ticks(unit) == 0
            and state.ending_phase % finest_ticks(unit) == 0
        )  # fmt: skip
    return steps_of(values, value, "]")


def after_inline(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    if symbol != "]":
        return state._replace(text=state.text + symbol)
    letter, value = state.text[0], state.text[2:]
    state = state._replace(lex="start", text="field")
    if letter == "L":
        return state._replace(unit=value)
    if letter == "M":
        return state._replace(meter=value, changed=True, phase=0)
    return state
