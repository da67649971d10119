"""Turn a tune body into symbols: notes, rests, chords, bar lines, tuplets, fields, with their place in the text."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from abclm.notation.keys import ACCIDENTALS

MOST_PROBLEMS = 1000  # told of one tune; text that is no music at all has one at every character


class Problem(NamedTuple):
    """Something wrong in a tune, with its place.

    Attributes:
        line: in the text that was parsed, counted from 1.
        column: in that line, counted from 1.
        severity: `error` (it can't be played as written) or `warning`.
        message: what is wrong.
    """

    line: int
    column: int
    severity: str
    message: str


class Symbol:
    """One symbol of the music code. `at` is its offset in the tune's text."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at

    def __repr__(self) -> str:
        names = [name for cls in type(self).__mro__ for name in getattr(cls, "__slots__", ())]
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names if hasattr(self, name))
        return f"{type(self).__name__}({fields})"


class Timed(Symbol):
    """A symbol that takes time: note, chord or rest.

    Attributes:
        length: as written, a multiple of the unit note length, as text: `""`, `2`, `/2`, `3/2`.
        tied: whether a tie follows.
        duration: in ticks (`timing.WHOLE` a whole note), with broken rhythm and tuplets; set by `timing.measure`.
    """

    __slots__ = ("duration", "length", "tied")
    duration: int | Fraction

    def __init__(self, at: int, length: str) -> None:
        self.at = at
        self.length = length
        self.tied = False


class Note(Timed):
    """A note.

    Attributes:
        accidental: as written, in semitones, or None.
        step: diatonic steps above middle C (`C` is 0, `c` is 7, `B,` is -1).
        pitch: MIDI number, with key and accidentals in force; set by `timing.measure`.
        held: ticks that ties add to its duration; set by `timing.measure`.
        continued: whether it only continues a note tied before, and is not struck anew.
    """

    __slots__ = ("accidental", "continued", "held", "pitch", "step")
    pitch: int

    def __init__(self, at: int, length: str, accidental: int | None, step: int) -> None:
        self.at = at
        self.length = length
        self.tied = False
        self.accidental = accidental
        self.step = step
        self.held: int | Fraction = 0
        self.continued = False


class Rest(Timed):
    """A rest, or an invisible one; `bars` counts whole bars of a multi-measure rest (`Z4`), else 0."""

    __slots__ = ("bars",)

    def __init__(self, at: int, length: str, bars: int = 0) -> None:
        super().__init__(at, length)
        self.bars = bars


class Chord(Timed):
    """Notes that sound together. Its own `length` stands behind the bracket."""

    __slots__ = ("notes",)

    def __init__(self, at: int, length: str, notes: list[Note]) -> None:
        super().__init__(at, length)
        self.notes = notes


def struck(event: Timed) -> list[Note]:
    """The notes that begin to sound with an event: those of a note or chord that no tie continues."""
    if isinstance(event, Note):
        return [] if event.continued else [event]
    if isinstance(event, Chord):
        return [note for note in event.notes if not note.continued]
    return []


class Bar(Symbol):
    """A bar line.

    Attributes:
        starts_repeat, ends_repeat: `|:`, `:|`; both in `::`.
        double: `||`, `|]` or `[|` and their kind, which end a section.
        ending: passes on which the variant ending that begins here is played, or ().
        text: as written, without the ending; `""` for an ending that stands apart from a bar line.
    """

    __slots__ = ("double", "ending", "ends_repeat", "starts_repeat", "text")

    def __init__(self, at: int, text: str, ending: tuple[int, ...]) -> None:
        self.at = at
        self.text = text
        self.ending = ending
        self.ends_repeat = text[:1] == ":"
        self.starts_repeat = text[-1:] == ":"
        self.double = len(text) > 1 and not self.ends_repeat and not self.starts_repeat


class Tuplet(Symbol):
    """`(p:q:r`: p notes in the time of q, for the next r notes (ABC 2.1, section 4.13); q and r may be None."""

    __slots__ = ("p", "q", "r")

    def __init__(self, at: int, p: int, q: int | None, r: int | None) -> None:
        self.at = at
        self.p = p
        self.q = q
        self.r = r


class Broken(Symbol):
    """Broken rhythm: `steps` is 1 for `>`, 2 for `>>`, negative for `<` (ABC 2.1, section 4.4)."""

    __slots__ = ("steps",)

    def __init__(self, at: int, steps: int) -> None:
        self.at = at
        self.steps = steps


class Change(Symbol):
    """An information field inside the tune: `letter` and `value`."""

    __slots__ = ("letter", "value")

    def __init__(self, at: int, letter: str, value: str) -> None:
        self.at = at
        self.letter = letter
        self.value = value


class ChordSymbol(Symbol):
    """A chord symbol above the music, such as `G7`, without its quotes."""

    __slots__ = ("text",)

    def __init__(self, at: int, text: str) -> None:
        self.at = at
        self.text = text


