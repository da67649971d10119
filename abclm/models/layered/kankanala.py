"""The networks of Kankanala, Paladugu and Chengalraya on piano music by artists: two LSTMs and a GRU.

All read 50 tokens as scaled indices. The paper has no rates of dropout; 0.3 here. Its table of the LSTM and its text
about it are two networks: `kankanala-lstm` has the table's 2,709,057 parameters at 65 tokens, `kankanala-lstm-text` the
text's 1,038,913. The table does not say which dense layers have ReLU: that of 256 units, as the text has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from abclm.models.layered.config import LayeredConfig
from abclm.models.layered.parts import BATCH_NORM, Part, dense, dropout, recurrent
from abclm.system.options import option


@dataclass(frozen=True, kw_only=True)
class _Kankanala(LayeredConfig):
    source: ClassVar[str] = "a network of Kankanala, Paladugu and Chengalraya"
    trained: ClassVar[Mapping[str, Any]] = {"batch_size": 128, "optimizer": "adamax"}

    window: int = option(
        50, low=1, high=4096, help="Number of tokens that the network reads to predict the next."
    )


@dataclass(frozen=True, kw_only=True)
class KankanalaLSTM(_Kankanala):
    """The LSTM of the paper's table: LSTMs of 256, 512 and 256 with dropout between them, a dense layer with dropout."""

    name: ClassVar[str] = "kankanala-lstm"

    def layers(self) -> Sequence[Part]:
        """As the table has them."""
        return [
            recurrent("LSTM", 256),
            dropout(0.3),
            recurrent("LSTM", 512),
            dropout(0.3),
            recurrent("LSTM", 256, last=True),
            dense(256, "relu"),
            dropout(0.3),
        ]


def _normalized(kind: str) -> list[Part]:
    """Recurrent layers of 256, 256 and 128, each with batch normalisation and dropout, and a dense layer."""
    parts: list[Part] = []
    for units, is_last in ((256, False), (256, False), (128, True)):
        parts += [recurrent(kind, units, last=is_last), BATCH_NORM, dropout(0.3)]
    return [*parts, dense(256, "relu")]


@dataclass(frozen=True, kw_only=True)
class KankanalaLSTMText(_Kankanala):
    """The LSTM of the paper's text: LSTMs of 256, 256 and 128 with batch normalisation and dropout, a dense layer."""

    name: ClassVar[str] = "kankanala-lstm-text"

    def layers(self) -> Sequence[Part]:
        """As the text has them."""
        return _normalized("LSTM")


@dataclass(frozen=True, kw_only=True)
class KankanalaGRU(_Kankanala):
    """The GRU of table and text: 256, 256 and 128 with batch normalisation and dropout, a dense layer."""

    name: ClassVar[str] = "kankanala-gru"

    def layers(self) -> Sequence[Part]:
        """As the table has them."""
        return _normalized("GRU")
