"""Turn a tune into the voices of its score: the canonical form of each, with the marks of the notes it was made from.

The canonical form says what is played how often; what it leaves out is taken from the text that the user wrote.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from abclm.errors import ConvertError, NotationError
from abclm.notation.canonical.normalize import normalize
from abclm.notation.marks import Marks
from abclm.notation.scanner import scan
from abclm.notation.symbols import Bar, Chord, Note, Rest, Symbol, Timed
from abclm.notation.timing import measure
from abclm.notation.tune import Tune
from abclm.score.measures import Measure, measures_of
from abclm.system.words import counted

_VOICE = re.compile(r"^V:[ \t]*(\S+)[ \t]*(.*)$|\[V:[ \t]*([^\s\]]+)[ \t]*([^\]]*)\]", re.MULTILINE)
_NAME = re.compile(r'\b(?:name|nm)="?([^"\n]*?)(?:"|$|\s+\w+=)')
_CLEF = re.compile(
    r"(?:\bclef\s*=\s*|^|\s)\"?(treble|bass|tenor|alto|soprano|mezzosoprano|baritone)([-+_^]8)?\b"
)
# The sign of each clef and its line.
_CLEFS = {
    "treble": ("G", 2), "bass": ("F", 4), "tenor": ("C", 4), "alto": ("C", 3), "soprano": ("C", 1),
    "mezzosoprano": ("C", 2), "baritone": ("F", 3),
}  # fmt: skip


@dataclass
class Voice:
    """A voice of a score.

    Attributes:
        canonical: its canonical form.
        measures: those of its canonical form.
        name: what stands before its staff, or nothing.
        clef: the sign, the line, and by how many octaves it changes what is written.
        sources: for each note, chord and rest of the canonical form, the one that it was made from.
        marks: the marks of each of these.
        names: the identifier of each of them in the score: `n` and the offset of its source in the text; where it stands
            there again, with a number.
        written_out: whether D.C., D.S. or an order of parts is written out.
        has_loose_tie: whether one of its ties leads to no note.
    """

    canonical: Tune
    measures: list[Measure]
    name: str = ""
    clef: tuple[str, int, int] = ("G", 2, 0)
    sources: dict[Symbol, Symbol] = field(default_factory=dict)
    marks: dict[Symbol, Marks] = field(default_factory=dict)
    names: dict[Symbol, str] = field(default_factory=dict)
    written_out: bool = False
    has_loose_tie: bool = False


def voices_of(tune: Tune) -> tuple[list[Voice], list[str]]:
    """Read the voices of a tune.

    Args:
        tune: any tune.

    Returns:
        The voice whose notes are those of the tune, the others that have notes, and what the score leaves out.

    Raises:
        ConvertError: the tune has no note, or no canonical form.
    """
    try:
        first = _voice(tune)
    except NotationError as error:
        raise ConvertError(f"the tune can't be written as a score: {error}") from error
    if not _has_notes(first):
        raise ConvertError("the tune has no note to write; check its ABC")
    said = _settings(tune)
    _set_staff(first, tune.key, said.get(tune.music.voice, ""))
    left_out = []
    voices = [first]
    for name in tune.music.voices:
        other = _other(tune, name)
        if other is None:
            continue
        try:
            voice = _voice(other)
        except (NotationError, ConvertError) as error:
            left_out.append(f"voice {name} ({error})")
            continue
        if not _has_notes(voice):
            continue
        extra = len(voice.measures) - len(first.measures)
        if extra > 0:
            left_out.append(
                f"the last {counted(extra, 'bar')} of voice {name}, which the first voice doesn't have"
            )
        _set_staff(voice, tune.key, said.get(name, ""))
        voice.measures = _aligned(voice.measures, first.measures)
        voices.append(voice)
    return voices, left_out


def _voice(tune: Tune) -> Voice:
    canonical = normalize(tune, chord_symbols=True)
    passages = tune.playback.passages
    written_out = any(a.stop != b.body.start for a, b in pairwise(passages))
    voice = Voice(canonical, measures_of(canonical), written_out=written_out)
    voice.has_loose_tie = bool(tune.music.loose_ties)
    made = [symbol for symbol in canonical.music.symbols if isinstance(symbol, Timed)]
    sources = list(_written(tune))
    if len(made) == len(sources):
        voice.sources = dict(zip(made, sources, strict=True))
        marks = tune.marks
        voice.marks = {symbol: marks[source] for symbol, source in voice.sources.items() if source in marks}
        times: Counter[int] = Counter()
        for symbol, source in voice.sources.items():
            times[source.at] += 1
            again = f"-{times[source.at]}" if times[source.at] > 1 else ""
            voice.names[symbol] = f"n{source.at}{again}"
    if _begins_with_repeat(tune) and voice.measures[0].left is None:
        voice.measures[0].left = Bar(0, "|:")
    return voice


def _written(tune: Tune) -> Iterator[Symbol]:
    """The notes, chords and rests in the order in which the canonical form has them."""
    for passage in tune.playback.passages:
        for music in (passage.body, *(ending for _, ending in passage.endings)):
            for symbol in tune.playback.symbols[music.start : music.stop]:
                if isinstance(symbol, Rest) and symbol.bars:
                    yield from [symbol] * symbol.bars
                elif isinstance(symbol, Timed):
                    yield symbol


def _begins_with_repeat(tune: Tune) -> bool:
    for symbol in tune.music.symbols:
        if isinstance(symbol, Timed):
            return False
        if isinstance(symbol, Bar) and symbol.starts_repeat:
            return any(passage.times > 1 for passage in tune.playback.passages[:2])
    return False


def _has_notes(voice: Voice) -> bool:
    return any(isinstance(event.symbol, Note | Chord) for each in voice.measures for event in each.events)


def _other(tune: Tune, name: str) -> Tune | None:
    """The same tune with the notes of another voice; None if it has none."""
    body = scan(tune.text, tune.body_start, name)
    notes = [symbol for symbol in body.symbols if isinstance(symbol, Note | Chord)]
    own = next((symbol for symbol in tune.music.symbols if isinstance(symbol, Note | Chord)), None)
    if not notes or own is None or notes[0].at == own.at:
        return None
    measure(body, tune.setting())
    other = replace(tune)
    other.__dict__["music"] = body
    return other


def _aligned(measures: list[Measure], first: list[Measure]) -> list[Measure]:
    """Give a voice the bar lines of the first one, and as many measures."""
    aligned = []
    for number, leading in enumerate(first):
        own = measures[number] if number < len(measures) else Measure()
        aligned.append(replace(leading, events=own.events, begins_line=False))
    return aligned


def _settings(tune: Tune) -> dict[str, str]:
    """What the `V:` fields say of each voice."""
    said: dict[str, str] = {}
    for found in _VOICE.finditer(tune.text):
        name = found[1] or found[3]
        said[name] = f"{said.get(name, '')} {found[2] or found[4] or ''}".strip()
    return said


def _set_staff(voice: Voice, key: str, settings: str) -> None:
    if named := _NAME.search(settings):
        voice.name = named[1].replace("\\n", " ").strip()
    if found := _CLEF.search(settings) or _CLEF.search(key):
        octave = {"-": -1, "_": -1, "+": 1, "^": 1}.get((found[2] or "0")[0], 0)
        voice.clef = (*_CLEFS[found[1]], octave)
