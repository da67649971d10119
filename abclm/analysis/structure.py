"""Turn a tune into figures of its structure: what comes back, how its parts end, what its title names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import fmean, median

import numpy as np
import numpy.typing as npt

from abclm.analysis.line import motifs
from abclm.analysis.parts import Part, parts_of
from abclm.notation.fields import find_rhythm
from abclm.notation.symbols import Chord, Note
from abclm.notation.tune import Tune

_PHRASE = 8  # bars
_LOWEST, _HIGHEST = 55, 88  # G3, E6: the compass of a fiddle in the first positions
_OCTAVE = 12


@dataclass(frozen=True)
class Figure:
    """A figure of the structure of a tune.

    Attributes:
        name: in tables and JSON.
        meaning: of its value for a set of tunes, which is the mean over the tunes that have it.
    """

    name: str
    meaning: str


FIGURES = (
    Figure("bar_5_is_1", "of the eight-bar phrases, those whose fifth bar is the first"),
    Figure(
        "bars_5_6_are_1_2",
        "of the eight-bar phrases, those whose fifth and sixth bars are the first and second",
    ),
    Figure(
        "lag_4_over_3",
        "share of the time with the pitch of four bars ago, less that with the pitch of three ago",
    ),
    Figure("last_bars_alike", "share of the last bars of the first two parts with the same pitch"),
    Figure("parts_on_tonic", "of the parts of four bars or more, those whose last note is the tonic"),
    Figure("ends_on_tonic", "of the tunes, those whose last note is the tonic"),
    Figure("long_last_note", "of the tunes, those whose last note is longer than their median note"),
    Figure("parts_of_four", "of the tunes, those whose parts all have a multiple of four bars"),
    Figure("distinct_bars", "of the full bars of two notes or more of a tune, those that differ"),
    Figure("motifs", "of the five-note shapes in the bars of a tune that differ, those that come again"),
    Figure("leap_over_octave", "of the tunes, those with a leap of more than an octave"),
    Figure("outside_g3_e6", "of the tunes, those with a note below G3 or above E6"),
    Figure("names_a_dance", "of the titles, those that name a dance"),
    Figure("names_another_dance", "of the titles that name a dance, those that name another than R:"),
)
"""Each is a number from 0 to 1 for a tune that has it; `lag_4_over_3` can be below 0."""


# The standard deviation of each feature among the 3,731 training tunes of `session`, printed by
# `benchmarks/statistic_units.py`. These are its units in the Fréchet distance.
FEATURES: dict[str, float] = {
    "bar_5_is_1": 0.4115,
    "bars_5_6_are_1_2": 0.374,
    "lag_4_over_3": 0.2365,
    "last_bars_alike": 0.3505,
    "parts_on_tonic": 0.3338,
    "ends_on_tonic": 0.3816,
    "long_last_note": 0.4154,
    "parts_of_four": 0.2143,
}


def structure_features(tune: Tune) -> npt.NDArray[np.float64]:
    """A tune as one point, in the units and the order of `FEATURES`; a figure that the tune doesn't have is 0."""
    found = structure(tune)
    return np.array([found.get(name, 0.0) / unit for name, unit in FEATURES.items()])


def structure(tune: Tune) -> dict[str, float]:
    r"""Measure the structure of a tune, as written.

    Returns:
        The value of each of `FIGURES` that the tune has: only eight-bar phrases have a fifth bar, for example. Empty for
        a tune of fewer than eight notes.

    Example:
        >>> tune = Tune.parse("X:1\nM:2/4\nL:1/8\nK:D\ndfaf|edef|gfed|e2A2|dfaf|edef|gfec|d4:|\n")
        >>> found = structure(tune)
        >>> found["bar_5_is_1"], found["bars_5_6_are_1_2"], found["ends_on_tonic"], found["distinct_bars"]
        (1.0, 1.0, 1.0, 0.7142857142857143)
    """
    parts = parts_of(tune)
    melody = [(note.duration + note.held, note.pitch) for note in melody_of(tune)]
    if len(melody) < 8:
        return {}
    pitches = [pitch for _, pitch in melody]
    last = parts[-1].last_note
    bars = [bar for part in parts for bar in part.bars if len(bar.notes) > 1]
    values: dict[str, float | None] = {
        **_phrases(parts),
        "last_bars_alike": _last_bars_alike(parts),
        "parts_on_tonic": _mean(
            part.last_note.on_tonic for part in parts if part.length >= 4 and part.last_note
        ),
        "ends_on_tonic": last and last.on_tonic,
        "long_last_note": melody[-1][0] > median(Fraction(duration) for duration, _ in melody),
        "parts_of_four": all(part.length % 4 == 0 and part.length > 0 for part in parts),
        "distinct_bars": len({bar.content for bar in bars}) / len(bars) if bars else None,
        "motifs": motifs(bars),
        "leap_over_octave": any(abs(after - before) > _OCTAVE for before, after in pairwise(pitches)),
        "outside_g3_e6": min(pitches) < _LOWEST or max(pitches) > _HIGHEST,
        **_title(tune),
    }
    return {name: float(value) for name, value in values.items() if value is not None}


def melody_of(tune: Tune) -> Iterator[Note]:
    """The notes that begin to sound, as written; of a chord the highest."""
    for symbol in tune.music.symbols:
        if isinstance(symbol, Note) and not symbol.continued:
            yield symbol
        elif isinstance(symbol, Chord):
            struck = [note for note in symbol.notes if not note.continued]
            if struck:
                yield max(struck, key=lambda note: note.pitch)


def _phrases(parts: Sequence[Part]) -> dict[str, float | None]:
    """Where bars come back in the eight-bar phrases of parts of 8 or 16 bars."""
    phrases = [
        part.bars[first : first + _PHRASE]
        for part in parts
        if len(part.bars) in (_PHRASE, 2 * _PHRASE)
        for first in range(0, len(part.bars), _PHRASE)
    ]

    def lag(bars: int) -> float | None:
        return _mean(
            phrase[at].likeness(phrase[at + bars]) for phrase in phrases for at in range(_PHRASE - bars)
        )

    four, three = lag(4), lag(3)
    return {
        "bar_5_is_1": _mean(phrase[0].content == phrase[4].content for phrase in phrases),
        "bars_5_6_are_1_2": _mean(
            all(phrase[at].content == phrase[at + 4].content for at in (0, 1)) for phrase in phrases
        ),
        "lag_4_over_3": None if four is None or three is None else four - three,
    }


def _last_bars_alike(parts: Sequence[Part]) -> float | None:
    if len(parts) < 2 or min(len(part.bars) for part in parts[:2]) < 4:
        return None
    one, two = (part.bars[-1] for part in parts[:2])
    return one.likeness(two)


def _title(tune: Tune) -> dict[str, float | None]:
    named = find_rhythm(tune.title) if tune.title else None
    rhythm = find_rhythm(tune.rhythm or "")
    is_other = None if named is None or rhythm is None else named not in rhythm  # a slip jig is a jig
    return {"names_a_dance": named is not None if tune.title else None, "names_another_dance": is_other}


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None
