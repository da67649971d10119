"""Say, after any beginning of a canonical tune, which symbols may come next so that it can still become a valid tune.

The grammar is incremental and never at a dead end: a bar line may stand only where the bar is full (or is a pick-up,
or its complement before a repeat), whatever is left of a bar can always be written, and a tie, a broken rhythm, a
tuplet or a repeat opens only where it can close.

A state is a small immutable value. Equal states allow the same symbols and have the same successors, so that both
are looked up once they have been worked out.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from abclm.notation.fields import (
    CANONICAL_SYMBOLS,
    RHYTHMS,
    TITLE_LENGTH,
    parse_meter,
    parse_unit_note_length,
)
from abclm.notation.keys import LETTERS, MODES, make_key
from abclm.notation.timing import ticks, tuplet_time

FEWEST_NOTES = 8
_SECTION_BARS = 3
_MOST_STATES = 50_000  # kept; then they are worked out anew
_MOST_UNITS = 96  # unit note lengths that a bar has at most; twice what any usual meter has
_TITLE_SYMBOLS = CANONICAL_SYMBOLS - {"\n"}
_NOTE_LETTERS = frozenset("ABCDEFGabcdefg")
_OCTAVES = 2  # marks behind a letter at most
_CHORD_NOTES = 4

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
_VALUES: dict[str, tuple[str, ...]] = {
    "R": tuple(RHYTHMS),
    "M": METERS,
    "L": UNIT_NOTE_LENGTHS,
    "K": KEYS,
}
_ORDER = "TRMLK"


# Written lengths, as multiples of the unit note length, in their one canonical spelling.
LENGTHS: dict[str, Fraction] = {
    **{str(number) if number > 1 else "": Fraction(number) for number in range(1, 17)},
    **{f"{number if number > 1 else ''}/": Fraction(number, 2) for number in range(1, 16, 2)},
    **{f"{number if number > 1 else ''}/4": Fraction(number, 4) for number in range(1, 16, 2)},
    **{f"{number if number > 1 else ''}/8": Fraction(number, 8) for number in range(1, 16, 2)},
}
FINEST = Fraction(1, 8)
"""The shortest length; every other is a multiple of it, so that any remainder of a bar can be written."""

_LENGTH_STEPS: dict[
    str, dict[str, tuple[Fraction, ...]]
] = {}  # prefix -> next symbol -> lengths that it leads to
for _text, _value in LENGTHS.items():
    for _at in range(len(_text)):
        _steps = _LENGTH_STEPS.setdefault(_text[:_at], {})
        _steps[_text[_at]] = (*_steps.get(_text[_at], ()), _value)


class State(NamedTuple):
    """A place in a tune; what can make no difference to what may follow is not in it.

    Attributes:
        lex: what is being written: `header`, `start` (something may begin), `signs`, `note`, `length`, `done` (an
            event is complete), `tied`, `broken`, `bar`, `tuplet`, `chord`, `bracket`, `field`, `forced`, `end`.
        text: of it, so far.
        rhythm, meter, unit: values of the header, or of a later field.
        filled: ticks of the bar that are taken, those that a tuplet or a broken rhythm has claimed included.
        fresh: whether nothing has been written since a bar line.
        phase: ticks of the bar that are taken where the repeat begins; -1 while the first bar is open.
        repeat: `implicit` from the start of the tune, `open`, or `closed`.
        ending: 0, or the variant ending that is being written.
        ending_phase: ticks of the bar that are taken where the endings begin.
        tie: the event that has to come next, accidentals left out.
        event: the event being written, in the same way; `z` for a rest, `""` for what can't be tied.
        exact: ticks of the written length that the next event must have; 0 where it is free.
        q, left: of a tuplet, the time it takes and the notes still to come.
        last: ticks of the written length of the event before, where a broken rhythm may follow it.
        broken: whether the next event is the second of a broken rhythm.
        alone: whether nothing but the letter of one note stands on the line: with a colon behind it, it would be
            an information field.
        bars: full ones since the section began, up to 3.
        notes: written so far, up to `FEWEST_NOTES`.
    """

    lex: str = "header"
    text: str = ""
    rhythm: str = ""
    meter: str = ""
    unit: str = ""
    filled: int = 0
    fresh: bool = True
    phase: int = -1
    repeat: str = "implicit"
    ending: int = 0
    ending_phase: int = 0
    tie: str = ""
    event: str = ""
    exact: int = 0
    q: int = 0
    left: int = 0
    last: int = 0
    broken: bool = False
    alone: bool = True
    bars: int = 0
    notes: int = 0


class Grammar:
    """The grammar of canonical tunes, `X:1` first, the closing empty line last.

    Args:
        given: values that header fields have to have (letters of `TRMLK`); those not given are free, but go with
            those that are. A field that is given stands in the header; of the others `R` may be missing, and `T`
            unless a title is needed.
        title_needed: whether a tune has to have a title.
        fits: whether a meter and a unit note length may stand together; by default any may.

    Example:
        >>> grammar = Grammar({"K": "G", "M": "6/8"})
        >>> state = grammar.follow("X:1\\nR:jig\\nM:6/8\\nL:1/8\\nK:G\\nGAB c2")
        >>> "|" in grammar.allowed(state), "d" in grammar.allowed(state), "3" in grammar.allowed(state)
        (True, True, False)
    """

    def __init__(
        self,
        given: dict[str, str] | None = None,
        fits: Callable[[str, str], bool] | None = None,
        title_needed: bool = False,
    ) -> None:
        self.given = dict(given or {})
        self.needed = {*self.given, *("TMLK" if title_needed else "MLK")}
        self.fits = fits or (lambda meter, unit: True)
        self._allowed: dict[State, frozenset[str]] = {}
        self._next: dict[tuple[State, str], State] = {}

    def start(self) -> State:
        """The state before the first symbol."""
        return State()

    def allowed(self, state: State) -> frozenset[str]:
        """The symbols that may come next; none only after the end of the tune."""
        found = self._allowed.get(state)
        if found is None:
            if len(self._allowed) >= _MOST_STATES:
                self._allowed.clear()
                self._next.clear()
            found = self._allowed[state] = frozenset(getattr(self, f"_in_{state.lex}")(state))
        return found

    def advance(self, state: State, symbol: str) -> State:
        """The state after a symbol that is allowed.

        Raises:
            ValueError: the symbol is not allowed there.
        """
        found = self._next.get((state, symbol))
        if found is None:
            if symbol not in self.allowed(state):
                raise ValueError(f"{symbol!r} may not come next")
            found = self._next[state, symbol] = getattr(self, f"_after_{state.lex}")(state, symbol)
        return found

    def follow(self, text: str, state: State | None = None) -> State:
        """The state after a text; ValueError where it is none that a tune can have."""
        state = self.start() if state is None else state
        for symbol in text:
            state = self.advance(state, symbol)
        return state

    def finish(self, state: State) -> str:
        """A short way from a state to the end of the tune: bars are filled with single notes, repeats closed."""
        text = ""
        while state.lex != "end":
            symbol = self._towards_end(state)
            text += symbol
            state = self.advance(state, symbol)
        return text

    def _towards_end(self, state: State) -> str:
        allowed = self.allowed(state)
        if state.lex == "header" and not state.text and len(allowed) > 1:
            return self._next_fields(state)[-1]
        if state.lex in ("header", "field"):
            return next(
                (end for end in "\n]" if end in allowed),
                min(allowed, key=lambda symbol: (symbol < "0", symbol)),
            )
        if state.lex in ("note", "length"):
            text = state.text if state.lex == "length" else ""
            unit, goal = _unit(state.unit), self._goal(state)
            fitting = [
                each for each in LENGTHS if each.startswith(text) and self._fits(state, unit * LENGTHS[each])
            ]
            within = [each for each in fitting if state.exact or unit * LENGTHS[each] <= goal] or fitting
            best = max(within, key=lambda each: LENGTHS[each])
            if best != text:
                return best[len(text)]
            return self._close_or_go_on(self._complete(state), self.allowed(state))
        return self._close_or_go_on(state, allowed)

    def _close_or_go_on(self, state: State, allowed: frozenset[str]) -> str:
        """The symbol between events that leads to the end: a closing bar line where one may stand, else an event."""
        enough = state.notes == FEWEST_NOTES
        repeated = state.repeat == "open" or state.ending == 1
        if state.lex == "bar":
            wanted = "2|" if state.text[:1] == ":" else ("]1" if enough and not repeated else "|")
            found = [symbol for symbol in wanted if symbol in allowed and symbol != "1"]
            if found:
                return found[0]
        if enough and repeated and ":" in allowed and state.repeat != "closed":
            return ":"
        if enough and not repeated and not state.fresh and "|" in allowed:
            return "|"
        if "|" in allowed and not state.fresh and self._is_full(state):
            return "|"
        if "\n" in allowed and state.fresh and self._may_end(state):
            return "\n"
        return next((symbol for symbol in "2]A" if symbol in allowed), min(allowed - {" "}))

    def _goal(self, state: State) -> int:
        """Ticks to be written before the bar line that leads to the end."""
        end = _full(state.meter)
        if (
            state.phase > state.filled
            and state.notes == FEWEST_NOTES
            and (state.repeat == "open" or state.ending == 1)
        ):
            end = state.phase
        return (end - state.filled) // (state.q if state.left and not state.exact else 1)

    # The header: one line after another, `text` is the line so far.

    def _in_header(self, state: State) -> Iterable[str]:
        line = state.text
        if not state.meter and not line and not state.rhythm and state.event == "":
            return "X"
        if line[:1] == "X":
            return "X:1\n"[len(line)]
        if not line:
            return self._next_fields(state)
        if len(line) == 1:
            return ":"
        value, letter = line[2:], line[0]
        if letter in self.given:
            return (self.given[letter] + "\n")[len(value)]
        if letter == "T":
            return self._in_title(value)
        return _steps_of(self._values(letter, state), value, "\n")

    def _in_title(self, value: str) -> Iterable[str]:
        if not value:
            return _TITLE_SYMBOLS - {" ", "|", ":"}  # behind a colon these would be read as music
        if value[-1] == " ":
            return _TITLE_SYMBOLS - {" "}
        if len(value) == TITLE_LENGTH:
            return "\n"
        return (_TITLE_SYMBOLS | {"\n"}) - ({" "} if len(value) == TITLE_LENGTH - 1 else set())

    def _next_fields(self, state: State) -> str:
        """The fields that may stand on this line: those after the last, up to the next that must be there."""
        fields = _ORDER[_ORDER.index(state.event) + 1 :] if state.event in _ORDER and state.event else _ORDER
        if "R" not in self.given and not self._values("R", state):
            fields = fields.replace("R", "")
        for place, letter in enumerate(fields):
            if letter in self.needed:
                return fields[: place + 1]
        raise AssertionError("the last field of a header is its key")

    def _values(self, letter: str, state: State) -> tuple[str, ...]:
        """The values of a field that go with the others."""
        values = _VALUES[letter]
        if letter == "R":
            return tuple(rhythm for rhythm in values if self._meters(RHYTHMS[rhythm]))
        if letter == "M":
            return self._meters(RHYTHMS.get(state.rhythm, values))
        if letter == "L":
            return tuple(unit for unit in values if self.fits(state.meter, unit))
        return values

    def _meters(self, meters: tuple[str, ...]) -> tuple[str, ...]:
        """Those of some meters that go with the meter and the unit note length that are given."""
        units = (self.given["L"],) if "L" in self.given else UNIT_NOTE_LENGTHS
        return tuple(
            meter for meter in meters
            if self.given.get("M", meter) == meter and any(self.fits(meter, unit) for unit in units)
        )  # fmt: skip

    def _after_header(self, state: State, symbol: str) -> State:
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

    # What may begin: an event, a bar line, a field; `text` says what stands before: line, bar, space, glue, field.

    def _in_start(self, state: State) -> set[str]:
        found = self._events(state)
        if state.text == "glue":
            return found
        if (
            state.text in ("line", "field")
            and state.fresh
            and self._may_open_repeat(state)
            and state.phase >= 0
        ):
            found.add("|")
        if state.text == "bar":
            found.add("\n")
        if state.text == "line" and self._may_end(state):
            found.add("\n")
        return found

    def _after_start(self, state: State, symbol: str) -> State:
        if symbol == "\n":
            return (
                state._replace(lex="end") if state.text == "line" else state._replace(text="line", alone=True)
            )
        state = state._replace(alone=state.text == "line" and symbol in _NOTE_LETTERS)
        if symbol in "|:":
            return state._replace(lex="bar", text=symbol)
        if symbol == "(":
            return state._replace(lex="tuplet")
        if state.tie:
            return self._force(state, symbol)
        if symbol in "^=_":
            return state._replace(lex="signs", text=symbol)
        if symbol in _NOTE_LETTERS:
            return state._replace(lex="note", text="", event=symbol)
        if symbol == "z":
            return state._replace(lex="length", text="", event="z")
        return state._replace(lex="bracket")

    def _force(self, state: State, symbol: str) -> State:
        rest = state.tie[len(symbol) :]
        if rest:
            return state._replace(lex="forced", text=rest)
        return state._replace(lex="length", text="", event=state.tie, tie="")

    def _in_forced(self, state: State) -> str:
        return state.text[0]

    def _after_forced(self, state: State, symbol: str) -> State:
        if state.text[1:]:
            return state._replace(text=state.text[1:])
        return state._replace(lex="length", text="", event=state.tie, tie="")

    def _events(self, state: State) -> set[str]:
        """The symbols that may begin an event, a tuplet or a field."""
        if state.text == "line" and state.ending == 1 and state.repeat == "closed":
            return {"["}  # the second ending has to come
        room = self._room(state)
        if not state.exact and not room:
            return set()
        found = {state.tie[0]} if state.tie else {*_NOTE_LETTERS, "^", "=", "_", "z", "["}
        if state.left:
            found.discard("[")  # abc2midi takes the notes of a chord for notes of the tuplet
        elif not state.exact and room >= 3 * self._finest(state) and state.tie[:1] != "[":
            found.add("(")
        return found

    def _room(self, state: State) -> int:
        """Ticks of the bar that are free."""
        return _full(state.meter) - state.filled

    def _finest(self, state: State) -> int:
        return int(_unit(state.unit) * FINEST)

    # Accidentals and notes.

    def _in_signs(self, state: State) -> set[str]:
        return {*_NOTE_LETTERS, state.text} if state.text in "^_" else set(_NOTE_LETTERS)

    def _after_signs(self, state: State, symbol: str) -> State:
        if symbol in _NOTE_LETTERS:
            return state._replace(lex="note", text="", event=symbol)
        return state._replace(text=state.text + symbol)

    def _in_note(self, state: State) -> set[str]:
        found = self._in_length(state._replace(text=""))
        if len(state.event) <= _OCTAVES:
            found.add("," if state.event[0].isupper() else "'")
        return found

    def _after_note(self, state: State, symbol: str) -> State:
        if symbol in ",'":
            return state._replace(event=state.event + symbol, alone=False)
        return self._after_length(state._replace(lex="length", text=""), symbol)

    def _in_length(self, state: State) -> set[str]:
        unit = _unit(state.unit)
        steps = _LENGTH_STEPS.get(state.text, {})
        found = {
            symbol
            for symbol, values in steps.items()
            if any(self._fits(state, unit * each) for each in values)
        }
        value = LENGTHS.get(state.text)
        if value is not None and self._fits(state, unit * value):
            found |= self._in_done(self._complete(state))
        return found

    def _after_length(self, state: State, symbol: str) -> State:
        if symbol in _LENGTH_STEPS.get(state.text, {}) and symbol in "0123456789/":
            return state._replace(text=state.text + symbol)
        return self._after_done(self._complete(state), symbol)

    def _fits(self, state: State, length: Fraction) -> bool:
        """Whether an event of this written length can stand here."""
        if state.exact:
            return length == state.exact
        return length * (state.q if state.left else 1) <= self._room(state)

    def _complete(self, state: State) -> State:
        """Close an event: its length is known now."""
        length = int(_unit(state.unit) * LENGTHS[state.text])
        filled, left, exact, last = state.filled, state.left, 0, length
        broken, state = state.broken, state._replace(broken=False)
        if not state.exact:
            filled += length * (state.q if left else 1)
        elif not left:
            last = 0  # the second note of a broken rhythm
        if left:
            left -= 1
            exact = length if left else 0
            last = length if left and not broken else 0
        return state._replace(
            lex="done", text="", filled=filled, left=left, q=state.q if left else 0, exact=exact, last=last,
            fresh=False, alone=state.alone and not state.text,
            notes=min(state.notes + (state.event != "z"), FEWEST_NOTES),
        )  # fmt: skip

    # Behind an event: ties, broken rhythm, spaces, bar lines, the next event.

    def _in_done(self, state: State) -> set[str]:
        found = self._in_tied(state)
        if state.event not in ("", "z") and not state.tie:
            found.add("-")
        if state.last and (state.left or state.last <= self._room(state)):
            found |= {"<", ">"}
        return found

    def _after_done(self, state: State, symbol: str) -> State:
        if symbol == "-":
            return state._replace(lex="tied", tie=state.event, event="", last=0)
        if symbol in "<>":
            filled = (
                state.filled if state.left else state.filled + state.last
            )  # a tuplet's is claimed already
            return state._replace(
                lex="broken", text=symbol, filled=filled, exact=state.last, event="", last=0, broken=True
            )
        return self._after_tied(state._replace(event="", last=0), symbol)

    def _in_tied(self, state: State) -> set[str]:
        found = self._events(state._replace(text=""))
        if found and not (state.left and state.exact == 0):
            found.add(" ")
        if state.left or state.exact:
            return found
        if self._room(state):
            found.add("\n")
        return found | self._bars(state)

    def _after_tied(self, state: State, symbol: str) -> State:
        if symbol == " ":
            return state._replace(lex="start", text="glue", event="")
        if symbol == "\n":
            return state._replace(lex="start", text="line", event="", alone=True)
        return self._after_start(state._replace(lex="start", text="", event=""), symbol)

    def _in_broken(self, state: State) -> set[str]:
        found = self._events(state._replace(text=""))
        if len(state.text) == 1 and state.exact >= 4 * self._finest(state):
            found.add(state.text)
        return found

    def _after_broken(self, state: State, symbol: str) -> State:
        if symbol in "<>":
            return state._replace(text=state.text + symbol)
        return self._after_start(state._replace(lex="start", text="glue"), symbol)

    # Tuplets and chords.

    def _in_tuplet(self, state: State) -> set[str]:
        meter, room, finest = parse_meter(state.meter), self._room(state), self._finest(state)
        return {str(p) for p in range(2, 10) if tuplet_time(p, meter) * finest <= room}

    def _after_tuplet(self, state: State, symbol: str) -> State:
        q = tuplet_time(int(symbol), parse_meter(state.meter))
        return state._replace(lex="start", text="glue", q=q, left=int(symbol))

    def _in_bracket(self, state: State) -> set[str]:
        if state.ending == 1 and state.repeat == "closed":
            return {"2"}
        found = {*_NOTE_LETTERS, "^", "=", "_"}
        if state.exact:
            return found
        found.add("K")
        if state.filled == 0 and state.fresh:
            found.add("L")
            if state.repeat == "closed":
                found.add("M")
        if self._may_begin_ending(state):
            found.add("1")
        return found

    def _after_bracket(self, state: State, symbol: str) -> State:
        if symbol in "KLM":
            return state._replace(lex="field", text=symbol)
        if symbol == "1":
            return state._replace(lex="start", text="bar", ending=1, ending_phase=state.filled)
        if symbol == "2":
            return self._second_ending(state)
        return state._replace(lex="chord", text=symbol)

    def _in_chord(self, state: State) -> set[str]:
        inner = state.text
        notes = sum(symbol in _NOTE_LETTERS for symbol in inner)
        if inner[-1] in "^=_":
            return {*_NOTE_LETTERS} | (
                {inner[-1]} if inner[-1] in "^_" and inner[-2:] != 2 * inner[-1] else set()
            )
        found: set[str] = set()
        if notes < _CHORD_NOTES:
            found |= {*_NOTE_LETTERS, "^", "=", "_"}
        if notes > 1:
            found.add("]")
        letter = inner.rstrip(",'")[-1]
        if len(inner) - len(inner.rstrip(",'")) < _OCTAVES:
            found.add("," if letter.isupper() else "'")
        return found

    def _after_chord(self, state: State, symbol: str) -> State:
        if symbol != "]":
            return state._replace(text=state.text + symbol)
        # abc2midi finds the notes that a chord is tied to only where no accidental stands between.
        plain = "" if set(state.text) & set("^=_") else f"[{state.text}]"
        return state._replace(lex="length", text="", event=plain)

    # Fields inside the tune.

    def _in_field(self, state: State) -> Iterable[str]:
        letter, value = state.text[0], state.text[2:]
        if len(state.text) == 1:
            return ":"
        values = _VALUES[letter]
        if letter == "L":
            # Every place that a repeat or an ending comes back to must be within reach of the new unit.
            values = tuple(
                unit for unit in values
                if can_be_filled(state.meter, unit)
                and max(state.phase, 0) % (_unit(unit) * FINEST) == 0
                and state.ending_phase % (_unit(unit) * FINEST) == 0
            )  # fmt: skip
        return _steps_of(values, value, "]")

    def _after_field(self, state: State, symbol: str) -> State:
        if symbol != "]":
            return state._replace(text=state.text + symbol)
        letter, value = state.text[0], state.text[2:]
        state = state._replace(lex="start", text="field")
        if letter == "L":
            return state._replace(unit=value)
        if letter == "M":
            return state._replace(meter=value, phase=0)
        return state

    # Bar lines, repeats and endings.

    def _bars(self, state: State) -> set[str]:
        """The symbols that may begin a bar line behind an event."""
        found: set[str] = set()
        if self._may_be_single(state) or (
            not state.tie and (self._may_be_double(state) or self._may_open_repeat(state))
        ):
            found.add("|")
        if not state.tie and not state.alone and self._may_close_repeat(state):
            found.add(":")
        return found

    def _is_full(self, state: State) -> bool:
        return state.filled == _full(state.meter)

    def _may_be_single(self, state: State) -> bool:
        return not state.fresh and (self._is_full(state) or state.phase < 0)

    def _may_be_double(self, state: State) -> bool:
        return not state.fresh and state.ending != 1 and self._may_end_section(state)

    def _may_end_section(self, state: State) -> bool:
        """Whether a section may end here: on a full bar, on the complement of its pick-up, behind the tune's pick-up.

        A section that has some bars, and a second ending, may end inside a bar as well: the next begins with the rest.
        """
        if self._is_full(state) or state.phase in (-1, state.filled):
            return True
        return state.bars == _SECTION_BARS or state.ending == 2

    def _may_open_repeat(self, state: State) -> bool:
        if state.repeat == "open" or state.ending == 1:
            return False
        return state.fresh or self._may_end_section(state)

    def _may_close_repeat(self, state: State) -> bool:
        """A repeat closes where its last bar and the pick-up at its beginning make one bar."""
        if state.fresh or state.repeat == "closed" or state.phase < 0:
            return False
        return state.filled == (state.phase or _full(state.meter))

    def _may_begin_ending(self, state: State) -> bool:
        return state.repeat != "closed" and state.ending == 0 and state.phase >= 0 and not state.tie

    def _may_end(self, state: State) -> bool:
        return (
            state.fresh and state.notes == FEWEST_NOTES and state.repeat != "open" and state.ending != 1
            and not state.tie
        )  # fmt: skip

    def _in_bar(self, state: State) -> set[str]:
        found: set[str] = set()
        if state.text == ":":
            found.add("|")
            if state.ending == 0:
                found.add(":")
            return found
        if state.text == ":|":
            return {"2", "\n"}
        if state.fresh:  # at the beginning of a line, behind another bar line
            return {":"}
        if self._may_be_single(state):
            found |= self._in_start(self._single(state))
            if self._may_begin_ending(state):
                found.add("1")
        if not state.tie:
            if self._may_be_double(state):
                found.add("|")
                if state.repeat != "open":
                    found.add("]")
            if self._may_open_repeat(state):
                found.add(":")
        return found

    def _after_bar(self, state: State, symbol: str) -> State:
        text = state.text + symbol
        if state.text == ":|":
            return (
                self._second_ending(state)
                if symbol == "2"
                else state._replace(lex="start", text="line", alone=True)
            )
        if text == "||":
            return self._double(state)
        if text == "|]":
            return self._double(state)
        if text == "|:":
            return self._open(state)
        if text == "|1":
            return self._single(state)._replace(ending=1, ending_phase=0)
        if text == "::":
            return self._open(self._close(state))
        if text == ":|":
            closed = self._close(state)
            return closed._replace(lex="bar", text=":|") if state.ending == 1 else closed
        return self._after_start(self._single(state), symbol)

    def _passed(self, state: State) -> State:
        """Behind a bar line; where it stands inside a bar, the bar goes on."""
        full = _full(state.meter)
        return state._replace(lex="start", text="bar", filled=state.filled % full, fresh=True)

    def _single(self, state: State) -> State:
        if state.phase < 0:
            # The tune's first bar: where it is a pick-up, the repeat ends on its complement.
            phase = (_full(state.meter) - state.filled) % _full(state.meter)
            return self._passed(state)._replace(filled=0, phase=phase)
        return self._passed(state)._replace(bars=min(state.bars + 1, _SECTION_BARS))

    def _double(self, state: State) -> State:
        passed = self._single(state) if state.phase < 0 else self._passed(state)
        return passed._replace(ending=0, bars=0)

    def _open(self, state: State) -> State:
        if state.phase < 0:
            state = state._replace(filled=0)
        state = self._passed(state)
        return state._replace(text="glue", phase=state.filled, repeat="open", ending=0, bars=0)

    def _close(self, state: State) -> State:
        return self._passed(state)._replace(repeat="closed", bars=0)

    def _second_ending(self, state: State) -> State:
        return state._replace(
            lex="start", text="bar", ending=2, filled=state.ending_phase, fresh=False, repeat="closed"
        )

    def _in_end(self, state: State) -> str:
        return ""


@lru_cache(maxsize=1024)
def can_be_filled(meter: str, unit: str) -> bool:
    """Whether notes of a unit note length fill the bars of a meter, whatever of a bar is left, and few of them do."""
    bar, length = parse_meter(meter).bar_length, parse_unit_note_length(unit)
    return bar is not None and bar % (length * FINEST) == 0 and bar <= _MOST_UNITS * length


@lru_cache(maxsize=256)
def _full(meter: str) -> int:
    length = parse_meter(meter).bar_length
    assert length is not None
    return int(ticks(length))


@lru_cache(maxsize=64)
def _unit(text: str) -> Fraction:
    return Fraction(ticks(parse_unit_note_length(text)))


def _steps_of(values: Iterable[str], start: str, end: str) -> set[str]:
    """The symbols that go on with one of some values, or end it."""
    return {(value + end)[len(start)] for value in values if (value + end).startswith(start)}
