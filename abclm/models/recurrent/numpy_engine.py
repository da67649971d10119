"""Turn token ids into logits, one at a time, carrying the layers' states: what the engines of recurrent networks share.

Each text is a row: a layer's step is the product `(batch, units) @ (units, columns)`. Only that is worked out elsewhere
where it is faster (`abclm.models.recurrent.products`). What else there is takes each text by itself, so that a text has
the same bits in a batch of any size.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.context import COPY_SLICE
from abclm.models.copies import GATE, mixture
from abclm.models.quantised import exact_product
from abclm.models.recurrent.onnx_format import Graph
from abclm.models.recurrent.places import CopyGate, PlaceInputs, Places
from abclm.models.recurrent.products import Product, integer_product
from abclm.models.recurrent.state import State

Floats = npt.NDArray[np.float32]
Ids = Sequence[int] | npt.NDArray[np.integer[Any]]

NO_PLACES: Places = np.zeros((0, 0), np.intp)


class RecurrentEngine(ABC):
    """A model's weights, laid out once for stepping; a subclass has the equations of its layer.

    All that a layer's hidden values are multiplied by is one matrix, so that a layer is one product a step.

    Args:
        names: of the layers, from input to output.
        units: of each layer.
        weights: named as in a model folder; they are copied, so that the model may be trained on meanwhile.
        product_type: how to multiply; by default in integers of 8 bits, in the faster way that is to be had here.

    Attributes:
        gates: of a layer, in the order of its step: the place in the kernels' columns, and what it is multiplied by.
        hidden_share: what the hidden values that `cell` gives have to be multiplied by.
        rows: what each token adds to the first layer's gates, `(tokens, gates·units)`.
        places, gate: of a model with `structure`.
        products: of each layer.
        bias: of what reads each layer.
    """

    gates: ClassVar[Sequence[tuple[int, float]]]
    hidden_share: ClassVar[float] = 1.0

    def __init__(
        self,
        names: Sequence[str],
        units: int,
        weights: Mapping[str, Floats],
        product_type: type[Product] | None = None,
    ) -> None:
        self.units = units
        self._factors = np.repeat(np.array([factor for _, factor in self.gates], np.float32), units)
        self.gate: CopyGate | None = CopyGate(weights) if CopyGate.HIDDEN in weights else None
        kernel = self._in_order(weights[f"{names[0]}/kernel"]) * self._factors

        def times_kernel(table: Floats) -> Floats:
            return exact_product(table, kernel)

        # What a symbol adds to the first layer's gates never changes: (vocabulary, gates·units).
        self.rows = times_kernel(weights["embedding/embeddings"]) + self._bias_of(weights, names[0])
        self.places = PlaceInputs(weights, times_kernel) if self.gate else None
        self.products: list[Product] = []  # of each layer
        self.bias: list[Floats] = []  # of what reads each layer: (gates·units,), at last (vocabulary,)
        product_type = product_type or integer_product()
        for name, reader in itertools.zip_longest(names, names[1:]):
            matrices, factors = [self._in_order(weights[f"{name}/recurrent_kernel"])], self._factors
            if reader:
                matrices.append(self._in_order(weights[f"{reader}/kernel"]))
                factors = np.concatenate([factors, factors])
                bias = self._bias_of(weights, reader)
            else:
                matrices.append(weights["dense/kernel"])
                bias = weights["dense/bias"].copy()
                if self.gate:
                    matrices.append(self.gate.kernel)
                    bias = np.concatenate([bias, self.gate.bias])
                factors = np.concatenate([factors, np.ones(len(bias), np.float32)])
            matrix = np.concatenate(matrices, axis=1)
            self.products.append(product_type(matrix, factors, self.hidden_share))
            self.bias.append(bias)

    def input_bias(self, bias: Floats) -> Floats:
        """What is added to a layer's inputs, `(gates·units,)`, of the layer's biases."""
        return bias

    @abstractmethod
    def draw_cell(self, graph: Graph, layer: int, own: str, read: str, carried: str) -> tuple[str, str]:
        """Add to an ONNX graph what `cell` does with these values.

        Returns:
            The names of what is carried on, and of the hidden values.
        """

    @abstractmethod
    def cell(self, layer: int, own: Floats, read: Floats, carried: Floats, hidden: Floats) -> None:
        """Work out a layer's hidden values, for some texts.

        Args:
            layer: which one, from 0.
            own: its hidden values before times the recurrent weights, `(texts, gates·units)`; may be written over.
            read: what its inputs add to that, biases included; may not.
            carried: what it goes on from, `(texts, units)`; changed in place.
            hidden: where to write the values, divided by `hidden_share`, `(texts, units)`.
        """

    def start(self, batch: int = 1) -> State:
        """Return the zero state that every text begins from."""
        return State(
            self.products,
            [np.zeros((batch, self.units), np.float32) for _ in self.products],
            [np.zeros((batch, len(self._factors) + len(bias)), np.float32) for bias in self.bias],
        )

    def step(self, state: State, ids: Ids, places: Places = NO_PLACES) -> Floats:
        """Read one symbol a text, and score the symbols that may follow: the same bits whatever the other texts are.

        Args:
            state: changed in place.
            ids: one token id for each text of the batch.
            places: of each text the columns of `abclm.models.context` after that symbol, integers `(batch, columns)`;
                for a model with `structure`.

        Returns:
            Logits, float32 (batch, vocabulary). With `structure`, the logits of the gate stand behind them: of the
            network and of each copy, -inf for one that is not there.
        """
        width = len(self._factors)
        read = self._inputs(state, np.asarray(ids, np.intp), places)
        for layer, sums in enumerate(state.sums):
            carried, hidden = state.carried[layer], state.hidden
            for part in state.parts:
                self.cell(layer, sums[part, :width], read(part), carried[part], hidden[part])
            state.multiply[layer]()
            values = sums[:, width:] + self.bias[layer]
            read = values.__getitem__
        return self.gate.scores(values, places) if self.gate else values

    def _inputs(self, state: State, ids: npt.NDArray[np.intp], places: Places) -> Callable[[slice], Floats]:
        """What works out, for a part of the texts, what their symbols and places add to the first layer's gates."""
        if self.places is None:
            return lambda part: self.rows[ids[part]]
        placed = self.places.look_up(state, places)

        def added(part: slice) -> Floats:
            found: Floats = self.rows[ids[part]]
            for values in placed(part):
                found += values
            return found

        return added

    def logits(self, ids: npt.NDArray[np.integer[Any]]) -> Floats:
        """Score what follows each symbol of one text, from the zero state.

        Args:
            ids: of the text, `(time,)`; with `structure` each with its place, `(time, 1 + columns)`.

        Returns:
            float32 (time, vocabulary); with `structure` the logarithms of the mixture's probabilities.
        """
        state, structure = self.start(), ids.ndim == 2
        rows = np.empty((len(ids), self.rows.shape[0] + GATE * structure), np.float32)
        for row, read in zip(rows, ids, strict=True):
            row[:] = (
                self.step(state, read[None, 0], read[None, 1:])[0]
                if structure
                else self.step(state, [read])[0]
            )
        return mixture(rows, ids[:, 1:][:, COPY_SLICE]).astype(np.float32) if structure else rows

    def _in_order(self, kernel: Floats) -> Floats:
        """The columns of a kernel, gates in the order of the step."""
        columns = [slice(gate * self.units, (gate + 1) * self.units) for gate, _ in self.gates]
        return np.concatenate([kernel[:, part] for part in columns], axis=1)

    def _bias_of(self, weights: Mapping[str, Floats], name: str) -> Floats:
        """What is added to a layer's inputs, gates in the order of the step."""
        bias: Floats = self._in_order(self.input_bias(weights[f"{name}/bias"])[None])[0] * self._factors
        return bias
