"""Turn an LSTM's sizes into its weights, its Keras network and its sampling engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.lstm.numpy_engine import NumpyEngine
from abclm.models.recurrent.config import RecurrentConfig
from abclm.system.options import documented


@documented
@dataclass(frozen=True, kw_only=True)
class ModelConfig(RecurrentConfig):
    """The shape of a network, Embedding → LSTM layers → Dense, and how far a tune's own passages count beside it.

    Raises:
        ConfigError: a value is out of range.

    Example:
        >>> ModelConfig().parameters(vocabulary_size=83)
        5353299
    """

    name: ClassVar[str] = "lstm"
    gates: ClassVar[int] = 4  # in Keras' order: input, forget, cell, output
    called: ClassVar[tuple[str, str]] = ("an LSTM layer", "LSTM layers")

    def initial_bias(self) -> npt.NDArray[np.float32]:
        """Zeros, but for the forget gate, which starts open: Jozefowicz et al. 2015."""
        return np.repeat(np.array([0, 1, 0, 0], np.float32), self.units)

    def engine(self, weights: Mapping[str, npt.NDArray[np.float32]]) -> NumpyEngine:
        """Make an engine that writes with these weights; see `abclm.models.lstm.numpy_engine`."""
        from abclm.models.lstm.numpy_engine import NumpyEngine

        return NumpyEngine(self.layer_names(), self.units, weights)

    def network(
        self,
        vocabulary_size: int,
        weights: Mapping[str, npt.NDArray[np.float32]] | None = None,
        precision: str = "float32",
    ) -> Any:
        """Make the Keras network; see `abclm.models.lstm.network`."""
        from abclm.models.lstm.network import LSTMNetwork

        sizes = (vocabulary_size, self.embedding_dimension, self.units, self.layers)
        return LSTMNetwork.of(sizes, weights, precision)
