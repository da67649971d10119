"""Turn token ids into logits, one at a time, carrying the layers' states: what NumPy engines share.

Everything is kept features first, states as `(units, batch)`, so that a step is the product
`(gates·units, units) @ (units, batch)`.
"""

import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.context import COPY_COLUMNS
from abclm.models.copies import GATE, mixture
from abclm.models.recurrent.places import CopyGate, Place, PlaceInputs
from abclm.models.recurrent.products import FEW, Pace, Product
from abclm.models.recurrent.state import State

Floats = npt.NDArray[np.float32]

HALF, WHOLE = np.float32(0.5), np.float32(1)


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
        self._places: PlaceInputs | None = None
        self._gate: CopyGate | None = None
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
                read, bias = weights["dense/kernel"].T, weights["dense/bias"]
                if CopyGate.HIDDEN in weights:
                    self._places = PlaceInputs(weights, lambda table: self.features_first(table @ kernel))
                    self._gate = CopyGate(weights)
                    read, bias = (
                        np.concatenate([read, self._gate.rows]),
                        np.concatenate([bias, self._gate.bias]),
                    )
                read = self.hidden_share * read
                self._bias.append(bias[:, None].copy())
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

    def step(
        self, state: State, ids: Sequence[int] | npt.NDArray[np.integer], places: Sequence[Place] = ()
    ) -> Floats:
        """Read one symbol a text, and score the symbols that may follow.

        The scores of a text are the same, bit for bit, in every batch of up to `FEW` texts. In larger ones they
        differ from those in the last bits.

        Args:
            state: changed in place.
            ids: one token id for each text of the batch.
            places: of each text the columns of `abclm.models.context` after that symbol; for a model with `structure`.

        Returns:
            Logits, float32 (batch, vocabulary). With `structure`, the logits of the gate stand behind them: of the
            network and of each copy, -inf for one that is not there.
        """
        begun = time.perf_counter()
        rows = self.gates * self.units
        read = self._looked_up(state, ids)
        if self._places:
            read = self._places.added(state, read, places)
        # `read` is what the layer before adds to the gates; at last, the scores.
        for layer, product in enumerate(self._products):
            sums = state.products[layer]
            self.cell(layer, sums[:rows], read, state.carried[layer], state.hidden)
            sums = state.products[layer] = product.times(state.hidden, out=sums)
            read = sums[rows:] + self._bias[layer]
        scores: Floats = self._gate.scores(read.T, places) if self._gate else read.T
        if state.batch <= FEW:
            self._pace.note((time.perf_counter() - begun) / state.batch)
        return scores

    def logits(self, ids: npt.NDArray[np.integer]) -> Floats:
        """Score what follows each symbol of one text, from the zero state.

        Args:
            ids: of the text, `(time,)`; with `structure` each with its place, `(time, 1 + columns)`.

        Returns:
            float32 (time, vocabulary); with `structure` the logarithms of the mixture's probabilities.
        """
        state, width = self.start(), self._columns.shape[1]
        if self._gate is None:
            rows = np.empty((len(ids), width), np.float32)
            for row, token_id in zip(rows, ids.tolist(), strict=True):
                row[:] = self.step(state, [token_id])[0]
            return rows
        rows = np.empty((len(ids), width + GATE), np.float32)
        for row, (token_id, *place) in zip(rows, ids.tolist(), strict=True):
            row[:] = self.step(state, [token_id], [tuple(place)])[0]
        return mixture(rows, ids[:, 1:][:, COPY_COLUMNS]).astype(np.float32)

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
