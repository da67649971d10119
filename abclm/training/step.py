"""Turn a batch into a slightly better network: one compiled optimizer step, on all workers."""

import contextlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from abclm.errors import ConfigError
from abclm.models.keras_network import Dropout, set_weights, weights_of
from abclm.models.model import Model
from abclm.training.config import TrainingConfig
from abclm.training.held_out import compiled_nats
from abclm.training.workers import Workers

_WITHOUT = ("output_dropout", "embedding_dropout", "recurrent_dropout", "label_smoothing")
_SEED = (0, 0)  # of what is drawn where frames are measured


class TrainingStep:
    """A network and its optimizer: all of training that needs TensorFlow, but for reading batches and several workers.

    Another backend is a class that is made like this one and has the same methods; a run without Keras callbacks uses
    no others.

    Args:
        lm: the model whose weights the network begins with.
        config: rates of dropout and decay, clipping, precision and seed.
        batch_shape: windows and characters of a whole batch, over all workers.
        workers: who shares the work.

    Attributes:
        network: what is trained.
        optimizer: Keras'.
        characters: of a whole batch.
        versions: of what trains beside the libraries that every record names; none.
        nats: what a padded batch of tunes (see `padded_batches`) costs in all, in nats, by the network as it is, and how
            many characters are those that it holds for the likeliest.
    """

    versions: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self, lm: Model, config: TrainingConfig, batch_shape: tuple[int, int], workers: Workers
    ) -> None:
        self._config, self._workers = config, workers
        self.characters = batch_shape[0] * batch_shape[1]
        with workers.strategy.scope():
            # A CPU gains by bfloat16 in products alone; a GPU computes all but the weights in it.
            is_cpu = not tf.config.list_physical_devices("GPU")
            self._product_type = tf.bfloat16 if is_cpu and config.precision == "bfloat16" else None
            precision = "float32" if is_cpu else config.precision
            self.network = lm.config.network(len(lm.tokenizer), lm.read_weights(), precision)
            self.optimizer = _OPTIMIZERS[config.optimizer](
                config.learning_rate,
                weight_decay=config.weight_decay or None,
                use_ema=config.averaging > 0,
                ema_momentum=config.averaging,
            )
            self.optimizer.exclude_from_weight_decay(var_names=["bias"])
            self.optimizer.build(self.network.trainable_variables)
        # No Python branches on tensors: without AutoGraph, a run begins sooner.
        self._step = tf.function(self._on_all, reduce_retracing=True, autograph=False)
        self.nats = compiled_nats(self.network, tf.as_dtype(lm.tokenizer.dtype), lm.config.columns)

    def __call__(self, inputs: Any, targets: Any, number: int, learning_rate: float) -> float:
        """Change the network.

        Args:
            inputs: this worker's part of the batch, ids `(windows, time)`, or with the context beside each
                `(windows, time, 1 + columns)`.
            targets: the ids one character later.
            number: of the step, from 0.
            learning_rate: of this step.

        Returns:
            The loss before the change: mean nats per character of the whole batch.
        """
        inputs, targets = self._workers.spread(inputs), self._workers.spread(targets)
        loss = self._step(inputs, targets, tf.constant(number), tf.constant(learning_rate, tf.float32))
        return float(self._workers.local(loss))

    @property
    def learning_rate(self) -> np.float32:
        """The optimizer's learning rate as it stands, which a callback may have changed."""
        return np.float32(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the network the averages of its weights for a while, where they are kept."""
        if not self._config.averaging:
            yield
            return
        variables = self.network.trainable_variables
        latest = [np.array(variable) for variable in variables]
        self.optimizer.finalize_variable_values(variables)
        try:
            yield
        finally:
            for variable, value in zip(variables, latest, strict=True):
                variable.assign(value)

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Copies of the network's weights as they are now, named as in a model folder."""
        return weights_of(self.network)

    def set_weights(self, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Give the network all its weights by name."""
        set_weights(self.network, weights)

    def share(self) -> None:
        """Give all workers the weights of the first."""
        self._workers.share(self.network.trainable_variables)

    def optimizer_state(self) -> list[npt.NDArray[Any]]:
        """Copies of all that the optimizer keeps from step to step."""
        return [np.array(keras.ops.convert_to_numpy(each)) for each in self.optimizer.variables]

    def set_optimizer_state(self, state: Mapping[int, npt.NDArray[Any]]) -> None:
        """Give the optimizer back what `optimizer_state` gave, by place."""
        for place, variable in enumerate(self.optimizer.variables):
            variable.assign(state[place])

    def _on_all(self, inputs: Any, targets: Any, number: Any, learning_rate: Any) -> Any:
        return self._workers.strategy.run(self._on_one, args=(inputs, targets, number, learning_rate))

    def _on_one(self, inputs: Any, targets: Any, number: Any, learning_rate: Any) -> Any:
        """One device's part; what `all_reduce` gives is the same on all."""
        context, config = tf.distribute.get_replica_context(), self._config
        # From (seed, step) alone, so that a step drops the same whenever it is run; parts of a batch draw
        # their own.
        seed = config.seed - context.replica_id_in_sync_group
        rates = config.embedding_dropout, config.output_dropout, config.recurrent_dropout
        dropout = Dropout(*rates, [seed, number])
        variables = self.network.trainable_variables
        self.optimizer.learning_rate.assign(learning_rate)
        with tf.GradientTape() as tape:
            loss, objective = self.losses(inputs, targets, dropout)
        gradients = tape.gradient(objective, [variable.value for variable in variables])
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]  # a look-up's is sparse
        loss, *gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, [loss, *gradients])
        if config.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, config.clip_norm)
        self.optimizer.apply(gradients, variables)
        return loss

    def losses(self, inputs: Any, targets: Any, dropout: Dropout) -> tuple[Any, Any]:
        """The loss of this device's part of a batch, in nats for a character of the whole, and what is made smaller."""
        logits = self.network.logits(inputs, dropout, self._product_type)  # (windows, time, vocabulary)
        logits = tf.cast(logits, tf.float32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(targets, tf.int32), logits)
        loss = tf.reduce_sum(losses) / self.characters
        if not (smoothing := self._config.label_smoothing):
            return loss, loss
        uniform = tf.reduce_logsumexp(logits, -1) - tf.reduce_mean(logits, -1)  # nats, as the losses
        uniform = tf.reduce_sum(uniform) / self.characters
        return loss, (1 - smoothing) * loss + smoothing * uniform


