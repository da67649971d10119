"""Say which Keras layers a network has, one after another, without importing Keras: the parts of layered networks."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Part(NamedTuple):
    """A layer.

    Attributes:
        kind: the name of a class in `keras.layers`, or `SelfAttention`.
        options: its arguments.
        is_bidirectional: whether it is run both ways and the outputs joined.
    """

    kind: str
    options: Mapping[str, Any]
    is_bidirectional: bool = False


class Layered(Protocol):
    """What network and engine have to know of an architecture; see `abclm.models.layered.config.LayeredConfig`."""

    def __hash__(self) -> int:
        """Architectures are values."""

    @property
    def window(self) -> int:
        """Tokens that are read."""

    @property
    def inputs(self) -> str:
        """How a token is read: `scaled`, `one-hot` or `embedding`."""

    @property
    def embedding_dimension(self) -> int:
        """Numbers that stand for a token with `embedding`."""

    @property
    def tokens_ahead(self) -> int:
        """Tokens that are predicted at once."""

    def layers(self) -> Sequence[Part]:
        """The layers between the input and the dense layer."""


def recurrent(
    kind: str, units: int, *, last: bool = False, bidirectional: bool = False, recurrent_dropout: float = 0.0
) -> Part:
    """A recurrent layer.

    Args:
        kind: `LSTM`, `GRU` (the layer that `abclm.models.gru` trains) or `SimpleRNN`.
        units: size of its state.
        last: give the state at the last token alone, not at each.
        bidirectional: run it both ways.
        recurrent_dropout: share of the state to drop, the same values at each token of a window.
    """
    options: dict[str, Any] = {"units": units, "return_sequences": not last}
    if recurrent_dropout:
        options["recurrent_dropout"] = recurrent_dropout
    return Part(kind, options, bidirectional)


def dropout(rate: float) -> Part:
    """Drop a share of the values while it trains."""
    return Part("Dropout", {"rate": rate})


def dense(units: int, activation: str | None = None) -> Part:
    """A dense layer, at each token where it reads a sequence."""
    return Part("Dense", {"units": units, "activation": activation})


def convolution(filters: int, *, separable: bool = False) -> Part:
    """A convolution over time: three tokens wide, as many outputs as inputs, ReLU."""
    options = {"filters": filters, "kernel_size": 3, "padding": "same", "activation": "relu"}
    return Part("SeparableConv1D" if separable else "Conv1D", options)


def attention(activation: str) -> Part:
    """Self-attention over the window; see `abclm.models.layered.attention`."""
    return Part("SelfAttention", {"activation": activation})


BATCH_NORM = Part("BatchNormalization", {})
FLATTEN = Part("Flatten", {})
RELU = Part("ReLU", {})
