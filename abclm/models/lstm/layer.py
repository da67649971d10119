"""Turn sequences into LSTM states: `keras.layers.LSTM`, with a faster recurrence on the CPU."""

from typing import Any

import keras
import tensorflow as tf

from abclm.errors import ConfigError
from abclm.models.lstm.recurrence import Tensor, lstm_outputs, packed_outputs


@keras.saving.register_keras_serializable(package="abclm")
class LSTM(keras.layers.LSTM):  # type: ignore[misc]
    """`keras.layers.LSTM` with the same weights, names and results, and a faster step on the CPU.

    On a GPU the stock layer runs, with its cuDNN kernel (not yet tried on one).

    Args:
        units: width of the states.
        options: those of `keras.layers.LSTM`, `return_sequences`, `return_state`, `stateful`,
            `dropout` and the initializers among them.

    Raises:
        ConfigError: an option that only the stock layer has: other activations, no bias,
            `recurrent_dropout`, `go_backwards`, `unroll`; a mask when the layer is called.
    """

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(units, **options)
        refused = {
            "activation": self.activation is not keras.activations.tanh,
            "recurrent_activation": self.recurrent_activation is not keras.activations.sigmoid,
            "use_bias": not self.use_bias,
            "recurrent_dropout": bool(self.recurrent_dropout),
            "go_backwards": self.go_backwards,
            "unroll": self.unroll,
        }
        names = [name for name, is_refused in refused.items() if is_refused]
        if names:
            raise ConfigError(
                f"abclm's LSTM layer does not take {', '.join(names)} other than Keras' default, "
                f"received {', '.join(f'{name}={options[name]!r}' for name in names)}; use keras.layers.LSTM"
            )
        self.is_fast = not tf.config.list_physical_devices("GPU")
        self.supports_jit = False  # XLA has made this recurrence no faster

    def inner_loop(self, sequences: Tensor, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """Run the recurrence; Keras calls this with everything else about the layer settled."""
        if any(part is not None for part in tf.nest.flatten(mask)):
            raise ConfigError(
                "abclm's LSTM layer does not take a mask; leave it out or use keras.layers.LSTM"
            )
        if not self.is_fast:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        if training and self.dropout:
            sequences *= self.cell.get_dropout_mask(sequences[:, 0, :])[:, None]  # one mask for all steps
        outputs, cell = lstm_outputs(self._rows(sequences), None, self.recurrent_kernel, *initial_state)
        return outputs[-1], tf.transpose(outputs, [1, 0, 2]), [outputs[-1], cell]

    def run(
        self, sequences: Tensor, recurrent_kernel: Tensor | None = None, product_type: Any = None
    ) -> Tensor:
        """Run the layer on sequences, as `look_up` does on symbols.

        Args:
            sequences: `(batch, time, features)`.
            recurrent_kernel: to use instead of the layer's own.
            product_type: what to multiply in, if not in the layer's own type.

        Returns:
            The states from a zero state, `(batch, time, units)`.
        """
        zero = tf.zeros([tf.shape(sequences)[0], self.units], sequences.dtype)
        kernel = self.recurrent_kernel if recurrent_kernel is None else recurrent_kernel
        outputs, _ = lstm_outputs(self._rows(sequences), None, kernel, zero, zero, product_type)
        return tf.transpose(outputs, [1, 0, 2])

    def read(
        self, sequences: Tensor, recurrent_kernel: Tensor | None = None, product_type: Any = None
    ) -> Tensor:
        """The same as `run`, with the inputs multiplied in each step: less memory, and inputs in `product_type`, too."""
        zero = tf.zeros([tf.shape(sequences)[0], self.units], sequences.dtype)
        kernel = self.recurrent_kernel if recurrent_kernel is None else recurrent_kernel
        kernel = tf.concat([kernel, self._kernel], axis=0)
        features = tf.transpose(sequences, [1, 0, 2])
        outputs, _ = lstm_outputs(self._bias, None, kernel, zero, zero, product_type, features)
        return tf.transpose(outputs, [1, 0, 2])

    def look_up(
        self, ids: Tensor, table: Tensor, recurrent_kernel: Tensor | None = None, product_type: Any = None
    ) -> Tensor:
        """Run the layer on symbols, each one's share of the gates looked up instead of multiplied out.

        Args:
            ids: int32 `(batch, time)`.
            table: the symbols' embeddings, `(symbols, features)`, or one for each sequence,
                `(batch, symbols, features)`.
            recurrent_kernel: to use instead of the layer's own.
            product_type: what the recurrent weights are multiplied in, if not in the layer's own type.

        Returns:
            What the layer gives for the embedded symbols from a zero state, `(batch, time, units)`.
        """
        if table.shape.rank == 3:
            ids += tf.range(tf.shape(table)[0])[:, None] * tf.shape(table)[1]
            table = tf.reshape(table, [-1, table.shape[-1]])
        rows = tf.matmul(table, self._kernel) + self._bias  # (symbols, 4·units)
        zero = tf.zeros([tf.shape(ids)[0], self.units], rows.dtype)
        kernel = self.recurrent_kernel if recurrent_kernel is None else recurrent_kernel
        outputs, _ = lstm_outputs(rows, tf.transpose(ids), kernel, zero, zero, product_type)
        return tf.transpose(outputs, [1, 0, 2])

    def packed(self, sizes: Tensor, features: Tensor, ids: Tensor | None = None) -> Tensor:
        """Run the layer on packed sequences, to measure with (see `packed_outputs`).

        Args:
            sizes: int32 `(time,)`, how many sequences have each step.
            features: packed `(characters, features)`; with `ids` a table, `(symbols, features)`.
            ids: packed `(characters,)`.

        Returns:
            The states, packed `(characters, units)`.
        """
        if ids is not None:
            rows = tf.matmul(features, self._kernel) + self._bias
            return packed_outputs(rows, ids, self.recurrent_kernel, sizes)
        kernel = tf.concat([self.recurrent_kernel, self._kernel], axis=0)
        return packed_outputs(self._bias, None, kernel, sizes, features)

    def _rows(self, sequences: Tensor) -> Tensor:
        """The inputs' share of the gates, `(time, batch, 4·units)`."""
        return tf.einsum("bte,eg->tbg", sequences, self._kernel) + self._bias

    @property
    def _kernel(self) -> Tensor:
        return tf.cast(self.cell.kernel, self.compute_dtype)

    @property
    def recurrent_kernel(self) -> Tensor:
        """The recurrent weights in the type that the layer computes in, `(units, 4·units)`."""
        return tf.cast(self.cell.recurrent_kernel, self.compute_dtype)

    @property
    def _bias(self) -> Tensor:
        return tf.cast(self.cell.bias, self.compute_dtype)
