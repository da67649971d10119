"""Turn a list of layers into a Keras network: windows of token ids in, logits of what follows out."""

from __future__ import annotations

import functools
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from abclm.errors import ConfigError
from abclm.models.keras_network import NO_DROPOUT, PLACES, Dropout, Tensor, weights_of
from abclm.models.layered.attention import SelfAttention

if TYPE_CHECKING:
    from abclm.models.architecture import Floats
    from abclm.models.layered.parts import Layered, Part


@keras.saving.register_keras_serializable(package="abclm")
class TokenInput(keras.layers.Layer):  # type: ignore[misc]
    """Reads token ids `(batch, time)` as numbers: scaled, `(batch, time, 1)`, or one-hot, `(batch, time, tokens)`.

    Args:
        vocabulary_size: number of tokens.
        is_scaled: whether an id is divided by it; else it is one-hot.
        options: those of a Keras layer.
    """

    def __init__(self, vocabulary_size: int, is_scaled: bool, **options: Any) -> None:
        super().__init__(**options)
        self.vocabulary_size, self.is_scaled = vocabulary_size, is_scaled

    def call(self, ids: Any) -> Any:
        """The numbers."""
        if self.is_scaled:
            return ops.expand_dims(ops.cast(ids, self.compute_dtype) / self.vocabulary_size, -1)
        return ops.one_hot(ids, self.vocabulary_size, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """What Keras needs to make the layer again."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "is_scaled": self.is_scaled,
        }


@keras.saving.register_keras_serializable(package="abclm")
class LayeredNetwork(keras.Model):  # type: ignore[misc]
    """The language model as Keras sees it: ids `(batch, window)` in, logits `(batch, ahead, tokens)` out.

    Dropout and the like belong to the layers; what they draw depends on the seed of a training step alone.

    Args:
        core: from ids to logits `(batch, ahead * tokens)`.
        ahead: how many tokens behind the window are predicted.
        options: those of `keras.Model`.
    """

    def __init__(self, core: keras.Model, ahead: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.core, self.ahead = core, ahead
        self.built = True

    @classmethod
    def of(cls, config: Layered, vocabulary_size: int, precision: str = "float32") -> LayeredNetwork:
        """Make the network of an architecture; Keras initialises it."""
        policy = precision if precision == "float32" else f"mixed_{precision}"
        ids = keras.Input((config.window,), dtype="int32")
        if config.inputs == "embedding":
            first: Any = keras.layers.Embedding(
                vocabulary_size, config.embedding_dimension, name="embedding", dtype=policy
            )
        else:
            first = TokenInput(vocabulary_size, config.inputs == "scaled", name="input", dtype=policy)
        values, counts = first(ids), Counter[str]()
        for part in config.layers():
            values = _layer(part, counts, policy)(values)
        logits = keras.layers.Dense(config.tokens_ahead * vocabulary_size, name="logits", dtype=policy)(
            values
        )
        return cls(keras.Model(ids, logits, name="core"), config.tokens_ahead, name="abclm", dtype=policy)

    def call(self, ids: Tensor, training: bool = False) -> Tensor:
        """Logits of what follows, without dropout."""
        return self.logits(ids)

    def logits(self, ids: Tensor, dropout: Dropout = NO_DROPOUT, product_type: Any = None) -> Tensor:
        """The same as in a training step, where `dropout` has its seed.

        Raises:
            ConfigError: rates of dropout or another type of products were asked for, which the layers don't have.
        """
        ids = tf.cast(ids, tf.int32)
        if dropout.embedding or dropout.output or dropout.recurrent or product_type is not None:
            raise ConfigError(
                "this architecture has its own dropout and trains in float32 on a processor; leave out rates of "
                "dropout and precision"
            )
        if dropout is NO_DROPOUT:
            return self._by_token(self.core(ids, training=False))
        seeds = [
            (state, tf.cast(tf.stack([dropout.seed[0], PLACES * dropout.seed[1] + place]), tf.uint32))
            for place, state in enumerate(self._seed_states())
        ]
        with keras.StatelessScope(state_mapping=seeds) as scope:
            logits = self.core(ids, training=True)
        for statistic in self.core.non_trainable_weights:  # of batch normalisation
            if (value := scope.get_current_value(statistic)) is not None:
                statistic.assign(value)
        return self._by_token(logits)

    def named_variables(self) -> dict[str, Any]:
        """The variables under the names that they have in a model folder."""
        return {weight.path: weight for weight in self.core.weights}

    def get_config(self) -> dict[str, Any]:
        """What Keras needs to make the network again from a `.keras` file."""
        return {
            **super().get_config(),
            "core": keras.saving.serialize_keras_object(self.core),
            "ahead": self.ahead,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> LayeredNetwork:
        """Make the network again of what `get_config` gave."""
        return cls(**{**config, "core": keras.saving.deserialize_keras_object(config["core"])})

    def _by_token(self, logits: Tensor) -> Tensor:
        return tf.reshape(logits, [tf.shape(logits)[0], self.ahead, logits.shape[-1] // self.ahead])

    def _seed_states(self) -> list[Any]:
        known = {id(weight) for weight in self.core.weights}
        return [each for each in self.core.non_trainable_variables if id(each) not in known]


def draw_weights(config: Layered, vocabulary_size: int, seed: int) -> dict[str, Floats]:
    """Draw untrained weights; Keras' initialisers take their seeds from Python's random numbers."""
    before = random.getstate()
    random.seed(seed)
    try:
        return weights_of(LayeredNetwork.of(config, vocabulary_size))
    finally:
        random.setstate(before)


def shapes_of(config: Layered, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """Name each weight and give its shape."""
    return {name: shape for name, shape, _ in _described(config, vocabulary_size)}


def trainable_parameters(config: Layered, vocabulary_size: int) -> int:
    """Count the numbers that training steps change: all but the statistics of batch normalisation."""
    described = _described(config, vocabulary_size)
    return sum(int(np.prod(shape)) for _, shape, is_trainable in described if is_trainable)


@functools.cache  # making a network takes a second
def _described(config: Layered, vocabulary_size: int) -> tuple[tuple[str, tuple[int, ...], bool], ...]:
    """The name of each weight, its shape, and whether it is trained."""
    weights = LayeredNetwork.of(config, vocabulary_size).core.weights
    return tuple((each.path, tuple(map(int, each.shape)), bool(each.trainable)) for each in weights)


def _layer(part: Part, counts: Counter[str], policy: str) -> Any:
    """Make a layer, named by its kind and its place among those of its kind."""
    kind = SelfAttention if part.kind == "SelfAttention" else getattr(keras.layers, part.kind)
    number = counts[part.kind]
    counts[part.kind] += 1
    name = part.kind.lower() + (f"_{number}" if number else "")
    layer = kind(**part.options, name=name, dtype=policy)
    return (
        keras.layers.Bidirectional(layer, name=f"both_{name}", dtype=policy)
        if part.is_bidirectional
        else layer
    )
