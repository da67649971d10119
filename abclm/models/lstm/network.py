"""Turn token ids into logits of the next token: embedding, LSTM layers, a dense layer."""

from typing import Any, ClassVar

import keras
import tensorflow as tf

from abclm.models.keras_network import Tensor
from abclm.models.lstm.layer import LSTM
from abclm.models.recurrent.network import RecurrentNetwork


@keras.saving.register_keras_serializable(package="abclm")
class LSTMNetwork(RecurrentNetwork):
    """The network of LSTM layers; what it is given and gives stands in `RecurrentNetwork`."""

    layer_type: ClassVar[type] = LSTM
    layer_name: ClassVar[str] = "lstm"

    @property
    def is_packing(self) -> bool:
        """Whether `packed_logits` can be used here: not on a GPU."""
        return all(layer.is_fast for layer in self.recurrent)

    def packed_logits(self, inputs: Tensor, sizes: Tensor) -> list[Tensor]:
        """Logits of packed sequences (see `packed_outputs` of the recurrence): no padding, and no gradient.

        Args:
            inputs: ids `(characters,)`; with `structure` each with its context, `(characters, 1 + columns)`.
            sizes: int32 `(time,)`, how many sequences have a first id, a second, and so on.

        Returns:
            Logits `(characters, vocabulary)`; with `structure` also those of the network alone, without copies.
        """
        first, *others = self.recurrent
        ids = tf.cast(inputs, tf.int32)
        states = first.packed(sizes, self.embedding.embeddings, ids)
        for layer in others:
            states = layer.packed(sizes, states)
        return [self.dense(states)]

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
