"""Turn the sizes of a network of recurrent layers into the names, shapes and first values of its weights."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, ClassVar

import numpy as np

from abclm.errors import ConfigError
from abclm.models.architecture import Architecture, Engine, Floats, Weights
from abclm.models.quantised import Once
from abclm.system.options import option

_PIECE_SIZES = {"embedding_dimension": 128, "units": 256}
_PIECE_RECIPE = {
    "sequence_length": 100, "batch_size": 16, "learning_rate": 3e-3, "schedule": "cosine", "epochs": 40,
    "clip_norm": 1.0, "embedding_dropout": 0.2, "output_dropout": 0.4, "weight_decay": 0.01, "transposition": 1.0,
}  # fmt: skip
"""What docs/other-systems.md measures under "One of ours"."""


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig(Architecture):
    """The sizes of a network, Embedding → recurrent layers → Dense. Each kind of layer has a subclass.

    Attributes:
        gates: columns of a layer's kernels for each unit.
        called: one layer and several, for people: `("an LSTM layer", "LSTM layers")`.
        engine_type: the `RecurrentEngine`, as `module:Class`, imported when an engine is made.
        network_type: the same of the `RecurrentNetwork`.
    """

    token_axes: ClassVar[Mapping[str, int]] = {"embedding/embeddings": 0, "dense/kernel": 1, "dense/bias": 0}
    gates: ClassVar[int]
    called: ClassVar[tuple[str, str]]
    engine_type: ClassVar[str]
    network_type: ClassVar[str]

    embedding_dimension: int = option(
        256,
        low=1,
        high=16_384,
        group="Network",
        help="Size of the vector that stands for a symbol at the input.",
    )
    units: int = option(1024, low=1, high=16_384, help="Size of each recurrent layer's state.")
    layers: int = option(1, low=1, high=16, help="Number of recurrent layers.")

    @classmethod
    def sizes(cls, of_pieces: bool) -> dict[str, Any]:
        """See `Architecture.sizes`: MIDI pieces get a smaller network than tunes."""
        return dict(_PIECE_SIZES) if of_pieces else {}

    @classmethod
    def recipe(cls, of_pieces: bool) -> dict[str, Any]:
        """See `Architecture.recipe`; of tunes, all is as in the paper."""
        return dict(_PIECE_RECIPE) if of_pieces else {}

    @abstractmethod
    def initial_bias(self) -> Floats:
        """What the biases of each recurrent layer are before training; its shape is theirs."""

    def weight_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """Name each weight, after the Keras weight it comes from, and give its shape."""
        inputs, columns = self.embedding_dimension, self.gates * self.units
        shapes: dict[str, tuple[int, ...]] = {"embedding/embeddings": (vocabulary_size, inputs)}
        for layer in self.layer_names():
            shapes[f"{layer}/kernel"] = (inputs, columns)
            shapes[f"{layer}/recurrent_kernel"] = (self.units, columns)
            shapes[f"{layer}/bias"] = self.initial_bias().shape
            inputs = self.units
        shapes["dense/kernel"] = (self.units, vocabulary_size)
        shapes["dense/bias"] = (vocabulary_size,)
        return shapes

    def layer_names(self) -> list[str]:
        """Name the recurrent layers, from input to output: `lstm`, `lstm_1`, ..."""
        return [f"{self.name}_{number}" if number else self.name for number in range(self.layers)]

    def initial_weights(self, vocabulary_size: int, seed: int) -> dict[str, Floats]:
        """Draw untrained weights as Keras' layers do by default; `seed` is an integer from 0."""
        if type(seed) is not int or seed < 0:
            raise ConfigError(f"seed is an integer from 0; received {seed!r}")
        generator = np.random.default_rng(seed)
        weights = {
            name: draw_weight(name.rpartition("/")[2], shape, generator)
            for name, shape in self.weight_shapes(vocabulary_size).items()
        }
        return weights | {f"{layer}/bias": self.initial_bias() for layer in self.layer_names()}

    def is_integer(self, name: str, shape: tuple[int, ...]) -> bool:
        """See `Architecture.is_integer`: what `engine` multiplies by in 8 bits, so that the tunes stay the same.

        What symbols add to the first layer's gates is worked out with its kernel as it is.
        """
        return super().is_integer(name, shape) and name != f"{self.layer_names()[0]}/kernel"

    def engine(self, weights: Weights) -> Engine:
        """Make an engine that writes with these weights, in integers of 8 bits; they are copied."""
        if isinstance(weights, Once):
            weights = weights.packed(self.is_integer)
        engine: Engine = self._engine(weights, None)
        return engine

    def arithmetic(self) -> object:
        """See `Architecture.arithmetic`."""
        from abclm.models.recurrent.products import arithmetic

        return arithmetic()

    def exact_engine(self, weights: Weights) -> Engine:
        """See `Architecture.exact_engine`."""
        from abclm.models.recurrent.products import FloatProduct

        engine: Engine = self._engine(weights, FloatProduct)
        return engine

    def step_model(self, weights: Weights, metadata: Mapping[str, str]) -> bytes:
        """See `Architecture.step_model`."""
        from abclm.models.recurrent.export import StoredProduct, step_model

        return step_model(self._engine(weights, StoredProduct), metadata)

    def _engine(self, weights: Weights, product_type: type[Any] | None) -> Any:
        return resolve_name(self.engine_type)(self.layer_names(), self.units, weights, product_type)

    def network(
        self, vocabulary_size: int, weights: Weights | None = None, precision: str = "float32"
    ) -> Any:
        """Make the Keras network; see `Architecture.network`."""
        sizes = (vocabulary_size, self.embedding_dimension, self.units, self.layers)
        return resolve_name(self.network_type).of(sizes, weights, precision)

    def describe(self) -> str:
        """The network in some words."""
        layers = self.called[0] if self.layers == 1 else f"{self.layers} {self.called[1]}"
        return f"{layers} of {self.units:,} units, symbols embedded in {self.embedding_dimension:,}"


def draw_weight(kind: str, shape: tuple[int, ...], generator: np.random.Generator) -> Floats:
    """Draw one weight as Keras' layers do by default."""
    if kind == "embeddings":
        return generator.uniform(-0.05, 0.05, shape).astype(np.float32)
    if kind == "kernel":  # Glorot & Bengio 2010, equation 16
        limit = np.sqrt(6 / sum(shape))
        return generator.uniform(-limit, limit, shape).astype(np.float32)
    if kind == "recurrent_kernel":  # orthogonal rows: Saxe et al. 2014
        q, r = np.linalg.qr(generator.standard_normal(shape[::-1]))
        return np.ascontiguousarray((q * np.sign(np.diag(r))).T, np.float32)
    return np.zeros(shape, np.float32)
