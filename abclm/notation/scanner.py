"""Turn a tune body into symbols: notes, rests, chords, bar lines, tuplets and fields, with their offsets in the text."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from abclm.notation.keys import Transposition, names_key
from abclm.notation.mended import hidden_lines, is_prose
from abclm.notation.pieces import (
    FIELD,
    MOST_REMEMBERED,
    NOTHING,
    NUMBER,
    OVERLAY,
    PIECE,
    TIE,
    TIMED,
    UNTIMED,
    read_passes,
    read_piece,
    remembered_piece,
)
from abclm.notation.problems import FURTHER, LOSS, MOST_PROBLEMS, Finding
from abclm.notation.symbols import Bar, Change, Chord, Note, Rest, Shift, Space, Symbol, Timed

_FIELD_LINE = re.compile(r"([A-Za-z]):(?![|:])(.*)", re.DOTALL)
_QUOTED_SPACE = re.compile(r"=20(?!\d*\])")  # not in `[Q:1/4=20]`
_QUOTED_PRINTABLE = re.compile(rf"=$|=3D|{_QUOTED_SPACE.pattern}")
_UNCLOSED = {'"': "a text is not closed", "{": "grace notes are not closed", "[": "a chord is not closed"}


@dataclass(slots=True)
class Body:
    """The symbols of a tune body, and what is to be said of it.

    Attributes:
        symbols: in order; of several voices, those of the first that has notes.
        problems: what is wrong.
        voices: the names of the voices, in the order in which they begin.
        voice: the name of the voice whose symbols these are.
        losses: what is left out or changed (`voice`, `overlay`, `microtone`), each with its count and its first place.
        shift: semitones by which the first note sounds other than it is written.
        propagation: whether an accidental holds for its `pitch` in all octaves until the bar line, for its `octave`,
            or for its own note alone (`not`): the directive `propagate-accidentals` (section 11.3).
        ties: the notes with a tie after them; set by `timing.measure`.
        loose_ties: those whose tie joins no note that follows in the text; set by `timing.measure`.
    """

    symbols: list[Symbol] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    voices: dict[str, None] = field(default_factory=dict)
    voice: str = ""
    losses: dict[str, tuple[int, int]] = field(default_factory=dict)
    shift: int = 0
    propagation: str = "pitch"
    ties: list[Note] = field(default_factory=list)
    loose_ties: list[Note] = field(default_factory=list)


def scan(text: str, start: int, voice: str | None = None) -> Body:
    """Read a tune body.

    Args:
        text: the whole tune.
        start: the offset where the body begins.
        voice: the name of the voice to read; else the first that has notes.

    Returns:
        The body. It raises no error. Time and memory grow linearly with the text.
    """
    hidden = hidden_lines(text)
    header = text[:start].split("\n") if _IN_HEADER.search(text, 0, start) else []
    scanner = _Scanner(header, voice)
    scanner.read(text, start, hidden)
    if (
        voice is None
        and scanner.with_notes
        and not any(isinstance(symbol, Note | Chord) for symbol in scanner.symbols)
    ):
        voices = scanner.voices
        scanner = _Scanner(header, next(name for name in voices if name in scanner.with_notes))
        scanner.read(text, start, hidden)
        scanner.body.voices = voices
    body = scanner.body
    body.voice = next(iter(body.voices), "") if scanner.voice is None else scanner.voice
    if len(body.voices) > 1:
        body.losses["voice"] = (len(body.voices) - 1, start)
    return body


_IN_HEADER = re.compile(r"MIDI|propagate|octave|transpose|[+_^-](?:8|15)\b")
_PROPAGATION = re.compile(r"propagate-accidentals[\s=]+(not|octave|pitch)\b")
FURTHER_FIELD = re.compile(r"\s+[A-Za-z]:.*")
_LONGEST_SENTENCE = 1000
_LONGEST_LINE = 500_000  # characters; longer ones are no music, and would take minutes


class _Scanner:
    """Turns lines into symbols, and keeps what spans several pieces or lines (voices, ties, continuation).

    Args:
        header: lines of the header, if some of them may matter for the notes.
        voice: the name of the voice to read; else the first.
    """

    def __init__(self, header: list[str], voice: str | None = None) -> None:
        self.body = Body()
        self.symbols = self.body.symbols
        self.voices = self.body.voices
        self.voice = voice
        self.voice_name = ""  # of the current voice
        self.skipping = voice is not None  # inside another voice
        self.overlaid = False  # inside an overlay
        self.overlays_bars = False  # between `(&` and `&)`
        self.silent = self.skipping  # whether one of these leaves notes out
        self.with_notes: set[str] = set()  # voices that were skipped and have notes
        self.strange = -1  # offset of the last character without meaning
        self.last: Timed | None = None
        self.transposition = Transposition()
        self.shifted = 0  # semitones of the last shift
        self.settings: dict[str, str] = {}  # of each voice, in the header
        for line in header:
            self.header_line(line)
        self.all_voices = self.transposition
        for value in [*self.settings.values()][:1]:
            self.transposition = self.transposition.after_field(value)
        self.shift(0)

    def problem(self, at: int, severity: str, message: str) -> None:
        if len(self.body.problems) < MOST_PROBLEMS:
            self.body.problems.append((at, severity, message))

    def lose(self, kind: str, at: int) -> None:
        count, first = self.body.losses.get(kind, (0, at))
        self.body.losses[kind] = (count + 1, first)

    def read(self, text: str, at: int, hidden: frozenset[int]) -> None:
        for line in text[at:].split("\n"):
            if not hidden or at not in hidden:
                self.line(line, at)
            at += len(line) + 1

    def header_line(self, line: str) -> None:
        """Read what a line of the header says of pitches."""
        if line[:2] == "%%":
            self.directive(line[2:])
        elif line[:2] == "I:":
            self.directive(line[2:].strip())
        elif line[:2] == "K:":
            self.transposition = self.transposition.after_field(line[2:])
        elif line[:2] == "V:":
            name, _, value = line[2:].strip().partition(" ")
            self.settings[name] = f"{self.settings.get(name, '')} {value}"

    def line(self, line: str, at: int) -> None:
        # `+:` continues the previous field, which is not heard.
        if not line or line[:2] == "+:":
            return
        if line[0] == "%":
            if line[1:2] == "%" and not self.skipping:
                self.directive(line[2:])
                self.shift(at)
            return
        if line[1:2] == ":" and (match := _FIELD_LINE.fullmatch(line)):
            self.field(at, match[1], match[2].split("%")[0].strip())
            return
        if len(line) > _LONGEST_LINE:
            self.problem(
                at + _LONGEST_LINE,
                "error",
                f"the line is longer than {_LONGEST_LINE:,}; the rest is not read",
            )
            line = line[:_LONGEST_LINE]
        if "%" in line:
            line = line.split("%")[0]
        if "|" not in line and len(line) < _LONGEST_SENTENCE and is_prose(line):
            self.problem(at, "warning", "the line reads as words, not as music, and is passed over")
            return
        bare = line.rstrip()
        if "=" in bare and _QUOTED_PRINTABLE.search(bare):
            bare = self.unquoted(bare, at)
        continued = bare.endswith("\\")
        self.music(bare[:-1] if continued else bare, at)
        if not continued and bare and not self.skipping:
            self.symbols.append(Space(at + len(line), newline=True))

    def directive(self, text: str) -> None:
        """Read a directive, which stands in a `%%` line or in an `I:` field."""
        self.transposition = self.transposition.after_directive(text)
        if match := _PROPAGATION.match(text):
            self.body.propagation = match[1]

    def shift(self, at: int, with_key: bool = False) -> None:
        """Note the place from which on the notes are transposed otherwise."""
        semitones = self.transposition.semitones
        if self.last is None:
            self.body.shift = semitones
        elif semitones != self.shifted:
            self.symbols.append(Shift(at, semitones, with_key))
        self.shifted = semitones

    def unquoted(self, line: str, at: int) -> str:
        """Replace the codes of mail programs in a line (RFC 2045, section 6.7); every symbol keeps its offset."""
        self.problem(
            at, "warning", "the line is quoted-printable, as mail is; =3D is read as =, =20 as a space"
        )
        line = _QUOTED_SPACE.sub("   ", line).replace("=3D", "``=").rstrip()
        return line[:-1] + "\\" if line.endswith("=") else line

    def field(self, at: int, letter: str, value: str) -> None:
        if letter == "V":
            self.begin_voice(value)
            self.shift(at)
        elif self.skipping:
            pass
        else:
            if letter in "KLMQ" and ":" in value:
                value = self.without_further_fields(at, value)
            if letter == "K" and value:
                self.transposition = self.transposition.after_field(value)
                letter = "K" if names_key(value) else "N"
                self.shift(at, with_key=letter == "K")
            elif letter == "I":
                self.directive(value)
                self.shift(at)
            self.symbols.append(Change(at, letter, value))

    def without_further_fields(self, at: int, value: str) -> str:
        if found := FURTHER_FIELD.search(value):
            self.problem(at, "warning", FURTHER.format(found[0].strip()[:20]))
            return value[: found.start()]
        return value

    def begin_voice(self, value: str) -> None:
        if self.last is not None and not self.voices:
            self.voices["1"] = None  # music before the first V: belongs to the first voice
        name, _, settings = value.partition(" ")
        is_new = name not in self.voices
        self.voices.setdefault(name, None)
        self.voice_name = name
        self.skipping = name != (self.voice if self.voice is not None else next(iter(self.voices)))
        self.silent = self.skipping
        self.overlaid = self.overlays_bars = False
        if not self.skipping:
            if is_new and self.settings:
                self.transposition = self.all_voices.after_field(self.settings.get(name, ""))
            self.transposition = self.transposition.after_field(settings)

    def music(self, line: str, at: int) -> None:
        """Read the music code of a line."""
        append = self.symbols.append
        for text in PIECE.findall(line):
            size = len(text)
            kind, make, arguments, findings = (
                remembered_piece(text) if size <= MOST_REMEMBERED else read_piece(text)
            )
            if self.silent:
                self.left_out(kind, make, arguments, at, text)
            elif kind == TIMED:
                self.last = symbol = make(at, *arguments)
                append(symbol)
            elif kind == UNTIMED:
                append(make(at, *arguments))
            elif kind != NOTHING:
                self.surrounded(kind, at, text)
            if findings and not self.silent:
                for offset, severity, message in findings:
                    if severity == LOSS:
                        self.lose(message, at + offset)
                    else:
                        self.problem(at + offset, severity, message)
            at += size

    def left_out(
        self, kind: str, make: Callable[..., Any], arguments: tuple[Any, ...], at: int, text: str
    ) -> None:
        """Pass over a piece of another voice or of an overlay, unless it ends this."""
        if text[:3] == "[V:":
            self.field(at, "V", text[3:-1].strip())
        elif self.skipping:
            if kind == TIMED and make is not Rest:
                self.with_notes.add(self.voice_name)
        elif kind == OVERLAY:
            self.overlay(at, text)
        elif make is Bar and not self.overlays_bars:
            self.overlaid = self.silent = False
            self.symbols.append(make(at, *arguments))

    def overlay(self, at: int, text: str) -> None:
        """Begin or end an overlay: `&` to the next bar line, or `(& ... & ... &)` over several bars (section 7.4)."""
        if text[-1] == ")":
            self.overlaid = self.overlays_bars = False
        elif text[0] == "(":
            self.overlays_bars = True
        else:
            self.overlaid = True
            self.lose("overlay", at)
        self.silent = self.overlaid

    def surrounded(self, kind: str, at: int, text: str) -> None:
        """Read a piece whose meaning depends on its surroundings."""
        if kind == TIE:
            self.tie(at)
        elif kind == NUMBER:
            self.number(at, text)
        elif kind == OVERLAY:
            self.overlay(at, text)
        elif kind == FIELD:
            self.field(at, text[1], text[3:-1].strip())
        else:
            self.strange_character(at, text)

    def tie(self, at: int) -> None:
        if self.last is None or isinstance(self.last, Rest):
            self.problem(at, "warning", "a tie follows no note")
        else:
            self.last.tied = True

    def number(self, at: int, text: str) -> None:
        """Read a number after a bar line and a space or a line end as a variant ending."""
        before = next(
            (symbol for symbol in reversed(self.symbols[-3:]) if not isinstance(symbol, Space)), None
        )
        is_bar = isinstance(before, Bar) and not before.ending and before.at > self.strange
        if is_bar and text[1:2] in ("", ",", "-"):
            passes, findings = read_passes(text)
            self.symbols.append(Bar(at, "", passes))
            for _, severity, message in findings:
                self.problem(at, severity, message)
        else:
            self.problem(at, "warning", f"{text[:20]} has no meaning here and is passed over")

    def strange_character(self, at: int, text: str) -> None:
        self.strange = at
        if text in _UNCLOSED:
            self.problem(at, "error", f"{_UNCLOSED[text]}; the {text} is passed over")
        else:
            self.problem(at, "warning", f"{text!r} has no meaning here and is passed over")
