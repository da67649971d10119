"""Turn a network's sizes into the names, shapes and first values of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from abclm.errors import ConfigError
from abclm.models.architecture import Architecture
from abclm.system.options import documented, option

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.models.lstm.numpy_engine import NumpyEngine


@documented
@dataclass(frozen=True, kw_only=True)
class ModelConfig(Architecture):
    """The shape of a network, Embedding → LSTM layers → Dense, and how far a tune's own passages count beside it.

    Raises:
        ConfigError: a value is out of range.

    Example:
        >>> ModelConfig().parameters(vocabulary_size=83)
        5353299
    """

    name: ClassVar[str] = "lstm"
    token_axes: ClassVar[Mapping[str, int]] = {"embedding/embeddings": 0, "dense/kernel": 1, "dense/bias": 0}

    embedding_dimension: int = option(
        256, low=1, high=16_384, help="Size of the vector that stands for a symbol at the input."
    )
    units: int = option(1024, low=1, high=16_384, help="Size of each LSTM layer's state.")
    layers: int = option(1, low=1, high=16, help="Number of LSTM layers.")

    def weight_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """Name each weight, after the Keras weight it comes from, and give its shape.

        A kernel's columns are the gates, in Keras' order: input, forget, cell, output.
        """
        inputs = self.embedding_dimension
        shapes: dict[str, tuple[int, ...]] = {"embedding/embeddings": (vocabulary_size, inputs)}
        for layer in self.layer_names():
            shapes[f"{layer}/kernel"] = (inputs, 4 * self.units)
            shapes[f"{layer}/recurrent_kernel"] = (self.units, 4 * self.units)
            shapes[f"{layer}/bias"] = (4 * self.units,)
            inputs = self.units
        shapes["dense/kernel"] = (self.units, vocabulary_size)
        shapes["dense/bias"] = (vocabulary_size,)
        return shapes

    def layer_names(self) -> list[str]:
        """Name the LSTM layers, from input to output: `lstm`, `lstm_1`, ..."""
        return [f"lstm_{number}" if number else "lstm" for number in range(self.layers)]

    def initial_weights(self, vocabulary_size: int, seed: int) -> dict[str, npt.NDArray[np.float32]]:
        """Draw untrained weights as Keras' layers do by default; `seed` is an integer from 0."""
        if type(seed) is not int or seed < 0:
            raise ConfigError(f"seed is an integer from 0; received {seed!r}")
        generator = np.random.default_rng(seed)
        shapes = self.weight_shapes(vocabulary_size)
        return {name: _draw(name, shape, generator) for name, shape in shapes.items()}

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
        from abclm.models.lstm.network import build_network

        sizes = (vocabulary_size, self.embedding_dimension, self.units, self.layers)
        return build_network(sizes, weights, precision)

    def describe(self) -> str:
        """The network in some words."""
        layers = "an LSTM layer" if self.layers == 1 else f"{self.layers} LSTM layers"
        return f"{layers} of {self.units:,} units, symbols embedded in {self.embedding_dimension:,}"


def _draw(name: str, shape: tuple[int, ...], generator: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw one weight as Keras' layers do by default."""
    kind = name.rpartition("/")[2]
    if kind == "embeddings":
        return generator.uniform(-0.05, 0.05, shape).astype(np.float32)
    if kind == "kernel":  # Glorot & Bengio 2010, equation 16
        limit = np.sqrt(6 / sum(shape))
        return generator.uniform(-limit, limit, shape).astype(np.float32)
    if kind == "recurrent_kernel":  # orthogonal rows: Saxe et al. 2014
        q, r = np.linalg.qr(generator.standard_normal(shape[::-1]))
        return np.ascontiguousarray((q * np.sign(np.diag(r))).T, np.float32)
    bias = np.zeros(shape, np.float32)
    if name.startswith("lstm"):
        units = shape[0] // 4
        bias[units : 2 * units] = 1  # the forget gate starts open: Jozefowicz et al. 2015
    return bias
