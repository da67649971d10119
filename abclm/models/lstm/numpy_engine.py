"""Turn token ids into logits, one at a time, carrying the LSTM's state.

Of the same equations as `keras.layers.LSTM`:

    i, f, o = sigmoid(W x + R h + b),  g = tanh(W x + R h + b)    each with its own rows of W, R, b
    c ← f·c + i·g
    h ← o·tanh(c)
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.recurrent.numpy_engine import RecurrentEngine
from abclm.models.recurrent.onnx_format import Graph

Floats = npt.NDArray[np.float32]


class NumpyEngine(RecurrentEngine):
    """The weights of an LSTM, laid out once for stepping. A state carries the cell values.

    The gates are i, f, o, g: the three with a sigmoid lie together and are halved, which is exact, so that one `tanh`
    serves all: sigmoid(x) = ½ (tanh(½ x) + 1). The outer ½ comes last, for the hidden values with their product.
    """

    gates = ((0, 0.5), (1, 0.5), (3, 0.5), (2, 1.0))
    hidden_share: ClassVar[float] = 0.5

    def draw_cell(self, graph: Graph, layer: int, own: str, read: str, carried: str) -> tuple[str, str]:
        """Add the equations to an ONNX graph; see `RecurrentEngine.draw_cell`."""
        gates = graph.add("Tanh", [graph.add("Add", [own, read])])
        *opened, added = graph.split(gates, 4)
        opened = [graph.add("Add", [gate, graph.constant(np.float32(1))]) for gate in opened]
        kept = graph.add("Mul", [carried, opened[1]])
        twice = graph.add("Add", [kept, graph.add("Mul", [opened[0], added])])
        carried = graph.add("Mul", [twice, graph.constant(np.float32(0.5))])
        return carried, graph.add("Mul", [graph.add("Tanh", [carried]), opened[2]])

    def cell(self, layer: int, own: Floats, read: Floats, carried: Floats, hidden: Floats) -> None:
        """Work out a layer's hidden values; see `RecurrentEngine.cell`."""
        units, gates = self.units, own
        gates += read
        np.tanh(gates, out=gates)
        opened = gates[:, : 3 * units]
        opened += 1
        carried *= opened[:, units : 2 * units]
        added = opened[:, :units]
        added *= gates[:, 3 * units :]
        carried += added
        carried *= 0.5
        np.tanh(carried, out=hidden)
        hidden *= opened[:, 2 * units :]
