"""Hold what a step of an engine leaves for the next, a column for each text."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class State:
    """What a step leaves for the next, each written over by the step.

    Attributes:
        carried: what every layer goes on from beside its products (an LSTM's cell values), `(units, batch)`.
        products: the hidden values of every layer, times all weights that read them, `(rows, batch)`: its own recurrent
            weights first, `gates·units` rows, then the next layer's or the dense layer's.
        places: of each text, what of its place `placed` is of, for a model with `structure`; see `PlaceInputs`.
        placed: what that adds to the first layer's gates, `(gates·units, batch)`.
    """

    def __init__(self, carried: list[Floats], products: list[Floats], gates: int) -> None:
        self.carried = carried
        self.products = products
        self.gates = gates
        units, batch = carried[0].shape
        self.places: Sequence[tuple[int, ...] | None] = [None] * batch
        # Written over in each step: memory that is fetched anew costs as much as the arithmetic.
        self.hidden: Floats = np.empty((units, batch), np.float32)
        self.added: Floats = np.empty((gates * units, batch), np.float32)
        self.placed: Floats = np.empty((gates * units, batch), np.float32)
        self.quick: Floats = np.empty((gates * units, batch), np.float32)

    @property
    def batch(self) -> int:
        """How many texts are written at once."""
        return int(self.carried[0].shape[1])

    def column(self, place: int) -> Self:
        """Return a copy of one text's values, as a state of batch 1."""
        return self.only([place])

    def put(self, place: int, column: Self) -> None:
        """Give one text the values of a state of batch 1."""
        for mine, others in ((self.carried, column.carried), (self.products, column.products)):
            for values, other in zip(mine, others, strict=True):
                values[:, place] = other[:, 0]
        self.places = [None if text == place else each for text, each in enumerate(self.places)]

    def only(self, places: list[int]) -> Self:
        """Return a copy of some texts' values."""
        carried, products = ([each[:, places] for each in part] for part in (self.carried, self.products))
        return type(self)(carried, products, self.gates)
