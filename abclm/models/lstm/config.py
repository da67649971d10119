"""Turn an LSTM's sizes into its weights, its Keras network and its sampling engine."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

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
    engine_type: ClassVar[str] = "abclm.models.lstm.numpy_engine:NumpyEngine"
    network_type: ClassVar[str] = "abclm.models.lstm.network:LSTMNetwork"

    def initial_bias(self) -> npt.NDArray[np.float32]:
        """Zeros, but for the forget gate, which starts open: Jozefowicz et al. 2015."""
        return np.repeat(np.array([0, 1, 0, 0], np.float32), self.units)
