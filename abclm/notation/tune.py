"""Turn ABC text into a Tune: its header fields, its music as symbols, notes and bars."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Self, TypeVar

from abclm.errors import NotationError
from abclm.notation.fields import (
    FIELDS,
    Meter,
    find_rhythm,
    parse_meter,
    parse_unit_note_length,
    read_tempo,
)
from abclm.notation.keys import parse_key
from abclm.notation.marks import Marks, marks_of
from abclm.notation.mended import begin_of, hidden_lines, mend
from abclm.notation.playing.ornaments import ornamented
from abclm.notation.playing.playback import Playback
from abclm.notation.problems import FURTHER, Finding
from abclm.notation.scanner import FURTHER_FIELD, Body, scan
from abclm.notation.symbols import Bar, Symbol, Timed, struck
from abclm.notation.timing import Setting, Ticks, measure, quarters


@dataclass(frozen=True, slots=True, order=True)
class HeardNote:
    """A note as heard.

    Attributes:
        onset: in quarter notes from the beginning of the tune.
        pitch: MIDI number, 60 is middle C.
        duration: in quarter notes, with ties joined.
    """

    onset: Fraction
    pitch: int
    duration: Fraction


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """A bar as written.

    Attributes:
        number: counted from 0; all bar lines count except endings without a bar line.
        notes: with onsets in quarter notes from the beginning of the bar; a tied note belongs to the bar where it begins.
        duration: total duration of the bar, in quarter notes.
    """

    number: int
    notes: tuple[HeardNote, ...]
    duration: Fraction


@dataclass(frozen=True)
class Tune:
    """The core of `abclm.Tune`, which says what its fields are; it can't be saved or shown."""

    text: str
    reference_number: int
    titles: tuple[str, ...]
    rhythm: str | None
    meter: str | None
    unit_note_length: str | None
    key: str
    body_start: int
    parts: str = ""
    transcription: str = ""
    tempo: str | None = None
    header_problems: tuple[Finding, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one tune.

        Args:
            text: the tune from its `X:` line to its end. Text before the first `X:` is ignored. A second `X:`,
                or an empty line after the first music, ends the tune.

        Returns:
            The tune. `check` finds problems in it.

        Raises:
            NotationError: the text has no `X:` field, or no `K:` field that ends the header.
        """
        if not isinstance(text, str):
            raise NotationError(f"a tune is text, and this is {type(text).__name__}")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        at = begin_of(text)
        if at < 0:
            raise NotationError("there is no tune: no line begins with X:, the reference number")
        return cls(**_read(*mend(text[at:])))

    @property
    def title(self) -> str:
        """The first title, or an empty string."""
        return self.titles[0] if self.titles else ""

    @property
    def body(self) -> str:
        """The text after the header."""
        return self.text[self.body_start :]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        """The header in one short line; `print` shows the tune."""
        fields = {"T": self.title or None, "R": self.rhythm, "M": self.meter, "K": self.key}
        shown = (f"{letter}:{value[:60]}" for letter, value in fields.items() if value is not None)
        return f"Tune({', '.join(shown)!r})"

    @cached_property
    def music(self) -> Body:
        """The symbols of the body, with durations and pitches."""
        body = scan(self.text, self.body_start)
        measure(body, self.setting())
        return body

    @cached_property
    def playback(self) -> Playback:
        """The order in which the symbols are heard."""
        return Playback(self.music, self.parts)

    @cached_property
    def marks(self) -> dict[Symbol, Marks]:
        """What stands at notes, chords and rests beside them: grace notes, decorations, slurs, words."""
        return marks_of(self.text, self.body_start, self.music, self.setting())

    def setting(self) -> Setting:
        """Key, meter and unit note length of the header; for a value that can't be read, the default of ABC 2.1."""
        meter = _or_none(parse_meter, self.meter) or Meter("none", None)
        unit = _or_none(parse_unit_note_length, self.unit_note_length) or meter.default_unit_note_length
        key = _or_none(parse_key, self.key) or parse_key("C")
        return Setting(key, meter, unit)

    @property
    def stated_rhythm(self) -> str | None:
        """The rhythm in its canonical spelling: from `R:`, from `Z: id:dc-reel-12`, or from a title."""
        for text in (self.rhythm or "", *re.findall(r"\bid:\S+", self.transcription), *self.titles):
            rhythm = find_rhythm(text)
            if rhythm:
                return rhythm
        return None

    @property
    def stated_tempo(self) -> str | None:
        """The tempo of the header in its canonical spelling, such as `3/8=50`; None if it has none that can be read."""
        return read_tempo(self.tempo or "", self.setting().unit) or None

    def notes(self, *, ornaments: bool = False) -> list[HeardNote]:
        r"""The notes as heard: repeats and part sequences are expanded, and ties are joined.

        Args:
            ornaments: whether grace notes, rolls, trills and such are played, and dotted notes are short, as in MIDI and
                sound; else they are left out.

        Returns:
            The notes in the order of onset, then pitch, without swing.

        Example:
            >>> tune = Tune.parse("X:1\nL:1/4\nK:G\n{a}G2 A|]\n")
            >>> [str(note.onset) for note in tune.notes(ornaments=True)]
            ['0', '1/8', '2']
        """
        heard = ornamented(self.playback, self.marks) if ornaments else self.playback.heard()
        return [HeardNote(quarters(onset), pitch, quarters(duration)) for onset, pitch, duration in heard]

    def bars(self) -> list[WrittenBar]:
        r"""The bars as written, without expanding repeats; a pick-up is a separate bar.

        Example:
            >>> [len(bar.notes) for bar in Tune.parse("X:1\nL:1/4\nK:D\nA|d2f2|e4|]\n").bars()]
            [1, 2, 1]
        """
        bars: list[WrittenBar] = []
        heard: list[tuple[Ticks, int, Ticks]] = []
        now: Ticks = 0
        for symbol in [*self.music.symbols, Bar(0, "|]", ())]:
            if isinstance(symbol, Bar):
                if now and symbol.text:
                    notes = (
                        HeardNote(quarters(on), pitch, quarters(length))
                        for on, pitch, length in sorted(heard)
                    )
                    bars.append(WrittenBar(len(bars), tuple(notes), quarters(now)))
                    heard, now = [], 0
            elif isinstance(symbol, Timed):
                for note in struck(symbol):
                    heard.append((now, note.pitch, note.duration + note.held))
                now += symbol.duration
        return bars

    def opening(self, bars: int = 2) -> str:
        r"""The music code of the first bars, without the bar line after them.

        Args:
            bars: number of whole bars, 1 or more; a pick-up before them is included.

        Example:
            >>> Tune.parse("X:1\nM:6/8\nK:Em\nB|:e2f gfe|dBA G3|e6:|\n").opening(2)
            'B|:e2f gfe|dBA G3'
        """
        written = self.bars()
        full = self.setting().meter.bar_length
        if full is not None and written and written[0].duration < 4 * full:
            bars += 1
        has_notes, ended = False, 0
        for symbol in self.music.symbols:
            if isinstance(symbol, Bar):
                ended += has_notes and bool(symbol.text)
                has_notes = False
                if ended == bars:
                    return self.text[self.body_start : symbol.at].strip()
            else:
                has_notes = True
        return self.body.strip()


_HEADER_LINE = re.compile(r"([A-Za-z+]):(.*)")


def _read(text: str, problems: list[Finding]) -> dict[str, Any]:
    """Read the header of a text that begins with an `X:` line into the fields of a `Tune`."""
    hidden = hidden_lines(text)
    values: dict[str, str] = {}
    titles: list[str] = []
    transcription: list[str] = []
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end] if at not in hidden else ""
        match = _HEADER_LINE.match(line)
        if match:
            letter, value = match[1], match[2].split("%")[0].strip()
            if letter in "KLMQ" and ":" in value and (further := FURTHER_FIELD.search(value)):
                problems.append((at, "warning", FURTHER.format(further[0].strip()[:20])))
                value = value[: further.start()]
            if letter == "X" and "X" in values:
                break
            if letter == "T":
                titles.append(value)
            elif letter == "Z":
                transcription.append(value)
            elif letter in FIELDS and FIELDS[letter].header:
                if letter in "MLKR" and letter in values:
                    problems.append((at, "warning", f"the field {letter}: stands twice in the header"))
                values[letter] = value
            elif letter != "+":
                problems.append((at, "warning", f"{letter}: is no field of a tune header"))
            if letter == "K":
                values["Z"] = " ".join(transcription)
                return _fields(text, values, titles, problems, end + 1, hidden)
        elif line.strip() and line[0] != "%":
            problems.append((at, "warning", "the line is no information field, and the header goes on"))
        at = end + 1
    raise NotationError(
        "there is no tune: the header has no K: field, which ends it", line=text[:at].count("\n")
    )


