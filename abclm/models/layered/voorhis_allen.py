"""The seven builds of "Music Generation Using Recurrent Neural Network Models" (Voorhis-Allen, May, Mokobi).

The poster names each build by its layers, and leaves open: the window (100 here: its training set has "11,000 sequences
of musical data of length 100"), the input (a scaled index, as in the recipe of Skúli that it cites), the rate of dropout
(0.3, Skúli's), the width of a convolution (3 tokens, "same" padding, ReLU) and its filters where no number stands (256,
as many as the units of the LSTMs), and what comes between recurrent layers and output (nothing).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from abclm.models.layered.config import LayeredConfig
from abclm.models.layered.parts import BATCH_NORM, Part, convolution, dense, dropout, recurrent


@dataclass(frozen=True, kw_only=True)
class _Build(LayeredConfig):
    source: ClassVar[str] = "a network of Voorhis-Allen, May and Mokobi"
    before: ClassVar[tuple[Part, ...]] = ()
    kind: ClassVar[str] = "LSTM"
    units: ClassVar[int] = 256
    stacked: ClassVar[int] = 2
    between: ClassVar[Part] = dropout(0.3)

    def layers(self) -> Sequence[Part]:
        """Recurrent layers, each with dropout or batch normalisation, after what comes before them."""
        stack = [
            recurrent(self.kind, self.units, last=place == self.stacked - 1) for place in range(self.stacked)
        ]
        return [*self.before, *(part for layer in stack for part in (layer, self.between))]


@dataclass(frozen=True, kw_only=True)
class Baseline(_Build):
    """4 LSTM-256, Dropout: the poster's baseline."""

    name: ClassVar[str] = "4lstm-256"
    stacked: ClassVar[int] = 4


@dataclass(frozen=True, kw_only=True)
class Conv1DLSTM(_Build):
    """Conv1D, 2 LSTM-256, Dropout: the poster's best by ear, trained for 860 epochs."""

    name: ClassVar[str] = "conv1d-2lstm-256"
    before: ClassVar[tuple[Part, ...]] = (convolution(256),)


@dataclass(frozen=True, kw_only=True)
class OneLSTM(_Build):
    """1 LSTM-256, Dropout."""

    name: ClassVar[str] = "lstm-256"
    stacked: ClassVar[int] = 1


@dataclass(frozen=True, kw_only=True)
class Conv1DGRU(_Build):
    """Conv1D-128, 2 GRU-256, Dropout."""

    name: ClassVar[str] = "conv1d-128-2gru-256"
    before: ClassVar[tuple[Part, ...]] = (convolution(128),)
    kind: ClassVar[str] = "GRU"


@dataclass(frozen=True, kw_only=True)
class SeparableLSTM(_Build):
    """SeparableConv1D, 2 LSTM-256, Dropout."""

    name: ClassVar[str] = "separable-2lstm-256"
    before: ClassVar[tuple[Part, ...]] = (convolution(256, separable=True),)


@dataclass(frozen=True, kw_only=True)
class Conv1DThreeLSTM(_Build):
    """Conv1D-256, 3 LSTM-128, Dropout."""

    name: ClassVar[str] = "conv1d-256-3lstm-128"
    before: ClassVar[tuple[Part, ...]] = (convolution(256),)
    units: ClassVar[int] = 128
    stacked: ClassVar[int] = 3


@dataclass(frozen=True, kw_only=True)
class Conv1DBatchNorm(_Build):
    """Conv1D, 2 LSTM-256, BatchNorm: normalisation where the others drop."""

    name: ClassVar[str] = "conv1d-2lstm-256-batchnorm"
    before: ClassVar[tuple[Part, ...]] = (convolution(256),)
    between: ClassVar[Part] = BATCH_NORM


@dataclass(frozen=True, kw_only=True)
class TimeDistributed(_Build):
    """TimeDistributed(Dense), 2 LSTM-256, Dropout: named beside the table. The dense layer has 256 units and ReLU."""

    name: ClassVar[str] = "time-distributed-2lstm-256"
    before: ClassVar[tuple[Part, ...]] = (dense(256, "relu"),)
