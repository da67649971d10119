"""Turn token ids and their context into the logarithms of a mixture: an LSTM network's softmax, and copies.

    p(symbol) = w₀ · softmax(network)(symbol) + Σₖ wₖ · [symbol is what copy k would write]

The context is that of `abclm.models.context`: embeddings of its columns are added to each symbol's, and copies are the
symbols that its sources would write next. The weights are the softmax of a gate, which reads the LSTM's state. Such
mixtures are the pointer networks of Vinyals et al. 2015, with the gate of Merity et al. 2016 (pointer sentinel mixture
models).
"""

from typing import Any

import keras
import tensorflow as tf

from abclm.models.context import COPIES, COPY_COLUMNS, GATE, GATE_COLUMNS, GATE_OFFSETS, INPUT_OFFSETS, INPUTS
from abclm.models.keras_network import NO_DROPOUT, Dropout, Tensor
from abclm.models.lstm.config import GATE_UNITS
from abclm.models.lstm.network import LSTMNetwork

_ABSENT = -1e9  # the score of a copy that is not there
_LEAST = 1e-30  # a probability whose logarithm float32 holds


@keras.saving.register_keras_serializable(package="abclm")
class StructureNetwork(LSTMNetwork):
    """The network of a model with `structure`.

    It takes `(batch, time, 1 + columns)`: ids, and beside each the columns of its context. What it gives, float32
    `(batch, time, vocabulary)`, are logarithms of probabilities, which serve as logits.
    """

    def __init__(self, *sizes: int, **options: Any) -> None:
        super().__init__(*sizes, **options)
        policy = self.dtype_policy
        self.context = keras.layers.Embedding(
            sum(INPUTS.values()), self.embedding.output_dim, name="context", dtype=policy
        )
        self.gate_place = keras.layers.Embedding(
            sum(GATE.values()), GATE_UNITS, name="gate_place", dtype=policy
        )
        self.gate_hidden = keras.layers.Dense(GATE_UNITS, name="gate_hidden", dtype=policy)
        self.gate = keras.layers.Dense(1 + len(COPIES), name="gate", dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Make the variables."""
        super().build(input_shape)
        self.context.build((None, None))
        self.gate_place.build((None, None))
        self.gate_hidden.build((None, None, self.recurrent[-1].units))
        self.gate.build((None, None, GATE_UNITS))

    def logits(self, ids: Tensor, dropout: Dropout = NO_DROPOUT, product_type: Any = None) -> Tensor:
        """Logarithms of the mixture; see `RecurrentNetwork.logits`."""
        table, places, rows = self._places(ids)
        states = self.states(places, table, dropout, product_type)
        return mixture(self.dense(states), *self._copies(states, rows))

    def packed_logits(self, inputs: Tensor, sizes: Tensor) -> list[Tensor]:
        """See `LSTMNetwork.packed_logits`."""
        table, places, rows = self._places(inputs[None])
        states = _sums(table, places)[0]
        for layer in self.recurrent:
            states = layer.packed(sizes, states)
        logits = self.dense(states)
        mixed = mixture(logits[None], *self._copies(states[None], rows))
        return [mixed[0], logits]

    def _places(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All embeddings, which of them are added up for each symbol, and the columns of its context."""
        inputs = tf.cast(ids, tf.int32)
        symbols, rows = inputs[..., :1], inputs[..., 1:]
        table = tf.concat([self.embedding.embeddings, self.context.embeddings], axis=0)
        places = rows[..., : len(INPUTS)] + INPUT_OFFSETS + self.embedding.input_dim
        return table, tf.concat([symbols, places], axis=-1), rows

    def _copies(self, states: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The scores of the gate, and what the copies would write."""
        table = tf.cast(self.gate_place.embeddings, states.dtype)
        hidden = self.gate_hidden(states) + _sums(
            table, tf.gather(rows, GATE_COLUMNS, axis=-1) + GATE_OFFSETS
        )
        return self.gate(tf.tanh(hidden)), tf.gather(rows, COPY_COLUMNS, axis=-1)

    def look_up(
        self, layer: Any, ids: Tensor, table: Tensor, kernel: Tensor | None, product_type: Any
    ) -> Tensor:
        """Run a layer on sums of rows of a table; `ids` are `(batch, time, rows of a sum)`."""
        if layer.is_fast or kernel is not None:
            return layer.read(_sums(table, ids), kernel, product_type)
        return self.run(layer, _sums(table, ids), kernel, product_type)

    def named_variables(self) -> dict[str, Any]:
        """The variables under the names that they have in a model folder."""
        return {
            **super().named_variables(),
            "context/embeddings": self.context.embeddings,
            "gate/embeddings": self.gate_place.embeddings,
            "gate/hidden/kernel": self.gate_hidden.kernel,
            "gate/hidden/bias": self.gate_hidden.bias,
            "gate/dense/kernel": self.gate.kernel,
            "gate/dense/bias": self.gate.bias,
        }


def mixture(logits: Tensor, gate: Tensor, copies: Tensor) -> Tensor:
    """Mix a network's probabilities with copies.

    Args:
        logits: of the network, `(batch, time, vocabulary)`.
        gate: its scores for the network and for each copy, `(batch, time, 1 + copies)`.
        copies: the id that each copy would write plus 1; 0 where it is not there: int32 `(batch, time, copies)`.

    Returns:
        Natural logarithms of the mixture, float32 `(batch, time, vocabulary)`.
    """
    gate = tf.cast(gate, tf.float32)
    absent = tf.concat([tf.zeros_like(copies[..., :1], tf.bool), copies == 0], axis=-1)
    weights = tf.nn.log_softmax(tf.where(absent, _ABSENT, gate))
    network = tf.nn.log_softmax(tf.cast(logits, tf.float32)) + weights[..., :1]
    written = tf.one_hot(copies - 1, logits.shape[-1])  # (batch, time, copies, vocabulary)
    copied = tf.einsum("btk,btkv->btv", tf.exp(weights[..., 1:]), written)
    # The logarithm of a sum of two; where nothing is copied, the second is next to nothing.
    return network + tf.nn.softplus(tf.math.log(copied + _LEAST) - network)


def _sums(table: Tensor, ids: Tensor) -> Tensor:
    """Add up rows of a table.

    Args:
        table: `(symbols, features)`, or one for each sequence, `(batch, symbols, features)`.
        ids: int32 `(batch, time, rows of a sum)`.

    Returns:
        `(batch, time, features)`.
    """
    batch, time = tf.shape(ids)[0], tf.shape(ids)[1]
    if table.shape.rank == 3:
        ids += tf.range(batch)[:, None, None] * tf.shape(table)[1]
        table = tf.reshape(table, [-1, table.shape[-1]])
    sums = tf.sparse.segment_sum(
        table, tf.reshape(ids, [-1]), tf.repeat(tf.range(batch * time), ids.shape[-1])
    )
    return tf.reshape(sums, [batch, time, table.shape[-1]])
