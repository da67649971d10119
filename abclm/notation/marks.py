"""Turn a tune's text into the marks at its notes: grace notes, decorations, slurs, annotations, labels, lyrics.

They are no part of the canonical form, and are not heard as notes. Scores show them; players play some of them (see
`abclm.notation.playing.ornaments`).
"""

import re
from dataclasses import dataclass, field

from abclm.errors import NotationError
from abclm.notation.keys import LETTERS, SEMITONES, parse_key
from abclm.notation.pieces import NAMED_PIECE, read_piece
from abclm.notation.scanner import Body
from abclm.notation.symbols import (
    DA_CAPO,
    DAL_SEGNO,
    FINE,
    TO_CODA,
    Bar,
    Change,
    Chord,
    Jump,
    Note,
    Shift,
    Space,
    Symbol,
    Timed,
    notes_of,
)
from abclm.notation.timing import Setting

# What a letter means where no `U:` field says otherwise (ABC 2.1, section 4.14 and 4.16).
_LETTERS = {
    "~": "roll", ".": "staccato", "H": "fermata", "L": "accent", "M": "lowermordent", "O": "coda", "P": "uppermordent",
    "S": "segno", "T": "trill", "u": "upbow", "v": "downbow", "J": "slide", "R": "roll",
}  # fmt: skip
_SYNONYMS = {
    "~": "roll", ".": "staccato", ">": "accent", "emphasis": "accent", "mordent": "lowermordent",
    "pralltriller": "uppermordent", "^": "marcato", "tr": "trill",
}  # fmt: skip
_BEHIND = (DA_CAPO, DAL_SEGNO, FINE, TO_CODA, "fermata", "invertedfermata")
_USER_DEFINED = re.compile(r"^U:\s*([H-Wh-w~])\s*=\s*[!+]?([^!+\n%]*?)[!+]?\s*(?:%.*)?$", re.MULTILINE)
_GRACE_NOTE = re.compile(r"[_=^]*[A-Ga-g][,']*[\d/]*")


@dataclass(frozen=True, slots=True)
class Grace:
    """A grace note: its diatonic step above middle C and its MIDI pitch."""

    step: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Syllable:
    """A syllable of lyrics; `hyphen` before the next one, `held` over the notes after it, `inner` after a hyphen."""

    text: str
    hyphen: bool = False
    inner: bool = False
    held: bool = False


@dataclass(slots=True)
class Marks:
    """What stands at a note, chord or rest.

    Attributes:
        graces: the grace notes before it.
        slash: whether they are an acciaccatura, `{/g}`.
        decorations: names such as `trill`, `staccato`, `upbow`.
        begins, ends: how many slurs begin and end at it.
        after: signs behind it, at its bar line: `D.C.`, `D.S.`, `fine`, `to coda`, `fermata`.
        texts_after: annotations there.
        texts: annotations and chord symbols of any text, as they stand between the quotes.
        labels: `P:`, `T:` and `Q:` fields before it, each a letter and a value.
        lyrics: verse -> syllable; verses are counted from 1.
        neighbours: the pitches of the notes below and above it in the key, for each of its notes.
    """

    graces: list[Grace] = field(default_factory=list)
    slash: bool = False
    decorations: list[str] = field(default_factory=list)
    begins: int = 0
    ends: int = 0
    after: list[str] = field(default_factory=list)
    texts_after: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)
    lyrics: dict[int, Syllable] = field(default_factory=dict)
    neighbours: dict[Note, tuple[int, int]] = field(default_factory=dict)


def marks_of(text: str, start: int, body: Body, setting: Setting) -> dict[Symbol, Marks]:
    """Find the marks of a tune's notes, chords and rests.

    Args:
        text: the whole tune.
        start: the offset where its body begins.
        body: its body, measured.
        setting: key and shift of the header.

    Returns:
        The marks of each symbol that has some.
    """
    return _Marker(text, start, body, setting).run()


