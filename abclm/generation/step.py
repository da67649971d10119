"""Turn token ids into logits, one at a time, carrying the LSTM's state: NumPy alone.

Everything is kept features first, states as `(units, batch)`, so that a step is the product
`(4·units, units) @ (units, batch)`. Of the same equations as `keras.layers.LSTM`:

    i, f, o = sigmoid(W x + R h + b),  g = tanh(W x + R h + b)    each with its own rows of W, R, b
    c ← f·c + i·g
    h ← o·tanh(c)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.language_model import LanguageModel

    Floats = npt.NDArray[np.float32]


class State:
    """Hidden and cell values of every layer, `(units, batch)` each; `Engine.step` writes into them."""

    def __init__(self, hidden: list[Floats], cell: list[Floats]) -> None:
        self.hidden = hidden
        self.cell = cell

    @property
    def batch(self) -> int:
        """How many texts are written at once."""
        return len(self.hidden[0][0])


class Engine:
    """A model's weights, laid out once for stepping.

    Args:
        lm: the model; its weights are copied, so that it may be trained on meanwhile.
    """

    def __init__(self, lm: LanguageModel) -> None:
        weights = lm.weights
        self.units = lm.config.units
        self._recurrent: list[_Product] = []  # a layer: (4·units, units)
        self._input: list[_Product] = []  # a layer from the second on: (4·units, units)
        self._bias: list[Floats] = []  # a layer from the second on: (4·units, 1)
        for number, name in enumerate(lm.config.layer_names()):
            kernel, bias = weights[f"{name}/kernel"], weights[f"{name}/bias"]
            self._recurrent.append(_Product(_features_first(weights[f"{name}/recurrent_kernel"])))
            if number == 0:
                # What a symbol adds to the first layer's gates never changes: one row a symbol.
                rows = weights["embedding/embeddings"] @ kernel + bias  # (vocabulary, 4·units)
                self._table: Floats = np.ascontiguousarray(_features_first(rows).T)
            else:
                self._input.append(_Product(_features_first(kernel)))
                self._bias.append(_features_first(bias[None]))
        self._dense = _Product(weights["dense/kernel"].T)  # (vocabulary, units)
        self._dense_bias: Floats = weights["dense/bias"][:, None].copy()  # (vocabulary, 1)

    def start(self, batch: int = 1) -> State:
        """Return the zero state that every text begins from."""
        shape = (self.units, batch)
        layers = len(self._recurrent)
        return State(
            [np.zeros(shape, np.float32) for _ in range(layers)],
            [np.zeros(shape, np.float32) for _ in range(layers)],
        )

    def step(self, state: State, ids: Sequence[int] | npt.NDArray[np.integer]) -> Floats:
        """Read one symbol a text, and score the symbols that may follow.

        Args:
            state: changed in place.
            ids: one token id for each text of the batch.

        Returns:
            Logits, float32 (vocabulary, batch).
        """
        units = self.units
        for layer, recurrent in enumerate(self._recurrent):
            hidden, cell = state.hidden[layer], state.cell[layer]
            gates = recurrent.times(hidden)  # (4·units, batch)
            if layer == 0:
                gates += self._table[ids].T
            else:
                gates += self._input[layer - 1].times(state.hidden[layer - 1])
                gates += self._bias[layer - 1]
            np.tanh(gates, out=gates)
            opened = gates[: 3 * units]  # sigmoid(x) = ½ tanh(½ x) + ½; the inner ½ is in the weights
            opened *= 0.5
            opened += 0.5
            cell *= opened[units : 2 * units]
            cell += opened[:units] * gates[3 * units :]
            np.tanh(cell, out=hidden)
            hidden *= opened[2 * units :]
        logits = self._dense.times(state.hidden[-1])
        logits += self._dense_bias
        return logits

    def logits(self, ids: npt.NDArray[np.uint8]) -> Floats:
        """Score what follows each symbol of one text, from the zero state.

        Returns:
            float32 (time, vocabulary).
        """
        state = self.start()
        rows = np.empty((len(ids), len(self._dense_bias)), np.float32)
        for row, token_id in zip(rows, ids.tolist(), strict=True):
            row[:] = self.step(state, [token_id])[:, 0]
        return rows


class _Product:
    """A matrix that states are multiplied by, laid out for one state and for many.

    NumPy's OpenBLAS shares a matrix-vector product of 9,216 numbers or more out among threads that wait
    for each other at every step. Where other processes want the processors too, one such wait takes longer
    than a hundred steps. So one state is multiplied strip by strip, each too small to be shared out.
    """

    _SHARED_FROM = 9216

    def __init__(self, matrix: Floats) -> None:
        self.rows, columns = matrix.shape
        # Four rows are what the product's innermost loop takes at a time.
        height = (self._SHARED_FROM - 1) // columns // 4 * 4 or self.rows
        strips = -(-self.rows // height)
        if strips * height > self.rows:
            matrix = np.concatenate([matrix, np.zeros((strips * height - self.rows, columns), np.float32)])
        padded: Floats = np.ascontiguousarray(matrix)
        self._whole = padded[: self.rows]
        self._strips = padded.reshape(strips, height, columns)

    def times(self, states: Floats) -> Floats:
        """Multiply `(columns, batch)`, giving `(rows, batch)`."""
        if states.shape[1] > 1:
            return self._whole @ states
        product: Floats = self._strips @ states  # (strips, height, 1)
        return product.reshape(-1, 1)[: self.rows]


def _features_first(kernel: Floats) -> Floats:
    """Turn `(inputs, 4·units)` into `(4·units, inputs)`, gates in the order i, f, o, c.

    The three sigmoid gates lie together and are halved, which is exact, so that one `tanh` serves all.
    """
    inputs, units = kernel.shape[0], kernel.shape[1] // 4
    turned = np.empty((4 * units, inputs), np.float32)
    for place, (gate, factor) in enumerate(((0, 0.5), (1, 0.5), (3, 0.5), (2, 1.0))):
        source = kernel[:, gate * units : (gate + 1) * units]
        target = turned[place * units : (place + 1) * units]
        for first in range(0, inputs, 64):  # in strips that stay in the cache: several times as fast
            part = slice(first, first + 64)
            np.multiply(source[part].T, np.float32(factor), out=target[:, part])
    return turned
