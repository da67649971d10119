"""Turn a tune into its beats: how long each pitch class sounds in each, where it stands, which chord is written there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from abclm.notation.fields import Meter, parse_meter
from abclm.notation.keys import Key, parse_key
from abclm.notation.pieces import NAMED_PIECE
from abclm.notation.symbols import Bar, Change, ChordSymbol, Jump, Shift, Timed, Tuplet, notes_of
from abclm.notation.timing import Ticks, ticks
from abclm.notation.tune import Tune

PLACES = ("first", "middle", "other")
"""Where in its bar a beat stands."""

PHRASES = ("last", "before last", "end of four", "before end of four", "begin of four", "other")
"""Where in its section the bar of a beat stands, counted from the end: phrases have four bars."""

_ATTACHED = ("grace", "decoration", "mark", "text", "slur", "tuplet")


@dataclass(frozen=True)
class Beat:
    """A beat of a bar, as written.

    Attributes:
        sounding: ticks that each pitch class sounds in it, 12 numbers from C up, as written.
        onsets: the pitch classes that begin with it.
        length: in ticks; less than a whole beat where a bar is short.
        place: index into `PLACES`.
        phrase: index into `PHRASES`.
        key: in force.
        section: number of the section, from 0; sections end at repeats and double bars.
        is_pick_up: whether it belongs to a short bar before a section.
        at: offset in the tune's text before the note that begins with it, and before what is attached to this note, such
            as decorations; -1 if no note or rest begins with it.
        chord: the chord symbol in force for most of it; None before the first.
        is_written: whether a chord symbol stands in it.
    """

    sounding: tuple[float, ...]
    onsets: frozenset[int]
    length: Ticks
    place: int
    phrase: int
    key: Key
    section: int
    is_pick_up: bool
    at: int
    chord: str | None
    is_written: bool


@dataclass
class _Bar:
    """A written bar: events with onset, duration, pitch classes and offset; chord symbols with onset.

    `ends_section` says that a repeat or a double bar follows, `is_before_repeat` that it only begins one.
    """

    meter: Meter
    key: Key
    section: int
    events: list[tuple[Ticks, Ticks, tuple[int, ...], int]] = field(default_factory=list)
    chords: list[tuple[Ticks, str]] = field(default_factory=list)
    length: Ticks = 0
    ends_section: bool = False
    is_before_repeat: bool = False


def beats_of(tune: Tune) -> list[Beat]:
    r"""Divide a tune into its beats, as written.

    A beat is what the lower number of the meter says, three of it in compound meters, a quarter in all bars of a whole
    note; without a meter a whole bar. The beats of a pick-up are counted from the end of the bar.

    Example:
        >>> tune = Tune.parse('X:1\nM:6/8\nL:1/8\nK:D\nA|"D"d2f afd|"A7"e3 A3|]\n')
        >>> [(PLACES[beat.place], beat.chord) for beat in beats_of(tune)]
        [('middle', None), ('first', 'D'), ('middle', 'D'), ('first', 'A7'), ('middle', 'A7')]
    """
    bars = _bars(tune)
    found: list[Beat] = []
    chord: str | None = None
    ends = [place for place, bar in enumerate(bars) if bar.ends_section or place == len(bars) - 1]
    before: Ticks = 0  # the length of a short bar that waits for the rest
    is_first = True
    for place, bar in enumerate(bars):
        full = bar.meter.bar_length and ticks(bar.meter.bar_length)
        is_short = full is not None and bar.length < full
        is_pick_up = is_short and is_first and (bar.is_before_repeat or not bar.ends_section)
        begin: Ticks = (
            full - bar.length if full and is_short and (is_pick_up or before + bar.length == full) else 0
        )
        before = bar.length if is_short and not begin else 0
        phrase = _phrase(next(end for end in ends if end >= place) - place)
        for beat in _beats(bar, begin, phrase, is_pick_up, chord):
            chord = beat.chord
            found.append(beat)
        if bar.chords:
            chord = bar.chords[-1][1]
        is_first = bar.ends_section
    return found


def _beats(bar: _Bar, begin: Ticks, phrase: int, is_pick_up: bool, chord: str | None) -> Iterator[Beat]:
    """Cut a bar whose first note stands at `begin`; `chord` is in force before it."""
    beat, full = _beat_length(bar.meter), bar.meter.bar_length and ticks(bar.meter.bar_length)
    beat = beat or bar.length
    at, end = begin // beat * beat, begin + bar.length
    while at < end:
        first, last = max(at, begin) - begin, min(at + beat, end) - begin
        sounding, onsets, offset = [0.0] * 12, set(), -1
        for onset, duration, classes, place in bar.events:
            share = min(onset + duration, last) - max(onset, first)
            if onset == first:
                onsets |= set(classes)
                offset = place if offset < 0 else offset
            if share > 0:
                for each in classes:
                    sounding[each] += float(share) / len(classes)
        within = at % full if full else at
        place_in_bar = 0 if within == 0 and at >= begin else 1 if full and 2 * within == full else 2
        written = [(onset, text) for onset, text in bar.chords if first <= onset < last]
        spans = [(first, chord), *written, (last, None)]
        lasting: dict[str | None, Ticks] = {}
        for (onset, text), (next_onset, _) in pairwise(spans):
            lasting[text] = lasting.get(text, 0) + next_onset - onset
        main = max(lasting, key=lambda text: (lasting[text], text is not None))
        yield Beat(
            tuple(sounding), frozenset(onsets), last - first, place_in_bar, phrase, bar.key, bar.section,
            is_pick_up, offset, main, bool(written),
        )  # fmt: skip
        chord = written[-1][1] if written else chord
        at += beat


def _beat_length(meter: Meter) -> Ticks | None:
    if meter.bar_length is None:
        return None
    if meter.bar_length == 1:  # C, C| and 2/2, too, which are written as 4/4
        return ticks(Fraction(1, 4))
    unit = Fraction(1, int(meter.text.rpartition("/")[2]))
    return ticks(3 * unit if meter.is_compound and unit < Fraction(1, 2) else unit)


def _phrase(left: int) -> int:
    """Index into `PHRASES` of a bar with so many bars behind it in its section."""
    if left < 2:
        return left
    return {0: 2, 1: 3, 3: 4}.get(left % 4, 5)


def _bars(tune: Tune) -> list[_Bar]:
    setting = tune.setting()
    meter, key, shift = setting.meter, setting.key, tune.music.shift
    found: list[_Bar] = []
    bar = _Bar(meter, key, 0)
    section, end = 0, tune.body_start
    for symbol in tune.music.symbols:
        if isinstance(symbol, Timed):
            classes = tuple(sorted({(note.pitch - shift) % 12 for note in notes_of(symbol)}))
            bar.events.append((bar.length, symbol.duration, classes, _before(tune.text, end, symbol.at)))
            bar.length += symbol.duration
        elif isinstance(symbol, ChordSymbol):
            bar.chords.append((bar.length, symbol.text))
        elif isinstance(symbol, Shift):
            shift = symbol.semitones
        elif isinstance(symbol, Change) and symbol.value:
            if symbol.letter == "K":
                key = parse_key(symbol.value)
            elif symbol.letter == "M":
                meter = parse_meter(symbol.value)
            if not bar.events:
                bar.key, bar.meter = key, meter
        elif isinstance(symbol, Bar) and symbol.text:
            is_end = symbol.double or symbol.starts_repeat or symbol.ends_repeat
            if bar.events:
                bar.ends_section = is_end
                bar.is_before_repeat = symbol.starts_repeat and not symbol.ends_repeat
                found.append(bar)
            elif found:
                found[-1].ends_section |= is_end
            section += is_end and bool(found) and found[-1].section == section
            bar = _Bar(meter, key, section, chords=bar.chords if not bar.events else [])
        if not isinstance(symbol, Jump | Tuplet):  # which belong to the note after them
            end = max(end, _end(tune.text, symbol.at))
    if bar.events:
        found.append(bar)
    return found


def _end(text: str, at: int) -> int:
    """Where the piece of music code ends that begins at an offset."""
    piece = NAMED_PIECE.match(text, at)
    return piece.end() if piece and piece[0] else at + 1


def _before(text: str, start: int, at: int) -> int:
    """Where a chord symbol goes: before what is attached to the note at `at`; the symbol before it ends at `start`."""
    found, line = at, max(start, text.rfind("\n", 0, at) + 1)
    for piece in NAMED_PIECE.finditer(text, line, at):
        if piece.lastgroup in _ATTACHED:
            found = min(found, piece.start())
        else:
            found = at
    return found
