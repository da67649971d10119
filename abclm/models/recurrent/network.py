"""Turn token ids into logits of the next token: embedding, recurrent layers, a dense layer."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import keras
import numpy as np
import tensorflow as tf

from abclm.models.keras_network import NO_DROPOUT, PLACES, Dropout, Tensor, drop, set_weights


class RecurrentNetwork(keras.Model):  # type: ignore[misc]
    """The language model as Keras sees it: ids `(batch, time)` in, logits `(batch, time, vocabulary)` out.

    A subclass says which layer it is of, and how that is run.

    Args:
        vocabulary_size: number of symbols.
        embedding_dimension: width of a symbol's embedding.
        units: width of each recurrent layer.
        layers: number of recurrent layers.
        options: those of `keras.Model`.

    Attributes:
        layer_type: a Keras layer with a cell that has `kernel`, `recurrent_kernel` and `bias`.
        layer_name: of the first layer.
    """

    layer_type: ClassVar[type]
    layer_name: ClassVar[str]

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
        names = [self.layer_name, *(f"{self.layer_name}_{number}" for number in range(1, layers))]
        policy = self.dtype_policy
        self.embedding = keras.layers.Embedding(
            vocabulary_size, embedding_dimension, name="embedding", dtype=policy
        )
        self.recurrent = [
            self.layer_type(units, return_sequences=True, name=name, dtype=policy) for name in names
        ]
        self.dense = keras.layers.Dense(vocabulary_size, name="dense", dtype=policy)

    @classmethod
    def of(
        cls,
        sizes: tuple[int, int, int, int],
        weights: Mapping[str, np.ndarray[Any, Any]] | None = None,
        precision: str = "float32",
    ) -> Self:
        """Make the network of a language model.

        Args:
            sizes: number of symbols, width of a symbol's embedding, width of each layer, number of layers.
            weights: named as in a model folder; without them Keras initialises the network.
            precision: `"float32"`, or `"bfloat16"`, which is for GPUs: all but the weights in bfloat16.

        Returns:
            A built network for ids of any length.

        Raises:
            ModelError: `weights` are not those of such a network.
        """
        policy = precision if precision == "float32" else f"mixed_{precision}"
        network = cls(*sizes, name="abclm", dtype=policy)
        if weights is None:
            network.build()
            return network
        # Orthogonal weights take long to draw, and these are replaced at once.
        cells = [layer.cell for layer in network.recurrent]
        drawn = [cell.recurrent_initializer for cell in cells]
        for cell in cells:
            cell.recurrent_initializer = keras.initializers.Zeros()
        network.build()
        for cell, initializer in zip(cells, drawn, strict=True):
            cell.recurrent_initializer = initializer
        set_weights(network, weights)
        return network

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
        table = self.embedding.embeddings
        return self.dense(self.states(tf.cast(ids, tf.int32), table, dropout, product_type))

    def states(self, ids: Tensor, table: Tensor, dropout: Dropout, product_type: Any) -> Tensor:
        """What the dense layer reads, dropout included, `(batch, time, units)`.

        Args:
            ids: int32, as `look_up` takes them.
            table: embeddings, `(symbols, features)`.
            dropout, product_type: as for `logits`.
        """
        first, *others = self.recurrent
        table = tf.cast(table, first.compute_dtype)
        if dropout.embedding:
            # One mask a sequence (Gal & Ghahramani 2016), so that the look-up still serves.
            ones = tf.ones([tf.shape(ids)[0], 1, table.shape[1]], table.dtype)
            table *= drop(ones, dropout.embedding, dropout.seed, 0)  # (batch, vocabulary, features)
        kernels: list[Tensor | None] = [None] * len(self.recurrent)
        if dropout.recurrent:
            kernels = [
                drop(self.kernel_of(layer), dropout.recurrent, dropout.seed, PLACES // 2 + place)
                for place, layer in enumerate(self.recurrent)
            ]
        states = self.look_up(first, ids, table, kernels[0], product_type)
        for place, layer in enumerate(others, 1):
            states = drop(states, dropout.output, dropout.seed, place)
            states = self.run(layer, states, kernels[place], product_type)
        return drop(states, dropout.output, dropout.seed, len(self.recurrent))

    @abstractmethod
    def run(self, layer: Any, sequences: Tensor, kernel: Tensor | None, product_type: Any) -> Tensor:
        """Run a layer from a zero state.

        Args:
            layer: one of `recurrent`.
            sequences: `(batch, time, features)`.
            kernel: recurrent weights to use instead of the layer's own.
            product_type: what to multiply by them in, if not in the layer's type.

        Returns:
            Its states, `(batch, time, units)`.
        """

    def look_up(
        self, layer: Any, ids: Tensor, table: Tensor, kernel: Tensor | None, product_type: Any
    ) -> Tensor:
        """Run a layer on the rows of a table, `(symbols, features)`, or one for each sequence, that ids stand for."""
        return self.run(layer, _rows(table, ids), kernel, product_type)

    def kernel_of(self, layer: Any) -> Tensor:
        """A layer's recurrent weights in the type that it computes in."""
        return tf.cast(layer.cell.recurrent_kernel, layer.compute_dtype)

    def named_variables(self) -> dict[str, Any]:
        """The variables under the names that they have in a model folder."""
        names = {"embedding/embeddings": self.embedding.embeddings}
        for layer in self.recurrent:
            for part in ("kernel", "recurrent_kernel", "bias"):
                names[f"{layer.name}/{part}"] = getattr(layer.cell, part)
        return {**names, "dense/kernel": self.dense.kernel, "dense/bias": self.dense.bias}

    def get_config(self) -> dict[str, Any]:
        """What Keras needs to make the network again from a `.keras` file."""
        return {**super().get_config(), **self._settings}


def _rows(table: Tensor, ids: Tensor) -> Tensor:
    return tf.gather(table, ids, axis=-2, batch_dims=table.shape.rank - 2)
