"""Say what every filter has to give: which tokens stay, and how narrowly.

A filter is one class in a file of this folder, one line in `abclm.generation.sampling.FILTERS`, and the field of the
options whose value it is made of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Doubles = npt.NDArray[np.float64]
    Ids = npt.NDArray[np.intp]
    Mask = npt.NDArray[np.bool_]


class Filter(ABC):
    """Chooses, of the tokens that have a probability, those that keep it.

    Args:
        value: of its option.
    """

    def __init__(self, value: float) -> None:
        self.value = value

    @abstractmethod
    def keep(self, chances: Doubles) -> tuple[Mask, Doubles]:
        """Choose for a batch of pieces.

        In a large batch probabilities are off in their last bits. The margin says whether that matters: where it is
        not above what they may be off by, the draw is decided by the logits that the piece has alone. A margin that is
        smaller than it might be costs time and nothing else; one that is too large breaks the promise that a piece is
        the same in every batch.

        Args:
            chances: the probabilities, float64 `(batch, tokens)`; each row adds up to 1, and is 0 for tokens that may
                not be drawn.

        Returns:
            Which tokens stay, `(batch, tokens)`, in each row at least one that has a probability. And the margin,
            float64 `(batch,)`: as long as the logarithms of the probabilities move apart by less, the same ones stay.
        """


def surprise(chances: Doubles) -> Doubles:
    """The negative natural logarithm of probabilities; infinite for 0."""
    with np.errstate(divide="ignore"):
        logs: Doubles = np.log(chances)
    return np.negative(logs, out=logs)


def keep_first(scores: Doubles, counts: Ids) -> tuple[Mask, Doubles]:
    """Keep the first tokens of each row, the lowest score first; of equal ones that with the lowest id.

    Args:
        scores: `(batch, tokens)`, infinite for tokens without a probability.
        counts: how many are kept, `(batch,)`, from 1.

    Returns:
        Which are kept, `(batch, tokens)`, and how far the first that is not is from the last that is, `(batch,)`.
    """
    order, rows = _ranking(scores)
    return _first(order, rows, counts), _gap(scores[rows, order], counts)


def keep_share(scores: Doubles, chances: Doubles, share: float) -> tuple[Mask, Doubles]:
    """Keep the fewest tokens, the lowest score first, whose probabilities add up to a share: at least one.

    Args:
        scores: `(batch, tokens)`, infinite for tokens without a probability.
        chances: the probabilities, `(batch, tokens)`.
        share: above 0, up to 1; 1 keeps all.

    Returns:
        Which are kept, `(batch, tokens)`, and how far that is from keeping others, `(batch,)`, in the unit of the scores
        or, if that is less, as a share.
    """
    if share == 1:
        return chances > 0, np.full(len(chances), np.inf)
    order, rows = _ranking(scores)
    ranked, sorted_scores = chances[rows, order], scores[rows, order]
    before = np.add.accumulate(ranked, axis=1) - ranked
    counts = np.add.reduce(before < share, axis=1)
    # Where the last two are near each other, either may be the one that it takes to reach the share. And where the
    # logarithms of probabilities move apart by d, a sum of probabilities moves by d / 4 at most.
    margin = np.minimum(_gap(sorted_scores, counts), _gap(sorted_scores, counts - 1))
    distances = np.abs(before - share)
    distances[ranked == 0] = np.inf
    return _first(order, rows, counts), np.minimum(margin, np.minimum.reduce(distances, axis=1))


def _ranking(scores: Doubles) -> tuple[Ids, Ids]:
    """The order of the tokens in each row, `(batch, tokens)`, and the rows' numbers, `(batch, 1)`."""
    return np.argsort(scores, axis=1, kind="stable"), np.arange(len(scores))[:, None]


def _first(order: Ids, rows: Ids, counts: Ids) -> Mask:
    """The first tokens in an order, `(batch, tokens)`."""
    kept = np.zeros(order.shape, bool)
    kept[rows, order] = np.arange(order.shape[1]) < counts[:, None]
    return kept


def _gap(ranked: Doubles, counts: Ids) -> Doubles:
    """How far apart two neighbours of sorted scores are, the second at the place `counts`; infinite where one is none."""
    rows, last = np.arange(len(ranked)), ranked.shape[1] - 1
    first: Doubles = ranked[rows, np.minimum(counts, last)]
    none = (counts < 1) | (counts > last) | (first == np.inf)
    first[none] = np.inf
    return first - np.where(none, 0, ranked[rows, counts - 1])
