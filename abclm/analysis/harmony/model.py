"""Turn the beats of a tune into a chord for each, by a small model whose figures were learned from tunes with chords.

A logistic regression says how likely each chord is at a beat, from the pitch classes in the beat, its half bar and its
bar, and from where the beat stands. The sequence of chords is the likeliest with these and with how often a chord stays
or is followed by another (Viterbi). All is counted from the tonic. `chords.json` has the figures; they are printed by
`benchmarks/chords.py`, which says how good they are.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from abclm.analysis.harmony.beats import PHRASES, PLACES, Beat
from abclm.notation.keys import LETTERS, SEMITONES, Key, make_key

Floats = npt.NDArray[np.float64]

TONES: dict[str, tuple[int, ...]] = {"": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10)}
"""Kinds of chords, and their notes in semitones above the root."""

PRIOR = 0.7
"""The share of the logarithm of a chord's frequency that is taken off what the regression says, since how often a chord
is followed by another has it, too."""

OUTSIDE = 3.0
"""Nats that a chord costs for a note that Dorian, Mixolydian and so on do not have, and minor or major has: the tunes
that the figures are from are in major and minor."""

_IMPOSSIBLE = -1e9
_MINOR = ("m", "dor", "phr", "loc")


class Degree(NamedTuple):
    """A chord by its root, in semitones above the tonic, and its kind, a key of `TONES`."""

    root: int
    kind: str


@dataclass(frozen=True)
class Table:
    """The figures for one mode, major or minor.

    Attributes:
        chords: the chords that are known.
        weights: of the regression, `(features + 1, chords)`, the last row for what is always there.
        frequency: logarithm of the share of the time that each chord has, `(chords,)`.
        change: logarithm of how often a chord that ends is followed by another, `(chords, chords)`.
        stay: how often a chord goes on, by place and phrase of the next beat, `(phrases * places,)`.
    """

    chords: tuple[Degree, ...]
    weights: Floats
    frequency: Floats
    change: Floats
    stay: Floats

    def paths(self, beats: Sequence[Beat], costs: Floats, given: Sequence[int | None]) -> list[int]:
        """The likeliest sequence of chords, as places in `chords`.

        Args:
            beats: at least one; where no note or rest begins with one, the chord before it goes on.
            costs: nats that each chord costs beside what the figures say, `(chords,)`.
            given: the chords that are known already.
        """
        inputs = np.hstack([features(beats), np.ones((len(beats), 1))])
        scores = _log_softmax(inputs @ self.weights) - PRIOR * self.frequency - costs
        for place, chord in enumerate(given):
            if chord is not None:
                scores[place] = np.where(np.arange(len(self.chords)) == chord, scores[place], _IMPOSSIBLE)
        is_same = np.eye(len(self.chords), dtype=bool)
        best, before = scores[0] + self.frequency, []
        for beat, score in zip(beats[1:], scores[1:], strict=True):
            stay = self.stay[_context(beat)]
            may_change = beat.at >= 0 or beat.is_written
            move = np.where(
                is_same, np.log(stay), np.log1p(-stay) + self.change if may_change else _IMPOSSIBLE
            )
            paths = best[:, None] + move
            before.append(paths.argmax(axis=0))
            best = paths.max(axis=0) + score
        found = [int(best.argmax())]
        for choice in reversed(before):
            found.append(int(choice[found[-1]]))
        return found[::-1]


def find_chords(beats: Sequence[Beat], given: Sequence[str | None] = ()) -> list[str | None]:
    """Find a chord for each beat.

    Args:
        beats: of a tune.
        given: the chords of the beats that have one already, None for the others; empty for none.

    Returns:
        Chord symbols such as `G`, `Em`, `D7`; None for the beats of a pick-up.
    """
    found: list[str | None] = [None] * len(beats)
    kept = [place for place, beat in enumerate(beats) if not beat.is_pick_up]
    cuts = [
        0,
        *(n for n, (one, two) in enumerate(pairwise(kept), 1) if beats[one].key != beats[two].key),
        len(kept),
    ]
    for begin, end in pairwise(cuts):  # a key at a time
        places = kept[begin:end]
        if not places:
            continue
        key = beats[places[0]].key
        table = read_table(key.mode in _MINOR)
        known = {_name(degree, key): number for number, degree in enumerate(table.chords)}
        asked = [known.get(given[place] or "") if given else None for place in places]
        costs = np.array([OUTSIDE * _is_outside(degree, key) for degree in table.chords])
        for place, chord in zip(
            places, table.paths([beats[place] for place in places], costs, asked), strict=True
        ):
            found[place] = _name(table.chords[chord], key)
    return found


def features(beats: Sequence[Beat]) -> Floats:
    """What the regression reads of beats, `(beats, features)`.

    The share of the time that each pitch class sounds in the beat, in its half bar and in its bar, the pitch classes that
    begin with the beat, counted from the tonic, and which of the places and phrases it stands in.
    """
    sounding = np.array([np.roll(beat.sounding, -beat.key.tonic_pitch_class) for beat in beats])
    begins = np.array(
        [[(beat.key.tonic_pitch_class + step) % 12 in beat.onsets for step in range(12)] for beat in beats]
    )
    length = np.array([float(beat.length) for beat in beats])
    places = np.array([beat.place for beat in beats])
    where = np.eye(len(PHRASES) * len(PLACES))[[_context(beat) for beat in beats]]
    half, bar = (_means(sounding, length, np.cumsum(np.isin(places, begin))) for begin in ((0, 1), (0,)))
    return np.hstack([sounding / length[:, None], begins, half, bar, where])


@functools.cache
def read_table(is_minor: bool) -> Table:
    """Read the figures of a mode."""
    file = resources.files("abclm.analysis.harmony") / "chords.json"
    values = json.loads(file.read_text(encoding="utf-8"))["minor" if is_minor else "major"]
    chords = tuple(Degree(root, kind) for root, kind in values.pop("chords"))
    return Table(chords, **{name: np.array(value, np.float64) for name, value in values.items()})


def _means(sounding: Floats, length: Floats, group: npt.NDArray[np.int64]) -> Floats:
    """The share of the time that each pitch class sounds in the group of each beat."""
    totals, lengths = np.zeros((group.max() + 1, 12)), np.zeros(group.max() + 1)
    np.add.at(totals, group, sounding)
    np.add.at(lengths, group, length)
    means: Floats = totals[group] / lengths[group, None]
    return means


def _context(beat: Beat) -> int:
    return beat.phrase * len(PLACES) + beat.place


def _log_softmax(values: Floats) -> Floats:
    values = values - values.max(axis=1, keepdims=True)
    found: Floats = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    return found


def _is_outside(degree: Degree, key: Key) -> bool:
    """Whether a chord has a note that the mode's scale lacks and that of minor or major has."""
    home = _scale(make_key(key.tonic, "m" if key.mode in _MINOR else "")) if _has_home(key) else frozenset()
    tones = {(key.tonic_pitch_class + degree.root + tone) % 12 for tone in TONES[degree.kind]}
    return bool(tones & (home - _scale(key)))


def _has_home(key: Key) -> bool:
    """Whether minor or major of this tonic can be written."""
    return abs(key.sharps + (3 if key.mode in _MINOR else 0)) <= 7


def _scale(key: Key) -> frozenset[int]:
    return frozenset(
        (SEMITONES[letter] + alteration) % 12
        for letter, alteration in zip(LETTERS, key.signature, strict=True)
    )


def _name(degree: Degree, key: Key) -> str:
    """Spell a chord: its root as in the scale, else with a sharp or a flat as the key has them."""
    wanted = (key.tonic_pitch_class + degree.root) % 12
    signs = {-1: "b", 0: "", 1: "#"}
    for letter, alteration in zip(LETTERS, key.signature, strict=True):
        if (SEMITONES[letter] + alteration) % 12 == wanted and alteration in signs:
            return f"{letter}{signs[alteration]}{degree.kind}"
    order = (0, -1, 1) if key.sharps < 0 else (0, 1, -1)
    sign, letter = min(
        (order.index(each), letter)
        for letter in LETTERS
        for each in order
        if (SEMITONES[letter] + each) % 12 == wanted
    )
    return f"{letter}{signs[order[sign]]}{degree.kind}"
