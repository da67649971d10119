"""The recurrent network of "Music Generation with Recurrent Neural Networks" (Hopkins, French, Shah).

One hidden layer reads the lowest notes of ten frames, one-hot, and predicts several ahead at once. The paper leaves open
how many units the layer has (128 here, as many as there are notes) and how many notes it predicts in the end (1 here, as
it began). All of them are written before the network reads again; what is measured is the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from abclm.models.layered.config import INPUTS, LayeredConfig
from abclm.models.layered.parts import Part, recurrent
from abclm.system.options import option


@dataclass(frozen=True, kw_only=True)
class HopkinsRNN(LayeredConfig):
    """One hidden layer of a plain recurrent network (Elman 1990)."""

    name: ClassVar[str] = "hopkins-rnn"
    source: ClassVar[str] = "the recurrent network of Hopkins, French and Shah"
    trained: ClassVar[Mapping[str, Any]] = {"batch_size": 128, "learning_rate": 0.01}

    window: int = option(
        10, low=1, high=4096, help="Number of tokens that the network reads to predict the next."
    )
    inputs: str = option("one-hot", choices=INPUTS, help="How a token is read.")
    units: int = option(128, low=1, high=16_384, help="Size of the hidden layer.")
    ahead: int = option(1, low=1, high=64, help="Number of tokens that are predicted at once.")

    @property
    def tokens_ahead(self) -> int:
        """The same as `ahead`."""
        return self.ahead

    def layers(self) -> Sequence[Part]:
        """The hidden layer."""
        return [recurrent("SimpleRNN", self.units, last=True)]
