"""Turn token ids into logits of the next token: embedding, LSTM layers, a dense layer."""

from typing import Any, ClassVar

import keras

from abclm.models.keras_network import Tensor
from abclm.models.lstm.layer import LSTM
from abclm.models.recurrent.network import RecurrentNetwork


@keras.saving.register_keras_serializable(package="abclm")
class LSTMNetwork(RecurrentNetwork):
    """The network of LSTM layers; what it is given and gives stands in `RecurrentNetwork`."""

    layer_type: ClassVar[type] = LSTM
    layer_name: ClassVar[str] = "lstm"

    def run(self, layer: Any, sequences: Tensor, kernel: Tensor | None, product_type: Any) -> Tensor:
        """Run a layer; on a GPU by Keras' own, where its weights are used as they are."""
        if layer.is_fast or kernel is not None:
            return layer.run(sequences, kernel, product_type)
        return layer(sequences)

    def look_up(
        self, layer: Any, ids: Tensor, table: Tensor, kernel: Tensor | None, product_type: Any
    ) -> Tensor:
        """Run the first layer; on a CPU each symbol's share of the gates is looked up, not multiplied out."""
        if layer.is_fast or kernel is not None:
            return layer.look_up(ids, table, kernel, product_type)
        return super().look_up(layer, ids, table, kernel, product_type)
