"""Hold what a step of an engine leaves for the next, a row for each text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from abclm.models.recurrent.products import Product

Floats = npt.NDArray[np.float32]

_TOGETHER = 16
"""Texts that all but the product is worked out for at a time: what is between stays in the processor's cache."""


class State:
    """What a step leaves for the next, each written over by the step.

    Args:
        matrices: that the hidden values of each layer are multiplied by.
        carried, sums: see the attributes.

    Attributes:
        carried: what every layer goes on from beside its products (an LSTM's cell values), `(batch, units)`.
        sums: the hidden values of every layer, times all weights that read them, `(batch, columns)`: its own recurrent
            weights first, then the next layer's or the dense layer's.
        placed: what the places of the texts add to the first layer's gates, for a model with `structure`; see
            `PlaceInputs`.
        places: what that is of, `(batch, columns)`.
    """

    def __init__(self, matrices: Sequence[Product], carried: list[Floats], sums: list[Floats]) -> None:
        self._matrices, self.carried, self.sums = matrices, carried, sums
        self.placed: Floats = np.empty((0, 0), np.float32)
        self.places: npt.NDArray[np.integer] | None = None

    @property
    def batch(self) -> int:
        """How many texts are written at once."""
        return len(self.carried[0])

    @cached_property
    def hidden(self) -> Floats:
        """Where a layer writes its hidden values, `(batch, units)`."""
        return np.empty_like(self.carried[0])

    @cached_property
    def multiply(self) -> list[Callable[[], object]]:
        """What multiplies the hidden values of each layer."""
        pairs = zip(self._matrices, self.sums, strict=True)
        return [matrix.bound(self.hidden, sums) for matrix, sums in pairs]

    @cached_property
    def parts(self) -> list[slice]:
        """The texts that are worked out together."""
        return [slice(first, first + _TOGETHER) for first in range(0, self.batch, _TOGETHER)]

    def column(self, place: int) -> Self:
        """Return a copy of one text's values, as a state of batch 1."""
        return self.only([place])

    def put(self, place: int, column: Self) -> None:
        """Give one text the values of a state of batch 1."""
        for mine, others in ((self.carried, column.carried), (self.sums, column.sums)):
            for values, other in zip(mine, others, strict=True):
                values[place] = other[0]
        if self.places is not None:
            self.places[place] = -1  # to be looked up

    def only(self, places: list[int]) -> Self:
        """Return a copy of some texts' values."""
        carried, sums = ([each[places] for each in part] for part in (self.carried, self.sums))
        return type(self)(self._matrices, carried, sums)