def _fields(
    text: str,
    values: dict[str, str],
    titles: list[str],
    problems: list[Finding],
    start: int,
    hidden: frozenset[int],
) -> dict[str, Any]:
    end = _BODY_END.search(text, max(start - 1, 0))
    while end and end.start() + 1 in hidden:
        end = _BODY_END.search(text, end.end())
    if end:
        # The empty line belongs to the tune before it.
        text = text[: end.start() + 1] + ("" if text.startswith("X:", end.end()) else "\n")
    number = re.match(r"\d{1,9}", values["X"])
    return {
        "text": text if text.endswith("\n") else text + "\n",
        "reference_number": int(number[0]) if number else 0,
        "titles": tuple(titles),
        "rhythm": values.get("R") or None,
        "meter": _first_value(values, "M"),
        "unit_note_length": _first_value(values, "L"),
        "key": values["K"],
        "parts": values.get("P", ""),
        "transcription": values.get("Z", ""),
        "tempo": values.get("Q") or None,
        "body_start": start,
        "header_problems": tuple(problems),
    }


# An empty line (ABC 2.1, section 2.2.3) or the next reference number ends a tune.
_BODY_END = re.compile(r"\n[ \t]*(?=\n)|\n(?=X:)")


def _first_value(values: dict[str, str], letter: str) -> str | None:
    """The value of a meter or a length, without music that follows it on the same line."""
    value = values.get(letter, "")
    match = re.match(r"[Cc]\|?(?=\s|$)|none\b|[(\d][\d+ )]*/\s*\d+", value)
    return (match[0] if match else value) or None


Value = TypeVar("Value")


def _or_none(parse: Callable[[str], Value], text: str | None) -> Value | None:
    if text is None:
        return None
    try:
        return parse(text)
    except NotationError:
        return None
