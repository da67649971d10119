"""Turn two sets of MIDI pieces into distances from 0 to 1, as a monitor of drift (Rocco, Rosatelli, Colangelo).

Their slides ask for the Wasserstein distance and a closed range from 0 to 1, and leave open of what: here of the
statistics below, each divided by its range; of pitch classes, which lie on a circle, by half of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import numpy as np

from abclm.analysis.statistics import Statistic
from abclm.errors import ConfigError
from abclm.evaluation.comparison import Distance, Floats, distances_between
from abclm.midi.piece import Piece

PIECE_STATISTICS = (
    Statistic("pitch", "semitones", 21, 108, False, "MIDI number of each note"),
    Statistic("pitch_class", "semitones", 0, 11, False, "of each note, octaves aside", 12),
    Statistic(
        "interval", "semitones", -24, 24, False, "from the highest note of each onset to that of the next"
    ),
    Statistic("wait", "quarter notes", 0, 4, False, "from each onset to the next"),
    Statistic("length", "quarter notes", 0, 4, False, "of each note"),
    Statistic("chord", "notes", 1, 10, False, "that begin at each onset"),
)


@dataclass(frozen=True)
class Drift:
    """The distances of two sets of pieces.

    Attributes:
        pieces: of the first set with two onsets or more.
        others: of the second.
        distances: by the names of `PIECE_STATISTICS`.
    """

    pieces: int
    others: int
    distances: dict[str, Distance]

    @property
    def mean_distance(self) -> float:
        """The mean of all, 0 to 1: one number to watch."""
        return float(np.mean([each.distance for each in self.distances.values()]))

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return {**asdict(self), "mean_distance": self.mean_distance}


def compare_pieces(
    pieces: Iterable[Piece], others: Iterable[Piece], *, divisions: int = 200, seed: int = 0
) -> Drift:
    """Measure how far two sets of pieces are apart, such as what a model was trained on and what it is given now.

    Each piece has the same weight in every statistic.

    Args:
        pieces: one set.
        others: the other set; the distances are symmetric.
        divisions: number of random divisions for `Distance.chance`.
        seed: random seed for the divisions.

    Raises:
        ConfigError: a set has no piece of two onsets or more.
    """
    sets = [[found for piece in given if (found := measure_piece(piece))] for given in (pieces, others)]
    first, second = map(len, sets)
    if not first or not second:
        which = "first" if not first else "second"
        raise ConfigError(f"the {which} of the two sets has no piece of two onsets or more; give others")
    _, distances = distances_between(sets[0] + sets[1], first, PIECE_STATISTICS, divisions, seed)
    return Drift(first, second, distances)


def measure_piece(piece: Piece) -> dict[str, Floats] | None:
    """Measure one piece: the values of each of `PIECE_STATISTICS`; None for one of fewer than two onsets."""
    notes, quarter = sorted(piece.notes()), piece.ticks_per_quarter
    onsets = [
        (start, [note.pitch for note in together])
        for start, together in groupby(notes, key=lambda note: note.start_ticks)
    ]
    if len(onsets) < 2:
        return None
    values = {
        "pitch": [note.pitch for note in notes],
        "pitch_class": [note.pitch % 12 for note in notes],
        "interval": np.diff([max(pitches) for _, pitches in onsets]),
        "wait": np.diff([start for start, _ in onsets]) / quarter,
        "length": [(note.end_ticks - note.start_ticks) / quarter for note in notes],
        "chord": [len(pitches) for _, pitches in onsets],
    }
    return {
        each.name: np.clip(np.array(values[each.name], np.float64), each.low, each.high)
        for each in PIECE_STATISTICS
    }
