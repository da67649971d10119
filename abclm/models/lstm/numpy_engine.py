"""Turn token ids into logits, one at a time, carrying the LSTM's state: NumPy alone.

Of the same equations as `keras.layers.LSTM`:

    i, f, o = sigmoid(W x + R h + b),  g = tanh(W x + R h + b)    each with its own rows of W, R, b
    c ← f·c + i·g
    h ← o·tanh(c)
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.recurrent.numpy_engine import HALF, WHOLE, RecurrentEngine, in_order

Floats = npt.NDArray[np.float32]


class NumpyEngine(RecurrentEngine):
    """The weights of an LSTM, laid out once for stepping. A state carries the cell values."""

    gates: ClassVar[int] = 4
    hidden_share: ClassVar[np.float32] = HALF

    def features_first(self, kernel: Floats, factor: np.float32 = WHOLE) -> Floats:
        """Turn a kernel; gates in the order i, f, o, c.

        The three sigmoid gates lie together and are halved, which is exact, so that one `tanh` serves all.
        """
        half = HALF * factor
        return in_order(kernel, [(0, half), (1, half), (3, half), (2, factor)])

    def cell(self, layer: int, own: Floats, read: Floats, carried: Floats, hidden: Floats) -> None:
        """Work out a layer's hidden values; see `RecurrentEngine.cell`."""
        units, gates = self.units, own
        gates += read
        # sigmoid(x) = ½ (tanh(½ x) + 1). The inner ½ is in the weights. The outer one comes last, for the cell here
        # and for the hidden values in the weights that read them; halving is exact.
        np.tanh(gates, out=gates)
        opened = gates[: 3 * units]
        opened += 1
        carried *= opened[units : 2 * units]
        added = opened[:units]
        added *= gates[3 * units :]
        carried += added
        carried *= 0.5
        np.tanh(carried, out=hidden)
        hidden *= opened[2 * units :]
