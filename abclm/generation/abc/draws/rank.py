"""Turn the structure of a tune into a number by which one of several draws of it is kept.

With f for the figures of `abclm.analysis.structure`, w for weights and m for means, the number is

    s(tune) = Σ w_k · (f_k − m_k),

the logarithm of how much likelier the tune is among real tunes of its rhythm than among those that a model writes, up to
a constant: w are the coefficients of a logistic regression that tells the two apart by these figures, and 0 where one
would be for wide leaps or against what else is counted. A figure that the tune doesn't have counts as its mean. A draw is
kept with a probability in proportion to exp(s) (importance resampling, Rubin 1987): so the figures of the tunes that are
kept come to those of real tunes, and not past them, the more draws there are. `benchmarks/ranking.py` prints the tables.
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
    "reel": (0.14, 0.37, 2.20, 0.23, 0.00, 0.00, 0.00, -0.10, 0.00),
    "jig": (0.60, 0.48, 1.46, 0.00, 0.00, 0.00, 0.00, -0.21, 0.00),
    "hornpipe": (0.58, 0.59, 1.10, 0.00, 0.00, 0.00, 0.00, -0.24, 0.00),
    "": (0.41, 0.45, 1.79, 0.00, 0.00, 0.00, 0.00, -0.15, 0.00),
}


def score(tune: Tune) -> float:
    """The rank of a tune; the higher, the more it is like real tunes of its rhythm."""
    found = structure(tune)
    weights = WEIGHTS.get(tune.rhythm or "", WEIGHTS[""])
    return sum(
        weight * (found.get(name, mean) - mean)
        for name, weight, mean in zip(FIGURES, weights, MEANS, strict=True)
    )
