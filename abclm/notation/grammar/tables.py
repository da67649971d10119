"""The values of header fields and lengths in canonical tunes, and which of them can be combined."""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from abclm.notation.fields import CANONICAL_SYMBOLS, RHYTHMS, parse_meter, parse_unit_note_length
from abclm.notation.keys import LETTERS, MODES, make_key
from abclm.notation.timing import ticks

FEWEST_NOTES = 8
_SHORTEST = Fraction(1, 128)  # of a whole note
MOST_UNITS = 96  # most unit note lengths in a bar; twice as many as in any usual meter
OCTAVES = 2  # most octave marks after a letter
CHORD_NOTES = 4
NOTE_LETTERS = frozenset("ABCDEFGabcdefg")
NOTE = "A"
"""In `Local.event`, any note whose octave is complete."""
TITLE_SYMBOLS = CANONICAL_SYMBOLS - {"\n"}

METERS = (
    "C",
    "C|",
    "2/2",
    "2/4",
    "3/4",
    "4/4",
    "5/4",
    "6/4",
    "3/2",
    "3/8",
    "6/8",
    "9/8",
    "12/8",
    "5/8",
    "7/8",
)
UNIT_NOTE_LENGTHS = ("1/2", "1/4", "1/8", "1/16", "1/32")
KEYS = tuple(
    letter + sign + mode
    for letter in LETTERS
    for sign in ("", "#", "b")
    for mode in MODES
    if abs(make_key(letter + sign, mode).sharps) <= 7
)
VALUES: dict[str, tuple[str, ...]] = {
    "R": tuple(RHYTHMS),
    "M": METERS,
    "L": UNIT_NOTE_LENGTHS,
    "K": KEYS,
}

# Written lengths in their canonical spelling, as multiples of the unit note length.
LENGTHS: dict[str, Fraction] = {
    **{str(number) if number > 1 else "": Fraction(number) for number in range(1, 17)},
    **{f"{number if number > 1 else ''}/": Fraction(number, 2) for number in range(1, 16, 2)},
    **{f"{number if number > 1 else ''}/4": Fraction(number, 4) for number in range(1, 16, 2)},
    **{f"{number if number > 1 else ''}/8": Fraction(number, 8) for number in range(1, 16, 2)},
}


@lru_cache(maxsize=1024)
def can_be_filled(meter: str, unit: str) -> bool:
    """Whether lengths of this unit can fill any rest of a bar in this meter, and a bar has not too many units."""
    bar = parse_meter(meter).bar_length
    if bar is None or bar > MOST_UNITS * parse_unit_note_length(unit):
        return False
    return ticks(bar) % finest_ticks(unit) == 0


@lru_cache(maxsize=256)
def bar_ticks(meter: str) -> int:
    """The length of a bar, in ticks."""
    length = parse_meter(meter).bar_length
    assert length is not None
    return int(ticks(length))


@lru_cache(maxsize=64)
def unit_ticks(unit: str) -> int:
    """A unit note length, in ticks."""
    return int(ticks(parse_unit_note_length(unit)))


@lru_cache(maxsize=64)
def length_ticks(unit: str) -> dict[str, int]:
    """The ticks of all written lengths, with a unit note length."""
    finest = finest_ticks(unit)
    found = {text: int(ticks(value * parse_unit_note_length(unit))) for text, value in LENGTHS.items()}
    return {text: length for text, length in found.items() if length % finest == 0}


@lru_cache(maxsize=64)
def length_steps(unit: str) -> dict[str, dict[str, tuple[int, ...]]]:
    """The symbols after the beginning of a length: beginning -> next symbol -> possible lengths, shortest first."""
    steps: dict[str, dict[str, tuple[int, ...]]] = {}
    for text, length in length_ticks(unit).items():
        for at, symbol in enumerate(text):
            after = steps.setdefault(text[:at], {})
            after[symbol] = tuple(sorted((*after.get(symbol, ()), length)))
    return steps


@lru_cache(maxsize=64)
def finest_ticks(unit: str) -> int:
    """The shortest length with a unit note length, in ticks.

    Every other length is a multiple of it, so lengths can fill any rest of a bar. It is an eighth of the unit, but at
    least 1/128, because the notes of a shorter tuplet would last less than a tick of abc2midi.
    """
    length = parse_unit_note_length(unit)
    parts = next((parts for parts in (8, 4, 2) if length / parts >= _SHORTEST), 1)
    return int(ticks(length / parts))


def steps_of(values: Iterable[str], start: str, end: str) -> set[str]:
    """The symbols that continue one of the values, or end it."""
    return {(value + end)[len(start)] for value in values if (value + end).startswith(start)}
