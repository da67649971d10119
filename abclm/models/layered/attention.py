"""Turn a sequence into one of weighted means of itself: additive self-attention (Bahdanau et al. 2015).

With the weights W and U, the bias b, and v and c that make one number of it:

    e(t, s) = f(v · tanh(W x(t) + U x(s) + b) + c)
    a(t, s) = exp(e(t, s)) / Σ exp(e(t, ·))
    y(t) = Σ a(t, s) x(s)

So it stands in the package keras-self-attention, which the third system's authors name; f is the activation they chose.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="abclm")
class SelfAttention(keras.layers.Layer):  # type: ignore[misc]
    """Reads and gives `(batch, time, features)`.

    Args:
        activation: f, such as `relu` or `softmax`.
        units: width of what tanh is taken of.
        options: those of a Keras layer.
    """

    def __init__(self, activation: str, units: int = 32, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        features = input_shape[-1]
        self.query = self.add_weight(shape=(features, self.units), name="query")
        self.key = self.add_weight(shape=(features, self.units), name="key")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.score = self.add_weight(shape=(self.units, 1), name="score")
        self.score_bias = self.add_weight(shape=(1,), initializer="zeros", name="score_bias")

    def call(self, inputs: Any) -> Any:
        """Mean of the sequence for each of its places."""
        query = ops.expand_dims(ops.matmul(inputs, self.query), 2)
        key = ops.expand_dims(ops.matmul(inputs, self.key), 1)
        scores = ops.matmul(ops.tanh(query + key + self.bias), self.score) + self.score_bias
        shares = ops.softmax(self.activation(ops.squeeze(scores, -1)), axis=-1)  # (batch, time, time)
        return ops.matmul(shares, inputs)

    def get_config(self) -> dict[str, Any]:
        """What Keras needs to make the layer again."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "units": self.units,
        }