class Space(Symbol):
    """White space, which ends a beam; `newline` where the line of music ends."""

    __slots__ = ("newline",)

    def __init__(self, at: int, newline: bool = False) -> None:
        self.at = at
        self.newline = newline


@dataclass(slots=True)
class Body:
    """The symbols of a tune body, what could not be read, and the voices found."""

    symbols: list[Symbol]
    problems: list[tuple[int, str, str]]  # (offset, severity, message)
    voices: dict[str, None]  # in the order in which they begin


_LENGTH = r"(?:\d+(?:/+\d*)?|/+\d*)?"
_NOTE = rf"([_=^]{{0,3}})([A-Ga-g])([,']*)({_LENGTH})"
_TOKENS = re.compile(
    rf"""(?P<note>{_NOTE}(-?))
    |(?P<invisible_bar>\[\|\])
    |(?P<bar>:*(?:\[\||\|)[|\]]*:*(?P<ending_a>\d[\d,\-]*)?|::+(?P<ending_b>\d[\d,\-]*)?)
    |(?P<space>[ \t]+)
    |(?P<slur_end>\))
    |(?P<tuplet>\((\d+)(?::(\d*))?(?::(\d*))?)
    |(?P<slur>\.?\()
    |(?P<broken>[<>]+)
    |(?P<rest>([zxZX])({_LENGTH}))
    |(?P<decoration>![A-Za-z0-9+.()<>~/:-]+!|\+[a-z.()<>0-9-]{{2,}}\+)
    |(?P<mark>y\d*|[.~`H-Yh-w])
    |(?P<tie>-)
    |(?P<text>"[^"]*")
    |(?P<grace>\{{[^{{}}]*\}})
    |(?P<ending>\[(\d[\d,\-]*))
    |(?P<field>\[(?P<letter>[A-Za-z]):(?P<value>[^\[\]]*)\])
    |(?P<chord>\[(?P<inner>(?:[^\[\]|"]|"[^"\[\]]*")*)\](?P<chord_length>{_LENGTH})(?P<chord_tie>-?))
    |(?P<old_chord>\+((?:[_=^]*[A-Ga-g][,']*{_LENGTH}){{2,}})\+)
    |(?P<string_ending>\["[^"]*")
    |(?P<number>\d[\d,\-]*)
    |(?P<line_break>[!$])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_IN_CHORD = re.compile(rf'{_NOTE}(-?)|(?P<skip>[.~`H-Yh-wyu ()-]|"[^"]*"|![^!]*!)|(?P<other>.)', re.DOTALL)
_FIELD_LINE = re.compile(r"([A-Za-z]):(?![|:])(.*)", re.DOTALL)
_CHORD_SYMBOL = re.compile(
    r"[A-G][#b]?(?:m|min|maj|M|dim|aug|sus|add|\+|o)?\d{0,2}(?:sus\d?|add\d|b5|#5)?(?:/[A-G][#b]?)?"
)
_STEP = {letter: index for index, letter in enumerate("CDEFGAB")} | {
    letter: index + 7 for index, letter in enumerate("cdefgab")
}
_MAX_NUMBER = 4096  # of a length or a tuplet; larger ones are an error, not a computation
_MAX_ODD_DENOMINATOR = 64  # so that sums of durations stay small fractions
_MAX_PASSES = 16  # of a variant ending
_QUOTED_PRINTABLE = re.compile(r"=(?:$|3D|20)")


def scan(text: str, start: int) -> Body:
    """Read a tune body.

    Args:
        text: the whole tune.
        start: the offset where the body begins.

    Returns:
        The symbols in order, of the first voice where there are several; nothing raises. Time and memory
        grow linearly with the text.
    """
    body = Body([], [], {})
    scanner = _Scanner(body)
    at = start
    for line in text[start:].split("\n"):
        scanner.line(line, at)
        at += len(line) + 1
    return body


class _Scanner:
    """Turns lines into symbols; what spans lines (voices, continuation) is kept here."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.symbols = body.symbols
        self.voices = body.voices
        self.skipping = False  # inside a voice other than the first
        self.strange = -1  # where the last character without meaning stands
        self.last: Timed | None = None

    def problem(self, at: int, severity: str, message: str) -> None:
        if len(self.body.problems) < MOST_PROBLEMS:
            self.body.problems.append((at, severity, message))

    def line(self, line: str, at: int) -> None:
        # `+:` goes on with the field before it, of which nothing is heard.
        if not line or line[0] == "%" or line[:2] == "+:":
            return
        if line[1:2] == ":" and (match := _FIELD_LINE.fullmatch(line)):
            self.field(match[1], match[2].split("%")[0].strip(), at)
            return
        if "%" in line:
            line = line.split("%")[0]
        bare = line.rstrip()
        if "=" in bare and _QUOTED_PRINTABLE.search(bare):
            bare = self.unquoted(bare, at)
        continued = bare.endswith("\\")
        self.music(bare[:-1] if continued else bare, at)
        if not continued and bare and not self.skipping:
            self.symbols.append(Space(at + len(line), newline=True))

    def unquoted(self, line: str, at: int) -> str:
        """Read what mail programs made of a line (RFC 2045, section 6.7); every symbol keeps its place."""
        self.problem(
            at, "warning", "the line is quoted-printable, as mail is; =3D is read as =, =20 as a space"
        )
        line = line.replace("=20", "   ").replace("=3D", "``=").rstrip()
        return line[:-1] + "\\" if line.endswith("=") else line

    def field(self, letter: str, value: str, at: int) -> None:
        if letter == "V":
            if self.last is not None and not self.voices:
                self.voices["1"] = None  # music before the first V: is the first voice's
            self.voices.setdefault(value.split()[0] if value else "", None)
            self.skipping = (value.split()[0] if value else "") != next(iter(self.voices))
        elif not self.skipping:
            self.symbols.append(Change(at, letter, value))

    def music(self, line: str, at: int) -> None:
        append = self.symbols.append
        for match in _TOKENS.finditer(line):
            kind = match.lastgroup
            if self.skipping and not (kind == "field" and match["letter"] == "V"):
                continue
            place = at + match.start()
            if kind == "note":
                signs, letter, octave, length, tie = match.group(2, 3, 4, 5, 6)
                note = self.note(place, signs, letter, octave, length)
                if tie:
                    note.tied = True
                append(note)
                self.last = note
            elif kind == "space":
                append(Space(place))
            elif kind == "bar":
                self.bar(place, match["bar"], match["ending_a"] or match["ending_b"] or "")
            else:
                getattr(self, f"on_{kind}")(place, match)

    def note(self, at: int, signs: str, letter: str, octave: str, length: str) -> Note:
        accidental = None
        if signs:
            accidental = ACCIDENTALS.get(signs)
            if accidental is None:
                self.problem(at, "error", f"{signs!r} is no accidental; use ^ ^^ = _ or __")
        step = _STEP[letter]
        if octave:
            step += 7 * (octave.count("'") - octave.count(","))
        if length:
            length = self.length(at, length)
        return Note(at, length, accidental, step)

    def length(self, at: int, length: str) -> str:
        """Bring a written length to `""`, `3`, `/2` or `3/2`."""
        if length.isdigit():
            above, below = length, "1"
        elif length[0] == "/" and length.strip("/") == "":
            above, below = "1", str(2 ** min(len(length), 12))
        else:
            above, slashes, below = re.fullmatch(r"(\d*)(/+)(\d*)", length).groups()  # type: ignore[union-attr]
            above, below = above or "1", below or str(2 ** min(len(slashes), 12))
        if len(above) > 4 or len(below) > 4:
            above = "0"
        key = (int(above), int(below))
        if not 0 < key[0] <= _MAX_NUMBER or not 0 < key[1] <= _MAX_NUMBER:
            self.problem(at, "error", f"the length {length[:20]} is out of range; give 1 to {_MAX_NUMBER}")
            return ""
        if key[1] & (key[1] - 1) and key[1] > _MAX_ODD_DENOMINATOR:
            self.problem(at, "error", f"the length {length[:20]} has a denominator that is no power of two")
            return ""
        return _LENGTHS.get(key) or _reduced(*key)

    def bar(self, at: int, text: str, ending: str) -> None:
        line = text[: len(text) - len(ending)] if ending else text
        self.symbols.append(Bar(at, line, self.passes(at, ending) if ending else ()))

    def passes(self, at: int, text: str) -> tuple[int, ...]:
        """The passes of a variant ending such as `1`, `1,3` or `1-3` (ABC 2.1, section 4.9)."""
        passes = _passes(text[:60])
        if not passes:
            self.problem(
                at, "error", f"{text[:20]!r} is no list of variant endings; give one such as 1 or 1,3"
            )
        return passes or (1,)

    def on_rest(self, at: int, match: re.Match[str]) -> None:
        letter, length = match.group("rest")[0], match.group("rest")[1:]
        if letter in "ZX":
            bars = int(length) if length.isdigit() and len(length) < 4 else 1
            self.last = Rest(at, "", bars)
        else:
            self.last = Rest(at, self.length(at, length) if length else "")
        self.symbols.append(self.last)

    def on_chord(self, at: int, match: re.Match[str]) -> None:
        inner, length, tie = match.group("inner", "chord_length", "chord_tie")
        notes = self.notes(at + 1, inner)
        if not notes:
            self.problem(at, "warning", f"[{inner[:20]}] holds no note and is passed over")
            return
        chord = Chord(at, self.length(at, length) if length else "", notes)
        chord.tied = bool(tie)
        self.symbols.append(chord)
        self.last = chord

    def notes(self, at: int, inner: str) -> list[Note]:
        notes = []
        for match in _IN_CHORD.finditer(inner):
            if match[2]:
                note = self.note(at + match.start(), match[1], match[2], match[3], match[4])
                note.tied = bool(match[5])
                notes.append(note)
            elif match["other"]:
                self.problem(at + match.start(), "warning", f"{match['other']!r} has no meaning in a chord")
        return notes

    def on_old_chord(self, at: int, match: re.Match[str]) -> None:
        chord = Chord(at, "", self.notes(at + 1, match["old_chord"][1:-1]))
        self.symbols.append(chord)
        self.last = chord

    def on_tie(self, at: int, match: re.Match[str]) -> None:
        if self.last is None or isinstance(self.last, Rest):
            self.problem(at, "warning", "a tie follows no note")
        else:
            self.last.tied = True

    def on_tuplet(self, at: int, match: re.Match[str]) -> None:
        numbers = [*match["tuplet"][1:].split(":"), "", ""]
        p, q, r = (int(part[:4]) if part else None for part in numbers[:3])
        if p is None or not 2 <= p <= 9 or q == 0 or r == 0 or (q or 1) > 64 or (r or 1) > 64:
            self.problem(at, "error", f"{match['tuplet'][:20]} is no tuplet; p is 2 to 9")
        else:
            self.symbols.append(Tuplet(at, p, q, r))

    def on_broken(self, at: int, match: re.Match[str]) -> None:
        text = match["broken"]
        if len(set(text)) > 1 or len(text) > 3:
            self.problem(at, "error", f"{text[:20]} is no broken rhythm; use up to three > or <")
        else:
            self.symbols.append(Broken(at, len(text) if text[0] == ">" else -len(text)))

    def on_text(self, at: int, match: re.Match[str]) -> None:
        text = match["text"][1:-1].strip()
        if _CHORD_SYMBOL.fullmatch(text):
            self.symbols.append(ChordSymbol(at, text))

    def on_ending(self, at: int, match: re.Match[str]) -> None:
        self.symbols.append(Bar(at, "", self.passes(at, match["ending"][1:])))

    def on_number(self, at: int, match: re.Match[str]) -> None:
        """A number behind a bar line that a space or the end of a line parts from it is a variant ending too."""
        before = next(
            (symbol for symbol in reversed(self.symbols[-3:]) if not isinstance(symbol, Space)), None
        )
        is_bar = isinstance(before, Bar) and not before.ending and before.at > self.strange
        if is_bar and match["number"][1:2] in ("", ",", "-"):
            self.symbols.append(Bar(at, "", self.passes(at, match["number"])))
        else:
            self.problem(at, "warning", f"{match['number'][:20]} has no meaning here and is passed over")

    def on_field(self, at: int, match: re.Match[str]) -> None:
        self.field(match["letter"], match["value"].strip(), at)

    def on_line_break(self, at: int, match: re.Match[str]) -> None:
        self.symbols.append(Space(at, newline=True))

    def on_other(self, at: int, match: re.Match[str]) -> None:
        character = match["other"]
        self.strange = at
        unclosed = {
            '"': "a text is not closed",
            "{": "grace notes are not closed",
            "[": "a chord is not closed",
        }
        if character in unclosed:
            self.problem(at, "error", f"{unclosed[character]}; the {character} is passed over")
        else:
            self.problem(at, "warning", f"{character!r} has no meaning here and is passed over")

    def _pass_over(self, at: int, match: re.Match[str]) -> None:
        pass

    # Engraving and ornaments: no part of the canonical tune, and nothing that is heard as a note.
    on_slur = on_slur_end = on_decoration = on_mark = on_grace = on_string_ending = on_invisible_bar = (
        _pass_over
    )


@lru_cache(maxsize=256)
def _passes(text: str) -> tuple[int, ...]:
    """The passes that a text such as `1,3-4` names, each once; () where it is no such text."""
    passes: dict[int, None] = {}
    for part in text.strip(",-").split(","):
        first, _, last = part.partition("-")
        if not (first.isdigit() and len(first) < 3 and (not last or (last.isdigit() and len(last) < 3))):
            return ()
        passes |= dict.fromkeys(range(int(first), int(last or first) + 1))
    return tuple(passes) if len(passes) <= _MAX_PASSES and 0 not in passes else ()


def _reduced(above: int, below: int) -> str:
    divisor = gcd(above, below)
    above, below = above // divisor, below // divisor
    text = ("" if above == 1 else str(above)) + ("" if below == 1 else f"/{below}")
    _LENGTHS[(above * divisor, below * divisor)] = text
    return text


_LENGTHS: dict[tuple[int, int], str] = {}
