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

# Of tunes in each rhythm, and of all others: of these together.
WEIGHTS: dict[str, tuple[float, ...]] = {
    "reel": (-0.13, -0.09, 1.48, 1.65, 1.15, -1.14, 0.06, 0.04, -1.16),
    "jig": (0.02, 0.14, 1.19, 1.23, 1.23, -0.51, -0.82, -0.38, -0.99),
    "hornpipe": (0.56, 0.30, 0.67, 1.66, 1.50, -0.42, -0.29, -0.30, -1.21),
    "": (0.07, 0.11, 1.41, 1.40, 1.27, -0.76, -0.39, -0.19, -1.12),
}


def score(tune: Tune) -> float:
    """The rank of a tune; the higher, the more it is like real tunes of its rhythm."""
    found = structure(tune)
    weights = WEIGHTS.get(tune.rhythm or "", WEIGHTS[""])
    return sum(
        weight * (found.get(name, mean) - mean)
        for name, weight, mean in zip(FIGURES, weights, MEANS, strict=True)
    )
