"""Turn token ids into logits of the next token: embedding, GRU layers, a dense layer."""

from typing import Any, ClassVar

import keras

from abclm.errors import ConfigError
from abclm.models.keras_network import Tensor
from abclm.models.recurrent.network import RecurrentNetwork


@keras.saving.register_keras_serializable(package="abclm")
class GRUNetwork(RecurrentNetwork):
    """The network of Keras' GRU layers; what it is given and gives stands in `RecurrentNetwork`."""

    layer_type: ClassVar[type] = keras.layers.GRU
    layer_name: ClassVar[str] = "gru"

    def run(self, layer: Any, sequences: Tensor, kernel: Tensor | None, product_type: Any) -> Tensor:
        """Run a layer.

        Raises:
            ConfigError: products in another type were asked for, which Keras' layer does not have.
        """
        if product_type is not None:
            raise ConfigError("a GRU is trained in float32 on a processor; leave precision at float32")
        if kernel is None:
            return layer(sequences)
        with keras.StatelessScope([(layer.cell.recurrent_kernel, kernel)]):  # takes the kernel's place
            return layer(sequences)
