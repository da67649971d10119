"""Turn token ids into logits, one at a time, carrying the GRU's state.

Of the same equations as `keras.layers.GRU` with `reset_after` (Cho et al. 2014 in the form that cuDNN has):

    z, r = sigmoid(W x + b + R h + c)    each with its own rows of W, R, b, c
    g = tanh(W x + b + r·(R h + c))
    h ← z·h + (1 - z)·g
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from abclm.models.recurrent.numpy_engine import RecurrentEngine
from abclm.models.recurrent.onnx_format import Graph
from abclm.models.recurrent.products import Product

Floats = npt.NDArray[np.float32]


class NumpyEngine(RecurrentEngine):
    """The weights of a GRU, laid out once for stepping. A state carries the hidden values.

    The gates are z, r, g, those with a sigmoid halved: sigmoid(x) = ½ (tanh(½ x) + 1).
    """

    gates = ((0, 0.5), (1, 0.5), (2, 1.0))

    def __init__(
        self,
        names: Sequence[str],
        units: int,
        weights: Mapping[str, Floats],
        product_type: type[Product] | None = None,
    ) -> None:
        super().__init__(names, units, weights, product_type)
        self._candidate_bias = [weights[f"{name}/bias"][1, 2 * units :].copy() for name in names]

    def input_bias(self, bias: Floats) -> Floats:
        """Both rows of biases but for the candidate's second, which the reset gate is multiplied by."""
        added: Floats = bias[0].copy()
        added[: 2 * self.units] += bias[1, : 2 * self.units]
        return added

    def draw_cell(self, graph: Graph, layer: int, own: str, read: str, carried: str) -> tuple[str, str]:
        """Add the equations to an ONNX graph; see `RecurrentEngine.draw_cell`."""
        half, one = graph.constant(np.float32(0.5)), graph.constant(np.float32(1))
        (*opened, own), (*given, read) = graph.split(own, 3), graph.split(read, 3)
        keep, reset = (
            graph.add("Mul", [graph.add("Add", [graph.add("Tanh", [graph.add("Add", pair)]), one]), half])
            for pair in zip(opened, given, strict=True)
        )
        own = graph.add("Mul", [graph.add("Add", [own, graph.constant(self._candidate_bias[layer])]), reset])
        candidate = graph.add("Tanh", [graph.add("Add", [own, read])])
        less = graph.add("Mul", [graph.add("Sub", [carried, candidate]), keep])
        carried = graph.add("Add", [less, candidate])
        return carried, carried

    def cell(self, layer: int, own: Floats, read: Floats, carried: Floats, hidden: Floats) -> None:
        """Work out a layer's hidden values; see `RecurrentEngine.cell`."""
        units = self.units
        opened, candidate = own[:, : 2 * units], own[:, 2 * units :]
        opened += read[:, : 2 * units]
        np.tanh(opened, out=opened)
        opened += 1
        opened *= 0.5
        candidate += self._candidate_bias[layer]
        candidate *= opened[:, units:]
        candidate += read[:, 2 * units :]
        np.tanh(candidate, out=candidate)
        # z·h + (1 - z)·g = g + z·(h - g)
        carried -= candidate
        carried *= opened[:, :units]
        carried += candidate
        hidden[:] = carried
