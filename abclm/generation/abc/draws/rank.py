"""Turn a tune into a number by which the best of several draws of it is kept.

With f for the figures below, w for weights, m for means and u for units, the number is

    s(tune) = Σ w_k · max(−2, min((f_k − m_k) / u_k, 2)),

the logarithm of how much likelier the tune is among real tunes than among those that a model writes, up to a constant: w
are the coefficients of a logistic regression that tells the two apart by these figures. That of `lag_4_over_3` is held
lower (it would be 0.6): the best of many draws would repeat bars more often than real tunes. A figure that the tune
doesn't have counts as its mean. `benchmarks/ranking.py` prints the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from abclm.analysis.line import leaps
from abclm.analysis.sections import share_in_scale
from abclm.analysis.statistics import measure, raw_features
from abclm.analysis.structure import melody_of, structure

if TYPE_CHECKING:
    from abclm.notation.tune import Tune


MOST = 2.0  # units above or below the mean that count


class Weight(NamedTuple):
    """What a figure counts.

    Attributes:
        weight: for each unit above the mean.
        mean: of the training tunes.
        unit: the figure's standard deviation.
    """

    weight: float
    mean: float
    unit: float

    def units(self, value: float) -> float:
        """How far a value is from the mean in units, at most `MOST`."""
        return max(-MOST, min((value - self.mean) / self.unit, MOST))


WEIGHTS = {
    "lag_4_over_3": Weight(0.15, 0.403, 0.195),
    "motifs": Weight(0.82, 0.194, 0.106),
    "leaps": Weight(0.54, 0.15, 0.069),
    "leaps_in_line": Weight(-0.25, 0.293, 0.641),
    "leap_over_octave": Weight(-0.20, 0.218, 0.416),
    "sevenths": Weight(-0.19, 0.321, 0.474),
    "in_scale": Weight(-0.49, 0.988, 0.0183),
    "pitch_deviation": Weight(0.32, 4.69, 0.736),
    "degree_mean": Weight(0.21, 4.56, 0.562),
    "bar_notes_mean": Weight(-0.33, 6.4, 1.02),
    "bar_notes_deviation": Weight(-0.27, 1.71, 0.578),
}
"""Of figures of `abclm.analysis`: of `structure`, `line`, `sections` and `statistics`."""


def score(tune: Tune) -> float:
    """The rank of a tune; the higher, the more it is like real tunes."""
    found = figures(tune)
    return sum(weight.weight * weight.units(found.get(name, weight.mean)) for name, weight in WEIGHTS.items())


def figures(tune: Tune) -> dict[str, float]:
    """The figures of a tune that a rank may count; empty for one of fewer than eight notes."""
    found, measured = structure(tune), measure(tune)
    if not found or measured is None:
        return {}
    scale = {"in_scale": share_in_scale(tune)}
    return {**found, **leaps([note.pitch for note in melody_of(tune)]), **scale, **raw_features(measured)}
