"""Turn a list of layers into an architecture: weights, Keras network, and an engine that samples with Keras."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from abclm.errors import ConfigError
from abclm.models.architecture import Architecture, Engine, Floats, Weights
from abclm.models.layered.parts import Part
from abclm.system.options import option
from abclm.system.words import counted

INPUTS = ("scaled", "one-hot", "embedding")


@dataclass(frozen=True, kw_only=True)
class LayeredConfig(Architecture):
    """A network that reads a window of tokens and predicts the next: input, the layers of a subclass, a dense layer.

    Before a piece is as long as a window, the window is filled up in front with what stands before the piece. The
    networks end in a dense layer with softmax; here the layer gives logits, of which loss and sampler take the softmax.

    Args:
        window: tokens that are read.
        inputs: how: `scaled` as one number, the id divided by the number of tokens; `one-hot`; or `embedding`.
        embedding_dimension: numbers that stand for a token with `embedding`.
        cache: see `Architecture`.

    Attributes:
        name: of the architecture.
        source: of the network, for people.
        trained: fields of `TrainingConfig` that its paper gives: batches of 128 windows (Rocco et al.) where it does not.
    """

    token_axes: ClassVar[Mapping[str, int]] = {}
    source: ClassVar[str]
    trained: ClassVar[Mapping[str, Any]] = {"batch_size": 128}

    window: int = option(
        100, low=1, high=4096, help="Number of tokens that the network reads to predict the next."
    )
    inputs: str = option("scaled", choices=INPUTS, help="How a token is read.")
    embedding_dimension: int = option(
        64, low=1, high=16_384, help="Size of the vector of a token with embedding."
    )

    @abstractmethod
    def layers(self) -> Sequence[Part]:
        """The layers between the input and the dense layer; the last of them gives `(batch, features)`."""

    @classmethod
    def recipe(cls, of_pieces: bool) -> dict[str, Any]:
        """Optimizer, learning rate and batches of the paper."""
        return dict(cls.trained)

    @property
    def window_length(self) -> int | None:
        """The same as `window`."""
        return self.window

    def weight_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """Name each weight, as Keras does, and give its shape. Imports Keras."""
        from abclm.models.layered.network import shapes_of

        return shapes_of(self, vocabulary_size)

    def initial_weights(self, vocabulary_size: int, seed: int) -> dict[str, Floats]:
        """Draw untrained weights by Keras' layers; `seed` is an integer from 0."""
        from abclm.models.layered.network import draw_weights

        if type(seed) is not int or seed < 0:
            raise ConfigError(f"seed is an integer from 0; received {seed!r}")
        return draw_weights(self, vocabulary_size, seed)

    def engine(self, weights: Weights) -> Engine:
        """Make an engine that reads the window anew for each token, with Keras."""
        from abclm.models.layered.engine import WindowEngine

        tokens = weights["logits/bias"].size // self.tokens_ahead
        return WindowEngine(self.network(tokens, weights), self.window, tokens)

    def network(
        self, vocabulary_size: int, weights: Weights | None = None, precision: str = "float32"
    ) -> Any:
        """Make the Keras network: ids `(batch, window)` in, logits `(batch, ahead, tokens)` out."""
        from abclm.models.keras_network import set_weights
        from abclm.models.layered.network import LayeredNetwork

        network = LayeredNetwork.of(self, vocabulary_size, precision)
        if weights is not None:
            set_weights(network, weights)
        return network

    def describe(self) -> str:
        """The network in some words."""
        return f"{self.source}, {counted(self.window, 'token')} read as {self.inputs} input"
