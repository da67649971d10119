"""Turn a GRU's sizes into its weights, its Keras network and its sampling engine."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.recurrent.config import RecurrentConfig
from abclm.system.options import documented


@documented
@dataclass(frozen=True, kw_only=True)
class GRUConfig(RecurrentConfig):
    """The shape of a network, Embedding → GRU layers → Dense (Cho et al. 2014), each layer as Keras has it by default.

    Raises:
        ConfigError: a value is out of range.

    Example:
        >>> GRUConfig().parameters(vocabulary_size=83)
        4044627
    """

    name: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3  # in Keras' order: update, reset, candidate
    called: ClassVar[tuple[str, str]] = ("a GRU layer", "GRU layers")
    engine_type: ClassVar[str] = "abclm.models.gru.numpy_engine:NumpyEngine"
    network_type: ClassVar[str] = "abclm.models.gru.network:GRUNetwork"

    def initial_bias(self) -> npt.NDArray[np.float32]:
        """Zeros: a row for what the inputs add to the gates, and one for what the state does."""
        return np.zeros((2, self.gates * self.units), np.float32)
