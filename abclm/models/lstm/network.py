"""Turn token ids into logits of the next token: embedding, LSTM layers, a dense layer."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from abclm.models.keras_network import NO_DROPOUT, PLACES, Dropout, Tensor, drop, set_weights
from abclm.models.lstm.layer import LSTM


@keras.saving.register_keras_serializable(package="abclm")
class Network(keras.Model):  # type: ignore[misc]
    """The language model as Keras sees it: ids `(batch, time)` in, logits `(batch, time, vocabulary)` out.

    Args:
        vocabulary_size: number of symbols.
        embedding_dimension: width of a symbol's embedding.
        units: width of each LSTM layer.
        layers: number of LSTM layers.
        options: those of `keras.Model`.
    """

    def __init__(
        self, vocabulary_size: int, embedding_dimension: int, units: int, layers: int = 1, **options: Any
    ) -> None:
        super().__init__(**options)
        self._settings = {
            "vocabulary_size": vocabulary_size,
            "embedding_dimension": embedding_dimension,
            "units": units,
            "layers": layers,
        }
        names = ["lstm", *(f"lstm_{number}" for number in range(1, layers))]
        policy = self.dtype_policy
        self.embedding = keras.layers.Embedding(
            vocabulary_size, embedding_dimension, name="embedding", dtype=policy
        )
        self.recurrent = [LSTM(units, return_sequences=True, name=name, dtype=policy) for name in names]
        self.dense = keras.layers.Dense(vocabulary_size, name="dense", dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Make the variables; they are the same for every batch size and length."""
        self.embedding.build((None, None))
        width = self.embedding.output_dim
        for layer in self.recurrent:
            layer.build((None, None, width))
            width = layer.units
        self.dense.build((None, None, width))
        self.built = True

    def call(self, ids: Tensor, training: bool = False) -> Tensor:
        """Logits for every position, float32 `(batch, time, vocabulary)`, from a zero state."""
        return self.logits(ids)

    def logits(self, ids: Tensor, dropout: Dropout = NO_DROPOUT, product_type: Any = None) -> Tensor:
        """The same as in a training step: with dropout, and recurrent products in another type, where given."""
        ids = tf.cast(ids, tf.int32)
        first, *others = self.recurrent
        table = tf.cast(self.embedding.embeddings, first.compute_dtype)  # (vocabulary, features)
        if dropout.embedding:
            # One mask a sequence (Gal & Ghahramani 2016), so that the look-up still serves.
            ones = tf.ones([tf.shape(ids)[0], 1, table.shape[1]], table.dtype)
            table *= drop(ones, dropout.embedding, dropout.seed, 0)  # (batch, vocabulary, features)
        kernels = [
            drop(layer.recurrent_kernel, dropout.recurrent, dropout.seed, PLACES // 2 + place)
            for place, layer in enumerate(self.recurrent if dropout.recurrent else [])
        ]
        if first.is_fast or kernels:
            states = first.look_up(ids, table, kernels[0] if kernels else None, product_type)
        else:
            states = first(tf.gather(table, ids, axis=-2, batch_dims=table.shape.rank - 2))
        for place, layer in enumerate(others, 1):
            states = drop(states, dropout.output, dropout.seed, place)
            if layer.is_fast or kernels:
                states = layer.run(states, kernels[place] if kernels else None, product_type)
            else:
                states = layer(states)
        return self.dense(drop(states, dropout.output, dropout.seed, len(self.recurrent)))

    def named_variables(self) -> dict[str, Any]:
        """The variables under the names that they have in a model folder."""
        names = {"embedding/embeddings": self.embedding.embeddings}
        for layer in self.recurrent:
            for part in ("kernel", "recurrent_kernel", "bias"):
                names[f"{layer.name}/{part}"] = getattr(layer.cell, part)
        return {**names, "dense/kernel": self.dense.kernel, "dense/bias": self.dense.bias}

    def get_config(self) -> dict[str, Any]:
        """What Keras needs to make the network anew from a `.keras` file."""
        return {**super().get_config(), **self._settings}


def build_network(
    sizes: tuple[int, int, int, int],
    weights: Mapping[str, np.ndarray[Any, Any]] | None = None,
    precision: str = "float32",
) -> Network:
    """Make the Keras network of a language model.

    Args:
        sizes: number of symbols, width of a symbol's embedding, width of each LSTM layer, number of layers.
        weights: named as in a model folder; without them Keras initialises the network.
        precision: `"float32"`, or `"bfloat16"`, which is for GPUs: all but the weights in bfloat16.

    Returns:
        A built `keras.Model` from ids `(batch, time)`, of any length, to logits `(batch, time, vocabulary)`.

    Raises:
        ModelError: `weights` are not those of such a network.
    """
    policy = precision if precision == "float32" else f"mixed_{precision}"
    network = Network(*sizes, name="abclm", dtype=policy)
    network.build()
    if weights is not None:
        set_weights(network, weights)
    return network