class _Marker:
    def __init__(self, text: str, start: int, body: Body, setting: Setting) -> None:
        self.text, self.start, self.body = text, start, body
        self.letters = _LETTERS | {
            letter: _named(name) for letter, name in _USER_DEFINED.findall(text[:start]) if name
        }
        self.key, self.shift = setting.key, body.shift
        self.places = 7 if body.propagation == "pitch" else 128
        self.accidentals: dict[int, int] = {}
        self.found: dict[Symbol, Marks] = {}
        self.pending = Marks()
        self.last: Timed | None = None
        self.line: list[Timed | None] = []  # the notes of the line of music, None for a bar line
        self.sung: list[Timed | None] = []  # those of the line that `w:` follows
        self.verse = 0

    def run(self) -> dict[Symbol, Marks]:
        end = self.start
        for symbol in self.body.symbols:
            if symbol.at > end:
                self.between(end, symbol.at)
            end = max(end, self.end_of(symbol))
            self.symbol(symbol)
        self.between(end, len(self.text))
        self.close_bar()
        return self.found

    def close_bar(self) -> None:
        """Give the signs and words that stand before a bar line to the note before them."""
        behind = [name for name in self.pending.decorations if name in _BEHIND]
        if self.last is not None and (behind or self.pending.texts):
            marks = self.of(self.last)
            marks.after += behind
            marks.texts_after += self.pending.texts
            self.pending.texts = []
            self.pending.decorations = [name for name in self.pending.decorations if name not in _BEHIND]

    def end_of(self, symbol: Symbol) -> int:
        at = symbol.at
        if isinstance(symbol, Change) and self.text[at : at + 1] != "[":
            end = self.text.find("\n", at)
            return len(self.text) if end < 0 else end
        piece = NAMED_PIECE.match(self.text, at)
        return piece.end() if piece and piece[0] else at + 1

    def of(self, symbol: Symbol) -> Marks:
        return self.found.setdefault(symbol, Marks())

    def symbol(self, symbol: Symbol) -> None:
        if isinstance(symbol, Timed):
            self.timed(symbol)
        elif isinstance(symbol, Bar):
            self.close_bar()
            if symbol.text:
                self.accidentals.clear()
                self.line.append(None)
        elif isinstance(symbol, Space) and symbol.newline:
            if any(self.line):
                self.sung, self.line, self.verse = self.line, [], 0
        elif isinstance(symbol, Shift):
            self.shift = symbol.semitones
        elif isinstance(symbol, Jump):
            self.pending.decorations.append(symbol.kind)
        elif isinstance(symbol, Change):
            self.change(symbol)

    def timed(self, event: Timed) -> None:
        if isinstance(event, Chord):
            for piece in NAMED_PIECE.finditer(self.text, event.at + 1, self.end_of(event)):
                if piece.lastgroup in ("decoration", "mark"):
                    self.decoration(piece[0])
        for note in notes_of(event):
            if note.accidental is not None:
                self.accidentals[note.step % self.places] = note.accidental
        if self.pending != Marks():
            marks = self.pending
            if marks.decorations:
                for note in notes_of(event):
                    marks.neighbours[note] = (self.pitch(note.step - 1), self.pitch(note.step + 1))
            self.found[event] = marks
            self.pending = Marks()
        self.last = event
        if notes_of(event):
            self.line.append(event)

    def pitch(self, step: int, accidental: int | None = None) -> int:
        if accidental is not None:
            self.accidentals[step % self.places] = accidental
        alter = self.accidentals.get(step % self.places, self.key.signature[step % 7])
        pitch = 60 + 12 * (step // 7) + SEMITONES[LETTERS[step % 7]] + alter + self.shift
        return min(max(pitch, 0), 127)

    def change(self, change: Change) -> None:
        if change.letter == "K" and change.value:
            try:
                self.key = parse_key(change.value)
            except NotationError:
                return
            self.accidentals.clear()
        elif change.letter in "PTQ" and change.value:
            self.pending.labels.append((change.letter, change.value))
        elif change.letter == "w":
            if any(self.line):  # as where the line goes on after a backslash
                self.sung, self.line, self.verse = self.line, [], 0
            self.verse += 1
            self.sing(change.value)

    def between(self, start: int, end: int) -> None:
        """Read what stands between two symbols; lines of other voices, of words and comments are passed over."""
        lines = self.text[start:end].split("\n")
        parts = [lines[0], lines[-1]] if len(lines) > 1 else lines
        for place, part in enumerate(parts):
            if place and part.startswith("%"):
                continue
            if place and (voice := part.rfind("[V:")) >= 0:
                part = part[voice:].partition("]")[2]
            self.pieces(part)

    def pieces(self, text: str) -> None:
        for piece in NAMED_PIECE.finditer(text.partition("%")[0] if '"' not in text else text):
            kind, part = piece.lastgroup, piece[0]
            if kind in ("overlay", "field", "note", "chord", "rest"):
                # What follows belongs to an overlay or to another voice.
                self.pending = Marks(labels=self.pending.labels)
                return
            if kind == "slur_end" and self.last is not None:
                self.of(self.last).ends += 1
            elif kind == "slur":
                self.pending.begins += 1
            elif kind == "grace":
                self.grace(part[1:-1])
            elif kind in ("decoration", "mark"):
                self.decoration(part)
            elif kind in ("text", "string_ending"):
                self.pending.texts.append(part.strip('["'))

    def decoration(self, part: str) -> None:
        if len(part) > 1 and part[0] in "!+":
            self.pending.decorations.append(_named(part[1:-1]))
        elif part in self.letters:
            self.pending.decorations.append(self.letters[part])

    def grace(self, inner: str) -> None:
        self.pending.slash = inner.startswith("/")
        for found in _GRACE_NOTE.finditer(inner):
            arguments = read_piece(found[0]).arguments
            if len(arguments) == 4:
                _, _, accidental, step = arguments
                self.pending.graces.append(Grace(step, self.pitch(step, accidental)))

    def sing(self, words: str) -> None:
        """Give each note of the line its syllable (ABC 2.1, section 5.1)."""
        notes = iter(self.sung)
        syllable, last, inner = "", None, False  # type: str, Marks | None, bool

        def give(hyphen: bool) -> None:
            nonlocal syllable, last, inner
            note = next((note for note in notes if note is not None), None)
            last = None
            if note is not None:
                last = self.of(note)
                last.lyrics[self.verse] = Syllable(syllable, hyphen, inner)
            syllable, inner = "", hyphen

        place = 0
        while place < len(words):
            sign = words[place]
            place += 1
            if sign == "\\" and words[place : place + 1] == "-":
                syllable, place = syllable + "-", place + 1
            elif sign == "~":
                syllable += " "
            elif sign not in " \t|*_-":
                syllable += sign
            else:
                if syllable:
                    give(hyphen=sign == "-")
                elif sign == "-":  # another note for the syllable before it
                    next((note for note in notes if note is not None), None)
                if sign == "|":
                    next((note for note in notes if note is None), None)
                elif sign in "*_":
                    if sign == "_" and last is not None and self.verse in last.lyrics:
                        said = last.lyrics[self.verse]
                        last.lyrics[self.verse] = Syllable(said.text, said.hyphen, said.inner, held=True)
                    next((note for note in notes if note is not None), None)
        if syllable:
            give(hyphen=False)


def _named(name: str) -> str:
    name = name.strip()
    return _SYNONYMS.get(name, name)
