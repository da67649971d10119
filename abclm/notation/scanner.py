"""Turn a tune body into symbols: notes, rests, chords, bar lines, tuplets and fields, with their offsets in the text."""

import re
from dataclasses import dataclass, field

from abclm.notation.pieces import (
    FIELD,
    MOST_REMEMBERED,
    NOTHING,
    NUMBER,
    PIECE,
    TIE,
    TIMED,
    UNTIMED,
    read_passes,
    read_piece,
    remembered_piece,
)
from abclm.notation.problems import MOST_PROBLEMS, Finding
from abclm.notation.symbols import Bar, Change, Note, Rest, Space, Symbol, Timed

_FIELD_LINE = re.compile(r"([A-Za-z]):(?![|:])(.*)", re.DOTALL)
_QUOTED_PRINTABLE = re.compile(r"=(?:$|3D|20)")
_UNCLOSED = {'"': "a text is not closed", "{": "grace notes are not closed", "[": "a chord is not closed"}


@dataclass(slots=True)
class Body:
    """The symbols of a tune body, and what else is known of it.

    Attributes:
        symbols: the symbols in order.
        problems: the problems in it.
        voices: the names of its voices in the order in which they begin.
        ties: the notes with a tie after them; set by `timing.measure`.
        loose_ties: those whose tie joins no note that follows in the text; set by `timing.measure`.
    """

    symbols: list[Symbol] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    voices: dict[str, None] = field(default_factory=dict)
    ties: list[Note] = field(default_factory=list)
    loose_ties: list[Note] = field(default_factory=list)


def scan(text: str, start: int) -> Body:
    """Read a tune body.

    Args:
        text: the whole tune.
        start: the offset where the body begins.

    Returns:
        The symbols in order; with several voices, those of the first. It raises no error. Time and memory
        grow linearly with the text.
    """
    scanner = _Scanner()
    at = start
    for line in text[start:].split("\n"):
        scanner.line(line, at)
        at += len(line) + 1
    return scanner.body


class _Scanner:
    """Turns lines into symbols, and keeps what spans several pieces or lines (voices, ties, continuation)."""

    def __init__(self) -> None:
        self.body = Body()
        self.symbols = self.body.symbols
        self.voices = self.body.voices
        self.skipping = False  # inside a voice other than the first
        self.strange = -1  # offset of the last character without meaning
        self.last: Timed | None = None

    def problem(self, at: int, severity: str, message: str) -> None:
        if len(self.body.problems) < MOST_PROBLEMS:
            self.body.problems.append((at, severity, message))

    def line(self, line: str, at: int) -> None:
        # `+:` continues the previous field, which is not heard.
        if not line or line[0] == "%" or line[:2] == "+:":
            return
        if line[1:2] == ":" and (match := _FIELD_LINE.fullmatch(line)):
            self.field(at, match[1], match[2].split("%")[0].strip())
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
        """Replace the codes of mail programs in a line (RFC 2045, section 6.7); every symbol keeps its offset."""
        self.problem(
            at, "warning", "the line is quoted-printable, as mail is; =3D is read as =, =20 as a space"
        )
        line = line.replace("=20", "   ").replace("=3D", "``=").rstrip()
        return line[:-1] + "\\" if line.endswith("=") else line

    def field(self, at: int, letter: str, value: str) -> None:
        if letter == "V":
            if self.last is not None and not self.voices:
                self.voices["1"] = None  # music before the first V: belongs to the first voice
            name = value.split()[0] if value else ""
            self.voices.setdefault(name, None)
            self.skipping = name != next(iter(self.voices))
        elif not self.skipping:
            self.symbols.append(Change(at, letter, value))

    def music(self, line: str, at: int) -> None:
        """Read the music code of a line."""
        append = self.symbols.append
        for text in PIECE.findall(line):
            kind, make, arguments, findings = (
                remembered_piece(text) if len(text) <= MOST_REMEMBERED else read_piece(text)
            )
            if self.skipping and text[:3] != "[V:":
                pass
            elif kind == TIMED:
                self.last = symbol = make(at, *arguments)
                append(symbol)
            elif kind == UNTIMED:
                append(make(at, *arguments))
            elif kind != NOTHING:
                self.surrounded(kind, at, text)
            if findings and not self.skipping:
                for offset, severity, message in findings:
                    self.problem(at + offset, severity, message)
            at += len(text)

    def surrounded(self, kind: str, at: int, text: str) -> None:
        """Read a piece whose meaning depends on its surroundings."""
        if kind == TIE:
            self.tie(at)
        elif kind == NUMBER:
            self.number(at, text)
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
