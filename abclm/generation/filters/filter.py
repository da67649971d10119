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


def keep_first(scores: Doubles, order: Ids, counts: Ids) -> tuple[Mask, Doubles]:
    """Keep the first tokens of each row in the order of their scores.

    Args:
        scores: `(batch, tokens)`, infinite for tokens without a probability.
        order: which token comes at which place, `(batch, tokens)`: the lowest score first.
        counts: how many are kept, `(batch,)`, from 1.

    Returns:
        Which are kept, `(batch, tokens)`, and how far the first that is not is from the last that is, `(batch,)`.
    """
    rows, most = np.arange(len(scores)), scores.shape[1] - 1
    kept = np.zeros(scores.shape, bool)
    np.put_along_axis(kept, order, np.arange(scores.shape[1]) < counts[:, None], axis=1)
    last, first = scores[rows, order[rows, counts - 1]], scores[rows, order[rows, np.minimum(counts, most)]]
    none_left = (counts > most) | np.isinf(first)
    return kept, np.where(none_left, np.inf, first - np.where(none_left, 0, last))


def keep_share(scores: Doubles, chances: Doubles, share: float) -> tuple[Mask, Doubles]:
    """Keep the fewest tokens, lowest scores first, whose probabilities add up to a share: at least one.

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
    order = np.argsort(scores, axis=1, kind="stable")
    ranked = np.take_along_axis(chances, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    counts = np.add.reduce(before < share, axis=1)
    kept, margin = keep_first(scores, order, counts)
    # Where the last two are near each other, either may be the one that it takes to reach the share.
    _, of_last = keep_first(scores, order, np.maximum(counts - 1, 1))
    margin = np.minimum(margin, np.where(counts > 1, of_last, np.inf))
    # Where the logarithms move apart by d, a sum of probabilities moves by d / 4 at most.
    return kept, np.minimum(margin, np.where(ranked > 0, np.abs(before - share), np.inf).min(axis=1))
