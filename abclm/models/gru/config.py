"""Turn a GRU's sizes into its weights, its Keras network and its sampling engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.gru.numpy_engine import NumpyEngine
from abclm.models.recurrent.config import RecurrentConfig


@dataclass(frozen=True, kw_only=True)
class GRUConfig(RecurrentConfig):
    """The shape of a network, Embedding → GRU layers → Dense (Cho et al. 2014), each layer as Keras has it by default.

    Args:
        embedding_dimension: numbers that stand for a symbol at the input, 1 to 16,384.
        units: size of each GRU layer's state, 1 to 16,384.
        layers: GRU layers, 1 to 16.
        cache: how far to trust a passage that comes again; see `ModelConfig`.

    Raises:
        ConfigError: a value is out of range.

    Example:
        >>> GRUConfig().parameters(vocabulary_size=83)
        4044627
    """

    name: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3  # in Keras' order: update, reset, candidate
    called: ClassVar[tuple[str, str]] = ("a GRU layer", "GRU layers")

    def initial_bias(self) -> npt.NDArray[np.float32]:
        """Zeros: a row for what the inputs add to the gates, and one for what the state does."""
        return np.zeros((2, self.gates * self.units), np.float32)

    def engine(self, weights: Mapping[str, npt.NDArray[np.float32]]) -> NumpyEngine:
        """Make an engine that writes with these weights; see `abclm.models.gru.numpy_engine`."""
        from abclm.models.gru.numpy_engine import NumpyEngine

        return NumpyEngine(self.layer_names(), self.units, weights)

    def network(
        self,
        vocabulary_size: int,
        weights: Mapping[str, npt.NDArray[np.float32]] | None = None,
        precision: str = "float32",
    ) -> Any:
        """Make the Keras network; see `abclm.models.gru.network`."""
        from abclm.models.gru.network import GRUNetwork

        sizes = (vocabulary_size, self.embedding_dimension, self.units, self.layers)
        return GRUNetwork.of(sizes, weights, precision)
