"""Say what every filter has to give: which tokens stay.

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
    def keep(self, chances: Doubles) -> Mask:
        """Choose for a batch of pieces, each by itself.

        Args:
            chances: the probabilities, float64 `(batch, tokens)`; each row adds up to 1, and is 0 for tokens that may
                not be drawn.

        Returns:
            Which tokens stay, `(batch, tokens)`, in each row at least one that has a probability.
        """


def surprise(chances: Doubles) -> Doubles:
    """The negative natural logarithm of probabilities; infinite for 0."""
    with np.errstate(divide="ignore"):
        logs: Doubles = np.log(chances)
    return np.negative(logs, out=logs)


def keep_first(scores: Doubles, counts: Ids) -> Mask:
    """Keep the first tokens of each row, the lowest score first; of equal ones that with the lowest id.

    Args:
        scores: `(batch, tokens)`, infinite for tokens without a probability.
        counts: how many are kept, `(batch,)`, from 1.

    Returns:
        Which are kept, `(batch, tokens)`.
    """
    order, rows = _ranking(scores)
    return _first(order, rows, counts)


def keep_share(scores: Doubles, chances: Doubles, share: float) -> Mask:
    """Keep the fewest tokens, the lowest score first, whose probabilities add up to a share: at least one.

    Args:
        scores: `(batch, tokens)`, infinite for tokens without a probability.
        chances: the probabilities, `(batch, tokens)`.
        share: above 0, up to 1; 1 keeps all.

    Returns:
        Which are kept, `(batch, tokens)`.
    """
    if share == 1:
        return chances > 0
    order, rows = _ranking(scores)
    ranked = chances[rows, order]
    before = np.add.accumulate(ranked, axis=1) - ranked
    return _first(order, rows, np.add.reduce(before < share, axis=1))


def _ranking(scores: Doubles) -> tuple[Ids, Ids]:
    """The order of the tokens in each row, `(batch, tokens)`, and the rows' numbers, `(batch, 1)`."""
    return np.argsort(scores, axis=1, kind="stable"), np.arange(len(scores))[:, None]


def _first(order: Ids, rows: Ids, counts: Ids) -> Mask:
    """The first tokens in an order, `(batch, tokens)`."""
    kept = np.zeros(order.shape, bool)
    kept[rows, order] = np.arange(order.shape[1]) < counts[:, None]
    return kept
