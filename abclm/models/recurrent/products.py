"""Turn states into what the weights make of them: a few states with the same bits as one, many in one product."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

FEW = 4
"""States that are multiplied one by one; from the next on, one matrix product is faster."""


class Pace:
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


class Product:
    """A matrix that states are multiplied by, laid out for a few states and for many."""

    _SHARED_FROM = 9216  # numbers of a matrix that OpenBLAS multiplies by a vector with more than one thread

    def __init__(self, matrix: Floats, pace: Pace) -> None:
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