class FrameStep(TrainingStep):
    """Its losses, and the nats of a batch, are for a frame: a bound of what it costs (see `VAENetwork.losses_of`).

    The arguments are those of `TrainingStep`.

    Raises:
        ConfigError: dropout or label smoothing were asked for, which there are none of.
    """

    def __init__(
        self, lm: Model, config: TrainingConfig, batch_shape: tuple[int, int], workers: Workers
    ) -> None:
        if given := [name for name in _WITHOUT if getattr(config, name)]:
            raise ConfigError(f"a model of frames has no {', '.join(given)}; leave that out")
        super().__init__(lm, config, batch_shape, workers)
        self.characters = batch_shape[0]
        self.nats = tf.function(self._total, reduce_retracing=True, autograph=False)

    def losses(self, inputs: Any, targets: Any, dropout: Dropout) -> tuple[Any, Any]:
        """See `TrainingStep.losses`; both are the same."""
        cost, divergence = self.network.losses_of(targets, dropout.seed, inputs)
        loss = tf.reduce_sum(cost + divergence) / self.characters
        return loss, loss

    def _total(self, inputs: Any, targets: Any, lengths: Any) -> Any:
        cost, divergence = self.network.losses_of(targets, _SEED, inputs)
        both = [
            tf.cast(each, tf.float64) for each in (cost + divergence, self.network.exact(targets, inputs))
        ]
        return tf.reduce_sum(tf.stack(both), axis=1)


class _Added:
    """What makes a Keras optimizer take gradients that have been added up over the workers."""

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        # Keras would add them up again, and clips each worker's by themselves before it does.
        return grads_and_vars


def _added(optimizer: type) -> Any:
    return keras.saving.register_keras_serializable(package="abclm")(
        type(optimizer.__name__, (_Added, optimizer), {"__doc__": optimizer.__doc__})
    )


_OPTIMIZERS = {
    "adam": _added(keras.optimizers.Adam),
    "adagrad": _added(keras.optimizers.Adagrad),
    "adadelta": _added(keras.optimizers.Adadelta),
    "adamax": _added(keras.optimizers.Adamax),
    "nadam": _added(keras.optimizers.Nadam),
    "rmsprop": _added(keras.optimizers.RMSprop),
    "sgd": _added(keras.optimizers.SGD),
}
