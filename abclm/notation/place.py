"""Follow a canonical tune symbol by symbol: the place in its form, and the earlier bars that the bar may repeat."""

import re
from fractions import Fraction
from typing import Self

from abclm.errors import NotationError
from abclm.notation.fields import Meter, parse_meter, parse_unit_note_length
from abclm.notation.keys import LETTERS, make_key, parse_key
from abclm.notation.scanner import scan
from abclm.notation.symbols import Timed
from abclm.notation.timing import WHOLE, Setting, measure

BARS_BACK = (4, 8, 2)
"""How many bars before the current bar the bars of `Place.aligned` are; the last is the one of the part before."""

_PICKUP = Fraction(7, 10)  # of a full bar; a shorter first bar of a part is its pick-up
_FIELDS = re.compile(r"(?:\[[A-Z]:[^]]*])+")
NO_BARS = ("",) * (len(BARS_BACK) + 1)
"""`Place.aligned` where the bar is as none of these; always this very object."""

_NOTES = {letter: at % 7 for at, letter in enumerate(LETTERS + LETTERS.lower())}


class Place:
    """The place after the symbols that were added, which are a canonical tune from its first symbol on.

    A part ends at each bar line other than `|`. Its bars count from its first full bar. A second ending continues
    where the first ending began, and the first ending stands for the part before.

    Attributes:
        in_body: whether the header is over.
        part: number of the part, from 1; 0 in the header.
        text: of the current bar so far, without newlines; in the header of the current line.
        bars: the finished bars of the part, with the first symbol of the bar line after each.
        before: the same of the part before.
        aligned: earlier bars that are as the current bar so far, and `""` for those that are not: 4, 8 and 2 bars
            before in this part, and the bar with the same number in the part before. Pick-ups correspond.
        degree: of the last written note in the current key, without accidentals: 1 for the tonic to 7; 0 for none yet.

    Example:
        >>> place = Place()
        >>> for symbol in "X:1\\nM:2/4\\nL:1/8\\nK:D\\nd|f2 ag|fd fa|a":
        ...     place.add(symbol)
        >>> place.part, place.bar, place.text, place.degree
        (1, 3, 'a', 5)
    """

    def __init__(self) -> None:
        self.in_body = False
        self.part = 0
        self.text = ""
        self.bars: tuple[str, ...] = ()
        self.before: tuple[str, ...] = ()
        self.aligned: tuple[str, ...] = NO_BARS
        self.degree = 0
        self._pickup = self._pickup_before = 0  # bars: 1 where a part begins with a pick-up
        self._line = ""  # the bar line that is not over yet
        self._inside = ""  # the chord, inline field or chord symbol that is not over yet
        self._tuplet = False  # whether a colon belongs to a tuplet
        self._first_ending = (-1, 0)  # the part that it is in, and the bars before it
        self._tonic = 0  # place of its letter in `LETTERS`
        self._meter = Meter("C", Fraction(1))
        self._unit: Fraction | None = None

    def copy(self) -> Self:
        """Return one that goes on from here by itself."""
        other = self.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    @property
    def bar(self) -> int:
        """The number of the current bar in its part, from 1; a pick-up has the number of the bar after it."""
        return max(len(self.bars) - self._pickup, 0) + 1

    def add(self, symbol: str) -> None:
        """Take note of the next symbol."""
        if not self.in_body:
            self._add_to_header(symbol)
        elif symbol == "\n":
            pass
        elif self._inside:
            self._add_inside(symbol)
        elif symbol == "|" or (symbol == ":" and not self._tuplet) or (symbol == "]" and self._line == "|"):
            self._add_bar_line(symbol)
        elif self._line and symbol in "0123456789,":
            self._begin_ending(symbol)
        else:
            if symbol in '["':
                self._inside = symbol
            else:
                self._line = ""
                self._tuplet = symbol == "(" or (self._tuplet and symbol in "0123456789:")
                if symbol in _NOTES:
                    self.degree = 1 + (_NOTES[symbol] - self._tonic) % 7
            self._add_to_bar(symbol)

    def _add_to_header(self, symbol: str) -> None:
        if symbol != "\n":
            self.text += symbol
            return
        line, self.text = self.text, ""
        self._change(line[:1], line[2:])
        if line.startswith("K:"):
            self.in_body, self.part = True, 1

    def _change(self, letter: str, value: str) -> None:
        try:
            if letter == "K":
                self._tonic = LETTERS.index(parse_key(value).tonic[0])
            elif letter == "M":
                self._meter = parse_meter(value)
            elif letter == "L":
                self._unit = parse_unit_note_length(value)
        except NotationError:
            pass  # the tune is not canonical

    def _add_to_bar(self, symbol: str) -> None:
        at = len(self.text)
        self.text += symbol
        if self.aligned is not NO_BARS:
            kept = tuple([bar if bar[at : at + 1] == symbol else "" for bar in self.aligned])
            self.aligned = kept if any(kept) else NO_BARS

    def _add_inside(self, symbol: str) -> None:
        """Go on inside a chord, an inline field or a chord symbol."""
        if self._inside == "[" and self._line and symbol.isdigit():
            self._inside, self.text = "", self.text[:-1]
            self._begin_ending(symbol)
            return
        self._line = ""
        self._inside += symbol
        self._add_to_bar(symbol)
        if self._inside[0] == '"':
            if symbol == '"':
                self._inside = ""
            return
        is_field = self._inside[2:3] == ":"
        if symbol in _NOTES and not is_field:
            self.degree = 1 + (_NOTES[symbol] - self._tonic) % 7
        elif symbol == "]":
            if is_field:
                self._change(self._inside[1], self._inside[3:-1])
            self._inside = ""

    def _add_bar_line(self, symbol: str) -> None:
        if self.text.startswith("[") and _FIELDS.fullmatch(self.text):
            self.text = ""  # no bar, but a field between bar lines
        if self.text:
            if not self.bars:
                self._pickup = int(self._is_pickup())
            self.bars += (self.text + symbol,)
            self.text = self._line = ""
        self._line += symbol
        if self._line != "|" and len(self.bars) > self._pickup:
            self.before, self._pickup_before = self.bars, self._pickup
            self.bars, self._pickup = (), 0
            self.part += 1
        self._align()

    def _begin_ending(self, symbol: str) -> None:
        """Begin a variant ending, or go on with its number."""
        if self._line[-1:] not in "|:]" or symbol == ",":
            return
        self._line += symbol
        part, begin = self._first_ending
        if symbol == "1":
            self._first_ending = self.part, len(self.bars)
        elif self.part == part or (self.part == part + 1 and not self.bars):
            if self.part == part:
                self.before, self._pickup_before = self.bars, self._pickup
            self.part, self.bars, self._pickup = part, self.before[:begin], self._pickup_before
        self._align()

    def _align(self) -> None:
        """Find the earlier bars that the bar which begins here may repeat."""
        bars, before = len(self.bars), self.before
        number = bars - self._pickup if bars else 0
        found = [self.bars[bars - back] if number >= back else "" for back in BARS_BACK]
        same = number + self._pickup_before if bars else 0
        found.append(before[same] if same < len(before) else "")
        self.aligned = tuple(found) if not self.text and any(found) else NO_BARS

    def _is_pickup(self) -> bool:
        """Whether the bar that ends here, the first of its part, is a pick-up."""
        full = self._meter.bar_length
        if full is None:
            return False
        body = scan(self.text, 0)
        unit = self._unit or self._meter.default_unit_note_length
        measure(body, Setting(make_key("C", ""), self._meter, unit))
        filled = sum(symbol.duration for symbol in body.symbols if isinstance(symbol, Timed))
        return Fraction(filled) < _PICKUP * full * WHOLE


def form_of_text(text: str) -> tuple[int, ...]:
    r"""Count the bars of each part of a canonical tune.

    Example:
        >>> form_of_text("X:1\nM:2/4\nL:1/8\nK:D\nd|f2 ag|fd f:|\na|d2 f2|e2|1 d2:|2 d4|]\n")
        (2, 3)
    """
    place, bars = Place(), {0: 0}
    for symbol in text:
        place.add(symbol)
        if place.in_body and place.text not in ("", "["):  # which may begin an ending of the part before
            bars[place.part] = max(place.bar, bars.get(place.part, 0))
    return tuple(bars.get(part, 0) for part in range(1, max(bars) + 1))
