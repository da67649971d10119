"""Turn an LSTM's sizes into its weights, its Keras network and its sampling engine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from abclm.models.architecture import Floats
from abclm.models.context import COLUMNS, COPIES, GATE, INPUTS
from abclm.models.recurrent.config import RecurrentConfig
from abclm.system.options import documented, option

GATE_UNITS = 96
"""Width of the gate's hidden layer."""

_UNITS_FOR_BFLOAT16 = 256  # with fewer, turning numbers into bfloat16 takes what the products gain

_DEVIATIONS = {"embedding/embeddings": 0.5, "context/embeddings": 0.3, "gate/embeddings": 0.1}
"""Standard deviations of the first values with `structure`."""


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

    structure: bool = option(
        False,
        help="Read the place in the tune's form beside each symbol, and mix in copies of earlier bars by a learned gate.",
    )

    @property
    def network_type(self) -> str:  # type: ignore[override]
        """The Keras network, with `structure` another one."""
        return "abclm.models.lstm." + (
            "structure:StructureNetwork" if self.structure else "network:LSTMNetwork"
        )

    @property
    def columns(self) -> int:
        """How many columns of `abclm.models.context` are read beside each symbol."""
        return len(COLUMNS) if self.structure else 0

    @property
    def gains_by_bfloat16(self) -> bool:
        """See `Architecture.gains_by_bfloat16`."""
        return self.units >= _UNITS_FOR_BFLOAT16

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """See `Architecture.from_settings`; the first models had no `structure`."""
        return super().from_settings({"structure": False, **settings})

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values."""
        yield from super().problems()
        if self.structure and self.cache:
            yield "cache is for models without structure, which has its own recall; leave one of them out"

    def weight_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """Name each weight, after the Keras weight it comes from, and give its shape."""
        shapes = super().weight_shapes(vocabulary_size)
        if self.structure:
            shapes |= {
                "context/embeddings": (sum(INPUTS.values()), self.embedding_dimension),
                "gate/embeddings": (sum(GATE.values()), GATE_UNITS),
                "gate/hidden/kernel": (self.units, GATE_UNITS),
                "gate/hidden/bias": (GATE_UNITS,),
                "gate/dense/kernel": (GATE_UNITS, 1 + len(COPIES)),
                "gate/dense/bias": (1 + len(COPIES),),
            }
        return shapes

    def initial_weights(self, vocabulary_size: int, seed: int) -> dict[str, Floats]:
        """Draw untrained weights; with `structure` those of all embeddings from wider normal distributions.

        Keras' own first embeddings, of 0.03 on average, leave the gates of a step almost the same for all symbols and
        places: with wider ones eight passes end at fewer bits.
        """
        weights = super().initial_weights(vocabulary_size, seed)
        if self.structure:
            generator = np.random.default_rng([seed, len(weights)])
            for name, deviation in _DEVIATIONS.items():
                drawn = generator.normal(0, deviation, weights[name].shape)
                weights[name] = drawn.astype(np.float32)
        return weights

    def is_integer(self, name: str, shape: tuple[int, ...]) -> bool:
        """See `RecurrentConfig.is_integer`; the gate's scores are worked out with their kernel as it is."""
        return super().is_integer(name, shape) and name != "gate/dense/kernel"

    def describe(self) -> str:
        """The network in some words."""
        return super().describe() + (", with the tune's structure" if self.structure else "")

    def initial_bias(self) -> npt.NDArray[np.float32]:
        """Zeros, but for the forget gate, which starts open: Jozefowicz et al. 2015."""
        return np.repeat(np.array([0, 1, 0, 0], np.float32), self.units)
