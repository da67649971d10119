"""Turn the even eighths of a hornpipe's MIDI file into long and short ones, as players do and nobody writes.

A beat that is written as two halves, or as a dotted pair, is played as two thirds and one third. Triplets, and beats
with anything else in them, are played as they are written.
"""

import bisect
import logging
from collections.abc import Callable, Iterator
from fractions import Fraction

from abclm.midi.file import MidiFile
from abclm.notation.symbols import Bar, Timed
from abclm.notation.timing import quarters
from abclm.notation.tune import Tune

logger = logging.getLogger(__name__)

_SWUNG_RHYTHMS = ("hornpipe",)
# Where a beat is divided as it is written, and as it is played.
_SWUNG = {
    Fraction(1, 2): Fraction(2, 3),
    Fraction(3, 4): Fraction(2, 3),
    Fraction(1, 4): Fraction(1, 3),
}
_LONGEST_DIFFERENCE = Fraction(1, 16)

# A time as it is written and as it is played, in quarter notes.
Knot = tuple[Fraction, Fraction]


def swing(tune: Tune, midi: MidiFile) -> MidiFile:
    """Give the MIDI file of a tune the swing of its rhythm.

    Args:
        tune: the tune.
        midi: what `abc2midi` made of it.

    Returns:
        The file with its events moved; the same file where the rhythm has no swing, or where the file is not as
        long as the tune, so that nobody could say where its beats are.
    """
    move = swung(tune, midi)
    return midi if move is None else midi.moved(move)


def swung(tune: Tune, midi: MidiFile) -> Callable[[int], int] | None:
    """The function that gives the ticks at which something sounds with the swing of the tune's rhythm; None without."""
    if tune.stated_rhythm not in _SWUNG_RHYTHMS:
        return None
    knots, length = _knots(tune)
    if not knots:
        return None
    played = Fraction(max(note.end_ticks for note in midi.notes), midi.ticks_per_quarter)
    if not -_LONGEST_DIFFERENCE <= length - played <= Fraction(8):
        logger.info("%s: no swing, as abc2midi repeats it otherwise", tune.title)
        return None
    return _move(midi, knots)


def _knots(tune: Tune) -> tuple[list[Knot], Fraction]:
    """The times that swing moves, with the beats around them, which stay; and the length of the whole."""
    knots: dict[Fraction, Fraction] = {}
    end = Fraction(0)
    for start, beat, times in _beats(tune):
        end = max(end, times[-1])
        inside = {(time - start) / beat for time in times if start < time < start + beat}
        if len(inside) == 1 and (place := inside.pop()) in _SWUNG:
            knots[start] = start
            knots[start + place * beat] = start + _SWUNG[place] * beat
            knots[start + beat] = start + beat
    return sorted(knots.items()), end


def _beats(tune: Tune) -> Iterator[tuple[Fraction, Fraction, list[Fraction]]]:
    """Each beat as heard: its start, its length, and when notes begin or end in the bar that it stands in."""
    bar_length = tune.setting().meter.bar_length
    if bar_length not in (Fraction(1), Fraction(1, 2)):
        return
    full, beat = 4 * bar_length, bar_length
    times, after_short = [Fraction(0)], True
    for moment in _moments(tune):
        if moment is not None:
            times.append(moment)
            continue
        length = times[-1] - times[0]
        if not length:
            continue
        # A pick-up ends with a beat, and so does what makes up for a short bar before it.
        start = times[-1] - full if length < full and after_short else times[0]
        while start < times[-1]:
            yield start, beat, times
            start += beat
        after_short = length < full and not after_short
        times = times[-1:]


def _moments(tune: Tune) -> Iterator[Fraction | None]:
    """When each note, chord or rest ends, in the order in which they are heard; None at a bar line."""
    symbols = tune.playback.symbols
    now = Fraction(0)
    for index, _ in tune.playback.order():
        symbol = symbols[index]
        if isinstance(symbol, Timed):
            now += quarters(symbol.duration)
            yield now
        elif isinstance(symbol, Bar) and symbol.text:
            yield None
    yield None


def _move(midi: MidiFile, knots: list[Knot]) -> Callable[[int], int]:
    """What moves every event of a MIDI file, those between two knots in proportion."""
    written = [float(time * midi.ticks_per_quarter) for time, _ in knots]
    played = [float(time * midi.ticks_per_quarter) for _, time in knots]

    def move(ticks: int) -> int:
        place = bisect.bisect_right(written, ticks) - 1
        if place < 0 or place + 1 == len(written):
            return ticks
        part = (ticks - written[place]) / (written[place + 1] - written[place])
        return round(played[place] + part * (played[place + 1] - played[place]))

    return move
