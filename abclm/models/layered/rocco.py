"""The networks of "Music Generation using LSTM" (Rocco, Rosatelli, Colangelo): models 0 to 3b.

All read 100 tokens as an index divided by the vocabulary. The slides show the layers in pictures that are lost; their
names, a later report of the authors and the count of model 0 (5,467,961 at 313 tokens) say what is here. Dense layers
without a number have 256 units, those of model 0; dropout without a rate is 0.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from abclm.models.layered.config import LayeredConfig
from abclm.models.layered.parts import (
    BATCH_NORM,
    FLATTEN,
    RELU,
    Part,
    attention,
    dense,
    dropout,
    recurrent,
)
from abclm.system.options import option


@dataclass(frozen=True, kw_only=True)
class _Rocco(LayeredConfig):
    source: ClassVar[str] = "a network of Rocco, Rosatelli and Colangelo"
    trained: ClassVar[Mapping[str, Any]] = {"batch_size": 128, "optimizer": "rmsprop"}


@dataclass(frozen=True, kw_only=True)
class Rocco0(_Rocco):
    """Model 0: a bidirectional LSTM of 512 with recurrent dropout, an LSTM of 512, batch normalisation."""

    name: ClassVar[str] = "rocco-0"

    def layers(self) -> Sequence[Part]:
        """Those of the picture on the slides."""
        return [
            recurrent("LSTM", 512, bidirectional=True, recurrent_dropout=0.3),
            recurrent("LSTM", 512, last=True),
            BATCH_NORM,
            dense(256),
            RELU,
            BATCH_NORM,
            dropout(0.3),
        ]


@dataclass(frozen=True, kw_only=True)
class Rocco1(_Rocco):
    """Model 1: three LSTMs of 512, the first one way or both; dropout stands behind the last of them."""

    name: ClassVar[str] = "rocco-1"

    bidirectional: bool = option(False, help="Whether the first LSTM is run both ways.")

    def layers(self) -> Sequence[Part]:
        """The LSTMs, then a dense layer with batch normalisation."""
        return [
            recurrent("LSTM", 512, bidirectional=self.bidirectional),
            recurrent("LSTM", 512),
            recurrent("LSTM", 512, last=True),
            dropout(0.3),
            dense(256),
            RELU,
            BATCH_NORM,
            dropout(0.3),
        ]


@dataclass(frozen=True, kw_only=True)
class Rocco1b(_Rocco):
    """Model 1b: LSTMs of 256 and 512, each with dropout; the dense layer has no activation ("remove the middle one")."""

    name: ClassVar[str] = "rocco-1b"

    def layers(self) -> Sequence[Part]:
        """Two blocks, a dense layer."""
        return [
            recurrent("LSTM", 256),
            dropout(0.3),
            recurrent("LSTM", 512, last=True),
            dropout(0.3),
            dense(256),
            dropout(0.3),
        ]


@dataclass(frozen=True, kw_only=True)
class Rocco1c(_Rocco):
    """Model 1c: model 1b with an LSTM of 256 before the dense layer, and a dropout of 0.5 everywhere."""

    name: ClassVar[str] = "rocco-1c"

    def layers(self) -> Sequence[Part]:
        """Two blocks, an LSTM, a dense layer."""
        return [
            recurrent("LSTM", 256),
            dropout(0.5),
            recurrent("LSTM", 512),
            dropout(0.5),
            recurrent("LSTM", 256, last=True),
            dense(256),
            dropout(0.5),
        ]


@dataclass(frozen=True, kw_only=True)
class Rocco2(_Rocco):
    """Model 2: two LSTMs of 512; the output reads the states at all tokens, flattened."""

    name: ClassVar[str] = "rocco-2"

    bidirectional: bool = option(False, help="Whether the first LSTM is run both ways.")

    def layers(self) -> Sequence[Part]:
        """The LSTMs and what flattens them."""
        return [
            recurrent("LSTM", 512, bidirectional=self.bidirectional),
            dropout(0.3),
            recurrent("LSTM", 512),
            FLATTEN,
        ]


@dataclass(frozen=True, kw_only=True)
class Rocco2b(Rocco2):
    """Model 2b: model 2 with a bidirectional LSTM first. It was trained by SGD and RMSprop, batches of 64 and 128."""

    name: ClassVar[str] = "rocco-2b"

    bidirectional: bool = option(True, help="Whether the first LSTM is run both ways.")


@dataclass(frozen=True, kw_only=True)
class Rocco3(_Rocco):
    """Model 3: a bidirectional LSTM of 512, self-attention, an LSTM of 128; the dense layer has ReLU.

    The attention is that of the package that the slides name, of 32 units; `attention` is its activation.
    """

    name: ClassVar[str] = "rocco-3"
    trained: ClassVar[Mapping[str, Any]] = {"batch_size": 128}

    attention: str = option("softmax", choices=("relu", "softmax"), help="Activation of the self-attention.")

    def layers(self) -> Sequence[Part]:
        """With dropout around the second LSTM."""
        return [
            recurrent("LSTM", 512, bidirectional=True),
            attention(self.attention),
            dropout(0.3),
            recurrent("LSTM", 128, last=True),
            dropout(0.3),
            dense(256, "relu"),
        ]


@dataclass(frozen=True, kw_only=True)
class Rocco3b(_Rocco):
    """Model 3b: a smaller model 3, of a bidirectional LSTM of 256; its dense layer is the output itself."""

    name: ClassVar[str] = "rocco-3b"
    trained: ClassVar[Mapping[str, Any]] = {"batch_size": 128}

    attention: str = option("softmax", choices=("relu", "softmax"), help="Activation of the self-attention.")

    def layers(self) -> Sequence[Part]:
        """With dropout behind the second LSTM."""
        return [
            recurrent("LSTM", 256, bidirectional=True),
            attention(self.attention),
            recurrent("LSTM", 128, last=True),
            dropout(0.3),
        ]
