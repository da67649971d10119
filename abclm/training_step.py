"""Turn a network and a batch into a slightly better network: one compiled optimizer step."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from abclm.networks import Dropout, Network
from abclm.training_config import TrainingConfig


def compiled_step(network: Network, config: TrainingConfig) -> Callable[..., Any]:
    """Make the function of one optimizer step.

    Args:
        network: what is trained.
        config: rates of dropout and decay, clipping and seed.

    Returns:
        A function of inputs and targets, uint8 `(batch, time)`, the step's number and its learning
        rate, which changes the network and returns the loss: mean nats per character.
    """
    variables = network.trainable_variables
    optimizer = keras.optimizers.AdamW(
        config.learning_rate, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm
    )  # without decay, AdamW is Adam
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(variables)

    def step(inputs: Any, targets: Any, number: Any, learning_rate: Any) -> Any:
        # From (seed, step) alone, so that a step drops the same whenever it is run.
        dropout = Dropout(config.embedding_dropout, config.output_dropout, [config.seed, number])
        optimizer.learning_rate.assign(learning_rate)
        with tf.GradientTape() as tape:
            logits = tf.cast(network.logits(inputs, dropout), tf.float32)  # (batch, time, vocabulary)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(targets, tf.int32), logits)
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    text = tf.TensorSpec([None, None], tf.uint8)
    signature = [text, text, tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)]
    return tf.function(step, input_signature=signature)  # type: ignore[no-any-return]
