"""Turn token ids into logits of the next token: embedding, LSTM layers, a dense layer."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from abclm.errors import ModelError
from abclm.models.lstm.layer import LSTM
from abclm.models.lstm.recurrence import Tensor

_PLACES = 64  # twice as many as a network has layers, and more


class Dropout(NamedTuple):
    """What to drop in one training step; the seed makes it the same whenever that step is run."""

    embedding: float = 0.0  # share of each sequence's embedding features, the same at all its steps
    output: float = 0.0  # share of each LSTM layer's outputs
    recurrent: float = 0.0  # share of each LSTM layer's recurrent weights, the same for the whole batch
    seed: Tensor = (0, 0)  # int32 (2,)


NO_DROPOUT = Dropout()


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
            table *= _drop(ones, dropout.embedding, dropout.seed, 0)  # (batch, vocabulary, features)
        kernels = [
            _drop(layer.recurrent_kernel, dropout.recurrent, dropout.seed, _PLACES // 2 + place)
            for place, layer in enumerate(self.recurrent if dropout.recurrent else [])
        ]
        if first.is_fast or kernels:
            states = first.look_up(ids, table, kernels[0] if kernels else None, product_type)
        else:
            states = first(tf.gather(table, ids, axis=-2, batch_dims=table.shape.rank - 2))
        for place, layer in enumerate(others, 1):
            states = _drop(states, dropout.output, dropout.seed, place)
            if layer.is_fast or kernels:
                states = layer.run(states, kernels[place] if kernels else None, product_type)
            else:
                states = layer(states)
        return self.dense(_drop(states, dropout.output, dropout.seed, len(self.recurrent)))

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


def set_weights(network: Network, weights: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Give a network all its weights by name; ModelError where names or shapes are not its own."""
    variables = network.named_variables()
    if unlike := sorted(variables.keys() ^ weights.keys()):
        raise ModelError(f"weights do not fit the network: missing or unknown {', '.join(unlike)}")
    for name, variable in variables.items():
        if tuple(variable.shape) != weights[name].shape:
            raise ModelError(
                f"weights do not fit the network: {name} has shape {weights[name].shape}, "
                f"expected {tuple(variable.shape)}"
            )
        variable.assign(weights[name])


def weights_of(network: Network) -> dict[str, np.ndarray[Any, Any]]:
    """Copy a network's weights into NumPy arrays, float32, named as in a model folder."""
    return {
        name: np.array(variable.numpy(), dtype=np.float32)
        for name, variable in network.named_variables().items()
    }


def _drop(values: Tensor, rate: float, seed: Tensor, place: int) -> Tensor:
    """Zero a share of the values and scale up the rest; each place in the network draws its own."""
    if not rate:
        return values
    return tf.nn.experimental.stateless_dropout(values, rate, seed=[seed[0], _PLACES * seed[1] + place])
