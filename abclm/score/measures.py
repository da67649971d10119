"""Turn a tune into written measures: notes with note values, beams, tuplets, endings and lines.

A length without a single note value, such as five eighths, is written as several tied notes.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from abclm.errors import ConvertError
from abclm.notation.fields import Meter
from abclm.notation.symbols import Bar, Change, ChordSymbol, Rest, Space, Symbol, Timed, Tuplet
from abclm.notation.timing import quarters
from abclm.notation.tune import Tune

# The names of the note values, each half as long as the one before.
_TYPES = ("long", "breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th",
          "512th", "1024th")  # fmt: skip
_LONG = Fraction(16)  # in quarter notes
_SHORTEST = _LONG / 2 ** (len(_TYPES) - 1)
_MOST_DOTS = 2
_MOST_IN_LINE = 44  # notes and rests on a staff


@dataclass(frozen=True)
class Value:
    """A note value: `type` with dots, `actual` notes in the time of `normal`; `duration` in quarter notes."""

    duration: Fraction
    type: str
    dots: int
    actual: int = 1
    normal: int = 1


@dataclass
class Event:
    """A note, chord or rest with its note values, a chord symbol, or a change of key or meter."""

    symbol: Symbol
    values: list[Value] = field(default_factory=list)
    beam: str = ""
    tuplet: str = ""


@dataclass
class Measure:
    """The music between two bar lines.

    Attributes:
        events: events in order.
        left: the bar line before it, if it begins a repeat.
        right: the bar line after it.
        ending: passes of the variant ending that begins with this measure, or ().
        closes_ending: how a variant ending stops at its end, in the terms of MusicXML, with the passes if the ending
            began earlier: `stop`, `discontinue 2`; or nothing.
        begins_line: whether a line of music begins with it.
        divided: whether no bar line follows, as it is the first part of a long one.
        duration: total duration, in quarter notes.
    """

    events: list[Event] = field(default_factory=list)
    left: Bar | None = None
    right: Bar | None = None
    ending: tuple[int, ...] = ()
    closes_ending: str = ""
    begins_line: bool = False
    divided: bool = False
    duration: Fraction = Fraction(0)


def measures_of(tune: Tune) -> list[Measure]:
    """Split the body at its bar lines; give every note its note values, its beam and its place in a tuplet."""
    measures = [Measure()]
    tuplet, left, beam = Tuplet(0, 0, None, None), 0, list[Event]()
    meter, cut_line = tune.setting().meter, False
    for symbol in tune.music.symbols:
        here = measures[-1]
        if isinstance(symbol, Bar):
            _close_beam(beam)
            measures = _close_measure(measures, symbol)
            if cut_line and symbol.text and not measures[-1].duration:
                # A line that ends inside a bar ends with it on the staff.
                measures[-1].begins_line, cut_line = True, False
        elif isinstance(symbol, Tuplet):
            tuplet = symbol
            left = symbol.r or symbol.p
        elif isinstance(symbol, Space):
            _close_beam(beam)
            if symbol.newline and not here.duration:
                here.begins_line = len(measures) > 1
            elif symbol.newline and _is_overfull(here, meter):
                # Music without bar lines is divided at its lines.
                here.divided = True
                measures.append(Measure(begins_line=True))
            else:
                cut_line = cut_line or symbol.newline
        elif isinstance(symbol, ChordSymbol) or (isinstance(symbol, Change) and symbol.letter in "KM"):
            here.events.append(Event(symbol))
        elif isinstance(symbol, Timed):
            event = Event(symbol)
            duration = quarters(symbol.duration)
            if left and tuplet.p:
                event.values = _values(duration, tuplet.p, tuplet.q or 1)
                first, last = left == (tuplet.r or tuplet.p), left == 1
                event.tuplet = "start" if first and not last else "stop" if last and not first else ""
                left -= 1
            else:
                event.values = _values(duration, 1, 1)
            here.events.append(event)
            here.duration += duration
            if isinstance(symbol, Rest) or not _has_flag(event):
                _close_beam(beam)
            else:
                beam.append(event)
    _close_beam(beam)
    if not measures[-1].duration and len(measures) > 1:
        measures.pop()
    _close_endings(measures)
    _break_long_lines(measures)
    return measures


def _is_overfull(measure: Measure, meter: Meter) -> bool:
    """Whether a measure is longer than a bar can be, or has none."""
    full = meter.bar_length
    return measure.duration > 4 if full is None else measure.duration > 4 * full


def _break_long_lines(measures: list[Measure]) -> None:
    """Split a line of music that is too long for a staff into about equal parts."""
    begins = [index for index, measure in enumerate(measures) if measure.begins_line or not index]
    for begin, end in pairwise([*begins, len(measures)]):
        counts = [sum(bool(event.values) for event in measure.events) for measure in measures[begin:end]]
        parts = -(-sum(counts) // _MOST_IN_LINE)
        seen, last = 0, 0.0
        for index, count in enumerate(counts):
            # A measure belongs to the part that contains its middle.
            part = (seen + count / 2) * parts // max(1, sum(counts))
            if index and part > last:
                measures[begin + index].begins_line = True
            last, seen = part, seen + count


def _close_measure(measures: list[Measure], bar: Bar) -> list[Measure]:
    """Put a bar line after the last measure, or before it if it is still empty."""
    here = measures[-1]
    if here.duration:
        if bar.text:
            here.right = bar
        here = Measure()
        measures.append(here)
    elif len(measures) > 1 and bar.text:
        measures[-2].right = bar if bar.ends_repeat or bar.double else measures[-2].right
    if bar.starts_repeat:
        here.left = bar
    here.ending = bar.ending or here.ending
    return measures


def _close_endings(measures: list[Measure]) -> None:
    """Close variant endings: at the end of a repeat, a double bar, the next ending or the end of the tune."""
    is_open = False
    for index, measure in enumerate(measures):
        is_open = is_open or bool(measure.ending)
        following = measures[index + 1] if index + 1 < len(measures) else None
        ends = following is None or following.ending or following.left is not None
        right = measure.right
        if is_open and (ends or (right is not None and (right.ends_repeat or right.double))):
            repeats = right is not None and (right.ends_repeat or right.double)
            measure.closes_ending = "stop" if repeats or following is None else "discontinue"
            is_open = False
            # The number is also written at the end of an ending.
            start = next(each for each in reversed(measures[: index + 1]) if each.ending)
            if start is not measure:
                measure.closes_ending += " " + format_passes(start.ending)


def _values(duration: Fraction, actual: int, normal: int) -> list[Value]:
    """The note values whose sum is a length, the longest first.

    Args:
        duration: sounding length in quarter notes.
        actual: number of notes of its tuplet,
        normal: which sound in the time of this number.
    """
    written = duration * actual / normal
    odd = written.denominator
    while odd % 2 == 0:
        odd //= 2
    if odd > 1:
        # For example a third of a note outside a triplet.
        below = 1 << (odd.bit_length() - 1)
        actual, normal = actual * odd, normal * below
        written = duration * actual / normal
    values = []
    while written >= _SHORTEST:
        plain, rank = _LONG, 0
        while plain > written:
            plain, rank = plain / 2, rank + 1
        dots, length = 0, plain
        while dots < _MOST_DOTS and length + plain / 2 ** (dots + 1) <= written:
            dots += 1
            length += plain / 2**dots
        if length != written:  # so that five eighths become a half and an eighth
            dots, length = 0, plain
        values.append(Value(length * normal / actual, _TYPES[rank], dots, actual, normal))
        written -= length
    if written or not values:
        raise ConvertError(f"the tune can't be written as a score: a note lasts {duration} of a quarter note")
    return values


def _has_flag(event: Event) -> bool:
    return len(event.values) == 1 and _TYPES.index(event.values[0].type) > _TYPES.index("quarter")


def _close_beam(beam: list[Event]) -> None:
    if len(beam) > 1:
        beam[0].beam, beam[-1].beam = "begin", "end"
        for event in beam[1:-1]:
            event.beam = "continue"
    beam.clear()


def format_passes(ending: tuple[int, ...]) -> str:
    """Write the passes in which a variant ending is played, such as `1,3`."""
    return ",".join(str(each) for each in ending)
