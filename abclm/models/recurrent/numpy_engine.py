"""Turn token ids into logits, one at a time, carrying the layers' states: what NumPy engines share.

Everything is kept features first, states as `(units, batch)`, so that a step is the product
`(gates·units, units) @ (units, batch)`.
"""

import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from abclm.models.recurrent.products import FEW, Pace, Product

Floats = npt.NDArray[np.float32]

HALF, WHOLE = np.float32(0.5), np.float32(1)


class State:
    """What a step leaves for the next, each written over by the step.

    Attributes:
        carried: what every layer goes on from beside its products (an LSTM's cell values), `(units, batch)`.
        products: the hidden values of every layer, times all weights that read them, `(rows, batch)`: its own recurrent
            weights first, `gates·units` rows, then the next layer's or the dense layer's.
    """

    def __init__(self, carried: list[Floats], products: list[Floats], gates: int) -> None:
        self.carried = carried
        self.products = products
        self.gates = gates
        units, batch = carried[0].shape
        # Written over in each step: memory that is fetched anew costs as much as the arithmetic.
        self.hidden: Floats = np.empty((units, batch), np.float32)
        self.added: Floats = np.empty((gates * units, batch), np.float32)

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

    def only(self, places: list[int]) -> Self:
        """Return a copy of some texts' values."""
        carried, products = ([each[:, places] for each in part] for part in (self.carried, self.products))
        return type(self)(carried, products, self.gates)


class RecurrentEngine(ABC):
    """A model's weights, laid out once for stepping; a subclass has the equations of its layer.

    All that a layer's hidden values are multiplied by is one matrix, so that a layer is one product a step.

    Args:
        names: of the layers, from input to output.
        units: of each layer.
        weights: named as in a model folder; they are copied, so that the model may be trained on meanwhile.

    Attributes:
        gates: columns of a layer's kernels for each unit.
        hidden_share: what the hidden values have to be multiplied by, and so the weights that read them are.
    """

    few = FEW
    gates: ClassVar[int]
    hidden_share: ClassVar[np.float32] = WHOLE

    def __init__(self, names: Sequence[str], units: int, weights: Mapping[str, Floats]) -> None:
        self.units = units
        self._pace = Pace()
        # What a symbol adds to the first layer's gates never changes.
        kernel, bias = weights[f"{names[0]}/kernel"], self.input_bias(weights[f"{names[0]}/bias"])
        rows = weights["embedding/embeddings"] @ kernel + bias  # (vocabulary, gates·units)
        self._columns: Floats = self.features_first(rows)  # (gates·units, vocabulary), for many texts
        self._rows: Floats = np.ascontiguousarray(self._columns.T)  # for a few
        self._products: list[Product] = []  # of each layer
        self._bias: list[Floats] = []  # of what reads each layer: (gates·units, 1), at last (vocabulary, 1)
        for name, reader in itertools.zip_longest(names, names[1:]):
            recurrent = self.features_first(weights[f"{name}/recurrent_kernel"], self.hidden_share)
            if reader:
                read = self.features_first(weights[f"{reader}/kernel"], self.hidden_share)
                self._bias.append(self.features_first(self.input_bias(weights[f"{reader}/bias"])[None]))
            else:
                read = self.hidden_share * weights["dense/kernel"].T
                self._bias.append(weights["dense/bias"][:, None].copy())
            self._products.append(Product(np.concatenate([recurrent, read]), self._pace))

    @abstractmethod
    def features_first(self, kernel: Floats, factor: np.float32 = WHOLE) -> Floats:
        """Turn `(inputs, gates·units)` into `(gates·units, inputs)`, gates in the order of the step, times a factor."""

    def input_bias(self, bias: Floats) -> Floats:
        """What is added to a layer's inputs, `(gates·units,)`, of the layer's biases."""
        return bias

    @abstractmethod
    def cell(self, layer: int, own: Floats, read: Floats, carried: Floats, hidden: Floats) -> None:
        """Work out a layer's hidden values.

        Args:
            layer: which one, from 0.
            own: the recurrent weights times its hidden values before, `(gates·units, batch)`; may be written over.
            read: what its inputs add to that, biases included; may not.
            carried: what it goes on from, `(units, batch)`; changed in place.
            hidden: where to write the values, divided by `hidden_share`, `(units, batch)`.
        """

    def start(self, batch: int = 1) -> State:
        """Return the zero state that every text begins from."""
        return State(
            [np.zeros((self.units, batch), np.float32) for _ in self._products],
            [np.zeros((product.rows, batch), np.float32) for product in self._products],
            self.gates,
        )

    def step(self, state: State, ids: Sequence[int] | npt.NDArray[np.integer]) -> Floats:
        """Read one symbol a text, and score the symbols that may follow.

        The scores of a text are the same, bit for bit, in every batch of up to `FEW` texts. In larger ones they
        differ from those in the last bits.

        Args:
            state: changed in place.
            ids: one token id for each text of the batch.

        Returns:
            Logits, float32 (batch, vocabulary).
        """
        begun = time.perf_counter()
        rows = self.gates * self.units
        read = self._looked_up(state, ids)  # what the layer before adds to the gates; at last, the scores
        for layer, product in enumerate(self._products):
            sums = state.products[layer]
            self.cell(layer, sums[:rows], read, state.carried[layer], state.hidden)
            sums = state.products[layer] = product.times(state.hidden, out=sums)
            read = sums[rows:] + self._bias[layer]
        if state.batch <= FEW:
            self._pace.note((time.perf_counter() - begun) / state.batch)
        return read.T

    def logits(self, ids: npt.NDArray[np.integer]) -> Floats:
        """Score what follows each symbol of one text, from the zero state.

        Returns:
            float32 (time, vocabulary).
        """
        state = self.start()
        rows = np.empty((len(ids), self._columns.shape[1]), np.float32)
        for row, token_id in zip(rows, ids.tolist(), strict=True):
            row[:] = self.step(state, [token_id])[0]
        return rows

    def _looked_up(self, state: State, ids: Sequence[int] | npt.NDArray[np.integer]) -> Floats:
        """What the symbols add to the first layer's gates, `(gates·units, batch)`."""
        if state.batch > FEW:
            return np.take(self._columns, ids, axis=1, out=state.added, mode="clip")
        # One row by its number is a view, several are a copy.
        found: Floats = self._rows[ids[0], :, None] if state.batch == 1 else self._rows[ids].T
        return found


def in_order(kernel: Floats, gates: Sequence[tuple[int, np.float32]]) -> Floats:
    """Turn `(inputs, gates·units)` into `(gates·units, inputs)`, of each gate its place in the kernel and its factor."""
    inputs, units = kernel.shape[0], kernel.shape[1] // len(gates)
    turned = np.empty((len(gates) * units, inputs), np.float32)
    for place, (gate, factor) in enumerate(gates):
        source = kernel[:, gate * units : (gate + 1) * units]
        target = turned[place * units : (place + 1) * units]
        for first in range(0, inputs, 64):  # in strips that stay in the cache: several times as fast
            part = slice(first, first + 64)
            np.multiply(source[part].T, factor, out=target[:, part])
    return turned
