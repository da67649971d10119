"""Turn a tune into the moments at which its notes sound, so that a player can show them in the score.

Why not verovio's timemap: it knows neither the swing of a hornpipe nor all the repeats that are heard.
"""

from dataclasses import dataclass
from fractions import Fraction
from xml.etree import ElementTree

from abclm.midi.file import MidiFile
from abclm.midi.swing import swung
from abclm.midi.tempo import beat_length
from abclm.notation.symbols import Timed
from abclm.notation.timing import quarters
from abclm.notation.tune import Tune
from abclm.score.musicxml import write_score
from abclm.score.voices import voices_of


@dataclass(frozen=True, slots=True)
class Moment:
    """When a note, chord or rest of the score sounds.

    Attributes:
        start, end: in seconds.
        name: its identifier in the score.
        bar: the number of its bar there.
    """

    start: float
    end: float
    name: str
    bar: str


@dataclass(frozen=True)
class Followed:
    """How a tune is followed.

    Attributes:
        moments: in the order in which they are heard.
        beat_seconds: of a beat, at the beginning.
        beats: in a bar; 1 where the bars are free.
    """

    moments: tuple[Moment, ...]
    beat_seconds: float
    beats: int


def follow(tune: Tune, midi: MidiFile) -> Followed:
    """Find when each note of a tune's score sounds.

    Args:
        tune: any tune.
        midi: the tune as `abclm.midi.performance.play` plays it.

    Raises:
        ConvertError: the tune has no score.
    """
    voice = voices_of(tune)[0][0]
    bars = _bars(write_score(tune)[0])
    playback = voice.canonical.playback
    names, times = [], [Fraction(0)]
    for index, _ in playback.order():
        symbol = playback.symbols[index]
        if isinstance(symbol, Timed):
            names.append(voice.names.get(symbol, ""))
            times.append(times[-1] + quarters(symbol.duration))
    move = swung(tune, midi)
    ticks = [int(time * midi.ticks_per_quarter) for time in times]
    seconds = midi.seconds([move(tick) for tick in ticks] if move else ticks)
    moments = (
        Moment(round(start, 3), round(end, 3), name, bars.get(name, ""))
        for name, start, end in zip(names, seconds, seconds[1:], strict=False)
    )
    meter = tune.setting().meter
    beat = 4 * beat_length(tune.meter)
    full = 4 * meter.bar_length if meter.bar_length else beat
    return Followed(
        tuple(moments), midi.seconds([int(beat * midi.ticks_per_quarter)])[0], max(1, round(full / beat))
    )


def _bars(musicxml: str) -> dict[str, str]:
    """The number of the bar of each note."""
    root = ElementTree.fromstring(musicxml[musicxml.index("<score-partwise") :])
    return {
        note.get("id", ""): measure.get("number", "")
        for measure in root.iterfind("part/measure")
        for note in measure.iterfind("note[@id]")
    }
