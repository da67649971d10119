"""The symbols of music code: notes, rests, chords, bar lines, tuplets and fields, with their offsets in the text."""

from dataclasses import dataclass, field
from fractions import Fraction

START, END, BOTH, SINGLE, DOUBLE, ENDING, PART = "|:", ":|", "::", "|", "||", "[", "P"
"""The kinds of symbols that control playback: bar lines, variant endings, and part labels."""
DA_CAPO, DAL_SEGNO, FINE, SEGNO, CODA, TO_CODA = "D.C.", "D.S.", "fine", "segno", "coda", "to coda"
"""The kinds of decorations that control playback (ABC 2.1, section 4.14)."""


@dataclass(slots=True, eq=False, repr=False)
class Symbol:
    """One symbol of the music code.

    Attributes:
        at: its offset in the tune's text.
        kind: its kind if it controls playback, or `""`.
    """

    at: int
    kind = ""

    def __repr__(self) -> str:
        names = [name for cls in type(self).__mro__ for name in getattr(cls, "__slots__", ())]
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names if hasattr(self, name))
        return f"{type(self).__name__}({fields})"


@dataclass(slots=True, eq=False, repr=False)
class Timed(Symbol):
    """A symbol with a duration: note, chord or rest.

    Attributes:
        length: the written multiple of the unit note length, as text: `""`, `2`, `/2`, `3/2`.
        tied: whether a tie follows.
        duration: in ticks (a whole note has `timing.WHOLE`), with broken rhythm and tuplets; set by `timing.measure`.
    """

    length: str
    tied: bool = False
    duration: int | Fraction = field(init=False)


@dataclass(slots=True, eq=False, repr=False)
class Note(Timed):
    """A note.

    Attributes:
        accidental: the written accidental in semitones, or None.
        step: diatonic steps above middle C (`C` is 0, `c` is 7, `B,` is -1).
        pitch: MIDI number, after key signature and accidentals; set by `timing.measure`.
        held: ticks that ties add to its duration; set by `timing.measure`.
        continued: whether a tie from the previous note continues in it, so that it does not begin to sound.
    """

    accidental: int | None = None
    step: int = 0
    pitch: int = field(init=False)
    held: int | Fraction = field(default=0, init=False)
    continued: bool = field(default=False, init=False)


@dataclass(slots=True, eq=False, repr=False)
class Rest(Timed):
    """A rest, visible or not; `bars` counts the bars of a multi-measure rest (`Z4`), else it is 0."""

    tied: bool = field(default=False, init=False)
    bars: int = 0


@dataclass(slots=True, eq=False, repr=False)
class Chord(Timed):
    """Notes that sound together. `length` is the length after the bracket."""

    notes: list[Note] = field(default_factory=list)


def notes_of(event: Timed | None) -> list[Note]:
    """The notes of a note or chord; none of a rest."""
    if isinstance(event, Note):
        return [event]
    return event.notes if isinstance(event, Chord) else []


def struck(event: Timed) -> list[Note]:
    """The notes that begin to sound at an event: the notes of a note or chord that don't continue a tie."""
    if isinstance(event, Note):
        return [] if event.continued else [event]
    if isinstance(event, Chord):
        return [note for note in event.notes if not note.continued]
    return []


class Bar(Symbol):
    """A bar line, or a variant ending.

    Attributes:
        kind: kind of the written bar line: START (`|:`), END (`:|`), BOTH (`::`), DOUBLE (`||`, `|]`, `[|` and
            similar, which end a section) or SINGLE; ENDING without a bar line.
        ending: passes in which the variant ending that begins here is played, or ().
        text: the written bar line, without the ending; `""` for an ending without a bar line.
    """

    __slots__ = ("ending", "kind", "text")

    def __init__(self, at: int, text: str, ending: tuple[int, ...] = ()) -> None:
        self.at = at
        self.text = text
        self.ending = ending
        if text[-1:] == ":":
            self.kind = BOTH if text[0] == ":" else START
        elif len(text) > 1:
            self.kind = END if text[0] == ":" else DOUBLE
        else:
            self.kind = SINGLE if text else ENDING

    @property
    def starts_repeat(self) -> bool:
        """Whether a repeat begins here, as in `|:` and `::`."""
        return self.kind in (START, BOTH)

    @property
    def ends_repeat(self) -> bool:
        """Whether a repeat ends here, as in `:|` and `::`."""
        return self.kind in (END, BOTH)

    @property
    def times_before(self) -> int:
        """How often the repeat that ends here is played: `:|` two times, `::|` three times (section 4.8)."""
        colons = len(self.text) - len(self.text.lstrip(":"))
        return (colons // 2 if colons == len(self.text) else colons) + 1

    @property
    def times_after(self) -> int:
        """How often the repeat that begins here is played: `|:` two times, `|::` three times."""
        colons = len(self.text) - len(self.text.rstrip(":"))
        return (colons // 2 if colons == len(self.text) else colons) + 1

    @property
    def double(self) -> bool:
        """Whether it is `||`, `|]`, `[|` or similar, which end a section."""
        return self.kind == DOUBLE


@dataclass(slots=True, eq=False, repr=False)
class Tuplet(Symbol):
    """`(p:q:r`: p notes in the time of q, for the next r notes (ABC 2.1, section 4.13); q and r may be None."""

    p: int
    q: int | None
    r: int | None


@dataclass(slots=True, eq=False, repr=False)
class Broken(Symbol):
    """Broken rhythm: `steps` is 1 for `>`, 2 for `>>`, negative for `<` (ABC 2.1, section 4.4)."""

    steps: int


class Change(Symbol):
    """An information field inside the tune: `letter` and `value`."""

    __slots__ = ("kind", "letter", "value")

    def __init__(self, at: int, letter: str, value: str) -> None:
        self.at = at
        self.letter = letter
        self.value = value
        self.kind = PART if letter == "P" else ""


class Jump(Symbol):
    """A decoration that controls playback, such as `!D.C.!`; `kind` says which."""

    __slots__ = ("kind",)

    def __init__(self, at: int, kind: str) -> None:
        self.at = at
        self.kind = kind


@dataclass(slots=True, eq=False, repr=False)
class Shift(Symbol):
    """From here on the notes sound other than they are written (ABC 2.1, section 4.6).

    Attributes:
        semitones: by how much.
        with_key: whether a `K:` field says so, whose key follows.
    """

    semitones: int
    with_key: bool = False


@dataclass(slots=True, eq=False, repr=False)
class ChordSymbol(Symbol):
    """A chord symbol above the music, such as `G7`, without its quotes."""

    text: str


@dataclass(slots=True, eq=False, repr=False)
class Space(Symbol):
    """White space, which ends a beam; `newline` at the end of a line of music."""

    newline: bool = False
