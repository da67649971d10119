"""Turn the structure of a tune into a number by which the best of several draws of it is kept.

With f for the figures of `abclm.analysis.structure`, w for weights and m for means, the number is

    s(tune) = Σ w_k · (f_k − m_k),

the logarithm of how much likelier the tune is among real tunes of its rhythm than among those that a model writes, up to
a constant: w are the coefficients of a logistic regression that tells the two apart by these figures, and 0 where one
would be for wide leaps or against what else is counted. A figure that the tune doesn't have counts as its mean.
`benchmarks/ranking.py` prints the tables.
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

# Of the training tunes in these rhythms.
MEANS = (0.66, 0.45, 0.39, 0.58, 0.83, 0.80, 0.80, 0.21, 0.00)

# Of tunes in each rhythm, and of all others: of these together.
WEIGHTS: dict[str, tuple[float, ...]] = {
    "reel": (0.00, 0.00, 1.40, 1.66, 0.23, 0.00, 0.00, 0.00, -1.17),
    "jig": (0.04, 0.15, 1.26, 1.28, 0.59, 0.00, 0.00, -0.36, -1.05),
    "hornpipe": (0.58, 0.32, 0.70, 1.65, 1.17, 0.00, 0.00, -0.30, -1.21),
    "": (0.09, 0.11, 1.53, 1.38, 0.54, 0.00, 0.00, -0.19, -1.14),
}


def score(tune: Tune) -> float:
    """The rank of a tune; the higher, the more it is like real tunes of its rhythm."""
    found = structure(tune)
    weights = WEIGHTS.get(tune.rhythm or "", WEIGHTS[""])
    return sum(
        weight * (found.get(name, mean) - mean)
        for name, weight, mean in zip(FIGURES, weights, MEANS, strict=True)
    )
