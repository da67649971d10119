"""Turn the structure of a tune into a number by which the best of several draws of it is kept.

With f for the figures of `abclm.analysis.structure`, w for weights and m for means, the number is

    s(tune) = Σ w_k · (f_k − m_k),

the logarithm of how much likelier the tune is among real tunes of its rhythm than among those that a model writes, up to
a constant: w are the coefficients of a logistic regression that tells the two apart by these figures. A figure that the
tune doesn't have counts as its mean. `benchmarks/ranking.py` prints the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abclm.analysis.structure import structure

if TYPE_CHECKING:
    from abclm.notation.tune import Tune

FIGURES = (
    "bar_5_is_1", "bars_5_6_are_1_2", "lag_4_over_3", "last_bars_alike", "parts_on_tonic", "ends_on_tonic",
    "long_last_note", "leap_over_octave", "outside_g3_e6",
)  # fmt: skip

# Means over the training tunes of the four rhythms.
MEANS = (0.70, 0.47, 0.44, 0.61, 0.73, 0.72, 0.68, 0.20, 0.00)

# Of tunes in each rhythm, and of all others: the four together.
WEIGHTS: dict[str, tuple[float, ...]] = {
    "reel": (-0.09, -0.08, 1.79, 1.47, 2.24, -1.25, 0.32, -0.87, -1.27),
    "jig": (0.45, 0.21, 0.42, 1.67, 2.01, -0.67, 0.86, -0.77, -0.71),
    "hornpipe": (-0.21, 0.80, 0.17, 1.48, 2.80, -0.60, 1.12, -1.02, -1.17),
    "slip jig": (0.61, -0.28, 2.13, 2.29, 1.19, -1.10, -0.09, -1.01, -0.87),
    "": (0.06, 0.20, 1.16, 1.55, 2.30, -1.03, 0.52, -0.88, -1.07),
}


def score(tune: Tune) -> float:
    """The rank of a tune; the higher, the more it is like real tunes of its rhythm."""
    found = structure(tune)
    weights = WEIGHTS.get(tune.rhythm or "", WEIGHTS[""])
    return sum(
        weight * (found.get(name, mean) - mean)
        for name, weight, mean in zip(FIGURES, weights, MEANS, strict=True)
    )
