"""Turn token ids into logits, one at a time, carrying the LSTM's state: NumPy alone.

Everything is kept features first, states as `(units, batch)`, so that a step is the product
`(4·units, units) @ (units, batch)`. Of the same equations as `keras.layers.LSTM`:

    i, f, o = sigmoid(W x + R h + b),  g = tanh(W x + R h + b)    each with its own rows of W, R, b
    c ← f·c + i·g
    h ← o·tanh(c)
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

FEW = 4
"""States that are multiplied one by one; from the next on, one matrix product is faster."""


_HALF, _WHOLE = np.float32(0.5), np.float32(1)


class State:
    """What a step leaves for the next, each written over by `NumpyEngine.step`.

    Attributes:
        cell: the cell values of every layer, `(units, batch)`.
        products: the hidden values of every layer, times all weights that read them, `(rows, batch)`: its own recurrent
            weights first, `4·units` rows, then the next layer's or the dense layer's.
    """

    def __init__(self, cell: list[Floats], products: list[Floats]) -> None:
        self.cell = cell
        self.products = products
        units, batch = cell[0].shape
        # Written over in each step: memory that is fetched anew costs as much as the arithmetic.
        self.hidden: Floats = np.empty((units, batch), np.float32)
        self.added: Floats = np.empty((4 * units, batch), np.float32)

    @property
    def batch(self) -> int:
        """How many texts are written at once."""
        return int(self.cell[0].shape[1])

    def column(self, place: int) -> State:
        """Return a copy of one text's values, as a state of batch 1."""
        return self.only([place])

    def put(self, place: int, column: State) -> None:
        """Give one text the values of a state of batch 1."""
        for mine, others in ((self.cell, column.cell), (self.products, column.products)):
            for values, other in zip(mine, others, strict=True):
                values[:, place] = other[:, 0]

    def only(self, places: list[int]) -> State:
        """Return a copy of some texts' values."""
        return State([each[:, places] for each in self.cell], [each[:, places] for each in self.products])


