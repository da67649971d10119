"""Turn tunes into musical statistics: numbers for each note, each bar and each tune.

Tunes are measured as written; only their length is measured with repeats expanded. The highest note of a chord counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from abclm.analysis.sections import section_lengths
from abclm.analysis.similarity import bar_patterns
from abclm.notation.tune import HeardNote, Tune, WrittenBar

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Statistic:
    """A statistic of tunes, and the range of its values.

    Attributes:
        name: name in tables and JSON.
        unit: unit of its values.
        low: the lowest value; lower values count as this value.
        high: the highest value; higher values count as this value.
        per_tune: whether a tune has one value instead of one for each note or bar.
        meaning: description of the values.
        period: of values on a circle, how far it is once around: 12 semitones for pitch classes, of which the highest
            and the lowest are neighbours. 0 for values on a line.
    """

    name: str
    unit: str
    low: float
    high: float
    per_tune: bool
    meaning: str
    period: float = 0.0


STATISTICS = (
    Statistic("pitch", "semitones", 48, 96, False, "MIDI number of each note"),
    Statistic(
        "degree", "semitones", 0, 11, False, "semitones of each note above the tonic, without octaves", 12
    ),
    Statistic("interval", "semitones", -24, 24, False, "from each note to the next, upwards positive"),
    Statistic("duration", "quarter notes", 0, 4, False, "of each note, ties joined"),
    Statistic("onset", "bars", 0, 1, False, "where in its bar each note begins"),
    Statistic("bar_notes", "notes", 0, 16, False, "how many notes each bar has"),
    Statistic("contour", "semitones", -24, 24, False, "from the first note of each bar to that of the next"),
    Statistic("turns", "share", 0, 1, True, "of the notes before and after which the melody moves: it turns"),
    Statistic("range", "semitones", 0, 48, True, "from the lowest note to the highest"),
    Statistic("variety", "share", 0, 1, True, "of the bars of two notes or more, those that differ"),
    Statistic("length", "bars", 0, 128, True, "bars as heard, repeats played out"),
)


def measure(tune: Tune) -> dict[str, Floats] | None:
    r"""Measure one tune.

    Args:
        tune: any tune.

    Returns:
        The values of each of `STATISTICS`, at least one; None for a tune of fewer than two notes.

    Example:
        >>> tune = Tune.parse("X:1\nM:3/4\nL:1/4\nK:G\nGBd|G3|]\n")
        >>> found = measure(tune)
        >>> found["interval"].tolist(), found["turns"].tolist(), found["length"].tolist()
        ([4.0, 3.0, -7.0], [0.5], [2.0])
    """
    bars = [(bar, line) for bar in tune.bars() if (line := _melody(bar))]
    notes = [note for _, line in bars for note in line]
    if len(notes) < 2:
        return None
    pitches = [note.pitch for note in notes]
    moves = [after - before for before, after in pairwise(pitches)]
    firsts = [line[0].pitch for _, line in bars]
    tonic = tune.setting().key.tonic_pitch_class
    values: dict[str, Iterable[float | Fraction]] = {
        "pitch": pitches,
        "degree": ((pitch - tonic) % 12 for pitch in pitches),
        "interval": moves,
        "duration": (note.duration for note in notes),
        "onset": (note.onset / bar.duration for bar, line in bars for note in line),
        "bar_notes": (len(line) for _, line in bars),
        "contour": [after - before for before, after in pairwise(firsts)] or [0],
        "turns": [_turns(moves)],
        "range": [max(pitches) - min(pitches)],
        "variety": [_variety(tune, bars)],
        "length": [float(sum(section_lengths(tune)))],
    }
    return {
        each.name: np.clip(np.array([float(value) for value in values[each.name]]), each.low, each.high)
        for each in STATISTICS
    }


def _melody(bar: WrittenBar) -> list[HeardNote]:
    """The highest note at each position in a bar."""
    highest = {note.onset: note for note in bar.notes}  # they are in the order of onset, then pitch
    return list(highest.values())


def _variety(tune: Tune, bars: list[tuple[WrittenBar, list[HeardNote]]]) -> float:
    """The share of different bars among the written bars of two or more notes; 1 without such bars."""
    telling = sum(len(line) > 1 for _, line in bars)
    return len(bar_patterns(tune)) / telling if telling else 1.0


def _turns(moves: list[int]) -> float:
    """The share of successive intervals between which the direction changes; repeated notes are ignored."""
    steps = [move for move in moves if move]
    turning = sum((before > 0) != (after > 0) for before, after in pairwise(steps))
    return turning / (len(steps) - 1) if len(steps) > 1 else 0.0


# The standard deviation of each feature among the 3,731 training tunes of `session`, printed by
# `benchmarks/statistic_units.py`. These are the units of the Fréchet distance.
FEATURES = {
    "pitch_mean": 2.242,
    "pitch_deviation": 0.7927,
    "degree_mean": 0.5945,
    "degree_deviation": 0.3373,
    "interval_mean": 0.06995,
    "interval_deviation": 0.7244,
    "duration_mean": 0.1483,
    "duration_deviation": 0.1176,
    "onset_mean": 0.02748,
    "onset_deviation": 0.01195,
    "bar_notes_mean": 1.382,
    "bar_notes_deviation": 0.6335,
    "contour_mean": 0.4435,
    "contour_deviation": 1.667,
    "turns": 0.09526,
    "range": 3.431,
    "variety": 0.1405,
    "length": 12.09,
}


def features(measured: dict[str, Floats]) -> Floats:
    """A tune as one point: the value of each statistic, or the mean and standard deviation of several values.

    Args:
        measured: the result of `measure`.

    Returns:
        float64 (features,), in the units and the order of `FEATURES`.
    """
    found = raw_features(measured)
    return np.array([found[name] / unit for name, unit in FEATURES.items()])


def raw_features(measured: dict[str, Floats]) -> dict[str, float]:
    """The features in the units of the statistics."""
    found: dict[str, float] = {}
    for each in STATISTICS:
        values = measured[each.name]
        if each.per_tune:
            found[each.name] = float(values[0])
        else:
            found[f"{each.name}_mean"] = float(values.mean())
            found[f"{each.name}_deviation"] = float(values.std())
    return found