class NumpyEngine:
    """A model's weights, laid out once for stepping.

    All that a layer's hidden values are multiplied by is one matrix, so that a layer is one product a step.

    Args:
        names: of the layers, from input to output.
        units: of each layer.
        weights: named as in a model folder; they are copied, so that the model may be trained on meanwhile.
    """

    few = FEW

    def __init__(self, names: Sequence[str], units: int, weights: Mapping[str, Floats]) -> None:
        self.units = units
        self._pace = _Pace()
        # What a symbol adds to the first layer's gates never changes.
        kernel, bias = weights[f"{names[0]}/kernel"], weights[f"{names[0]}/bias"]
        rows = weights["embedding/embeddings"] @ kernel + bias  # (vocabulary, 4·units)
        self._columns: Floats = _features_first(rows)  # (4·units, vocabulary), for many texts
        self._rows: Floats = np.ascontiguousarray(self._columns.T)  # for a few
        self._products: list[_Product] = []  # of each layer
        self._bias: list[Floats] = []  # of what reads each layer: (4·units, 1), at last (vocabulary, 1)
        for name, reader in itertools.zip_longest(names, names[1:]):
            recurrent = _features_first(weights[f"{name}/recurrent_kernel"], _HALF)
            if reader:
                read = _features_first(weights[f"{reader}/kernel"], _HALF)
                self._bias.append(_features_first(weights[f"{reader}/bias"][None]))
            else:
                read = _HALF * weights["dense/kernel"].T
                self._bias.append(weights["dense/bias"][:, None].copy())
            self._products.append(_Product(np.concatenate([recurrent, read]), self._pace))

    def start(self, batch: int = 1) -> State:
        """Return the zero state that every text begins from."""
        return State(
            [np.zeros((self.units, batch), np.float32) for _ in self._products],
            [np.zeros((product.rows, batch), np.float32) for product in self._products],
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
        units, hidden = self.units, state.hidden
        read = state.added  # what the layer before adds to the gates; at last, the scores
        for layer, product in enumerate(self._products):
            sums, cell = state.products[layer], state.cell[layer]
            gates = sums[: 4 * units]
            if layer > 0:
                gates += read
            elif state.batch == 1:
                gates[:, 0] += self._rows[ids[0]]
            elif state.batch <= FEW:
                gates += self._rows[ids].T
            else:
                gates += np.take(self._columns, ids, axis=1, out=state.added, mode="clip")
            # sigmoid(x) = ½ (tanh(½ x) + 1). The inner ½ is in the weights. The outer one comes last, for the cell here
            # and for the hidden values in the weights that read them; halving is exact.
            np.tanh(gates, out=gates)
            opened = gates[: 3 * units]
            opened += 1
            cell *= opened[units : 2 * units]
            added = opened[:units]
            added *= gates[3 * units :]
            cell += added
            cell *= 0.5
            np.tanh(cell, out=hidden)
            hidden *= opened[2 * units :]
            sums = state.products[layer] = product.times(hidden, out=sums)
            read = sums[4 * units :] + self._bias[layer]
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


class _Pace:
    """Finds out, while texts are written, which way of multiplying one state is the faster at the moment.

    NumPy's OpenBLAS shares a matrix-vector product of 9,216 numbers or more out among threads, which halves
    its time on two idle processors. But the threads wait for each other at every step, and where other
    processes want the processors too, one such wait takes longer than a hundred steps. The other way is strip
    by strip, each too small to be shared out. Both give the same bits.
    """

    _STRETCH = 32  # steps between choices
    _TRIAL = 16  # steps that the other way is tried for
    _PATIENCE = (1024, 192)  # steps from one trial to the next: shared out, in strips
    _LASTING = 96  # steps that a mean is taken over, about

    def __init__(self) -> None:
        self.in_strips = False
        self._means = [0.0, 0.0]  # seconds of a step: shared out, in strips
        self._steps = [0, 0]  # that the means are of, up to _LASTING
        self._left = self._STRETCH  # steps to the next choice
        self._since_trial = self._PATIENCE[0]  # the first comes at once

    def note(self, seconds: float) -> None:
        """Take note of how long a step took, and choose the way for the next."""
        way = self.in_strips
        self._steps[way] = min(self._steps[way] + 1, self._LASTING)
        self._means[way] += (seconds - self._means[way]) / self._steps[way]
        self._since_trial += 1
        self._left -= 1
        if self._left:
            return
        self._left = self._STRETCH
        if all(self._steps):
            self.in_strips = self._means[True] < self._means[False]
        if self._since_trial >= self._PATIENCE[self.in_strips]:
            self.in_strips = not self.in_strips
            self._steps[self.in_strips] = 0  # what it took long ago says nothing
            self._since_trial, self._left = 0, self._TRIAL


class _Product:
    """A matrix that states are multiplied by, laid out for a few states and for many."""

    _SHARED_FROM = 9216  # numbers of a matrix that OpenBLAS multiplies by a vector with more than one thread

    def __init__(self, matrix: Floats, pace: _Pace) -> None:
        self.rows, columns = matrix.shape
        self._pace = pace
        # Four rows are what the product's innermost loop takes at a time.
        height = (self._SHARED_FROM - 1) // columns // 4 * 4 or self.rows
        strips = -(-self.rows // height)
        if strips * height > self.rows:
            matrix = np.concatenate([matrix, np.zeros((strips * height - self.rows, columns), np.float32)])
        self._padded: Floats = np.ascontiguousarray(matrix)
        self._strips = self._padded.reshape(strips, height, columns)

    def times(self, states: Floats, out: Floats | None = None) -> Floats:
        """Multiply `(columns, batch)`, giving `(rows, batch)`; up to `FEW` states one by one."""
        batch = states.shape[1]
        if batch > FEW:
            return np.matmul(self._padded[: self.rows], states, out=out)
        if batch == 1:
            return self._one(states)
        product = np.empty((self.rows, batch), np.float32) if out is None else out
        for place in range(batch):
            product[:, place] = self._one(np.ascontiguousarray(states[:, place : place + 1]))[:, 0]
        return product

    def _one(self, state: Floats) -> Floats:
        if self._pace.in_strips:
            product: Floats = self._strips @ state  # (strips, height, 1)
            return product.reshape(-1, 1)[: self.rows]
        return (self._padded @ state)[: self.rows]


def _features_first(kernel: Floats, factor: np.float32 = _WHOLE) -> Floats:
    """Turn `(inputs, 4·units)` into `(4·units, inputs)`, gates in the order i, f, o, c, times a factor.

    The three sigmoid gates lie together and are halved, which is exact, so that one `tanh` serves all.
    """
    inputs, units = kernel.shape[0], kernel.shape[1] // 4
    turned = np.empty((4 * units, inputs), np.float32)
    for place, (gate, share) in enumerate(((0, _HALF), (1, _HALF), (3, _HALF), (2, _WHOLE))):
        source = kernel[:, gate * units : (gate + 1) * units]
        target = turned[place * units : (place + 1) * units]
        for first in range(0, inputs, 64):  # in strips that stay in the cache: several times as fast
            part = slice(first, first + 64)
            np.multiply(source[part].T, factor * share, out=target[:, part])
    return turned
