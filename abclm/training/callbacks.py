"""Turn the events of a run into calls of Keras callbacks, and what they ask for into the run's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    from abclm.training.step import TrainingStep


class Callbacks:
    """The callbacks of a run. With several workers each worker calls its own, with the same figures.

    Args:
        callbacks: Keras callbacks.
        step: the network and the optimizer, which they get as `model` and `model.optimizer`.
        epochs: of the run.
        steps_per_epoch: of the run.

    Attributes:
        rate_factor: what a callback has multiplied the scheduled learning rate by.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        step: TrainingStep,
        epochs: int,
        steps_per_epoch: int,
    ) -> None:
        self.rate_factor = 1.0
        self._step = step
        self._list: keras.callbacks.CallbackList | None = None
        if callbacks:
            step.network.compile(optimizer=step.optimizer)
            step.network.stop_training = False
            self._list = keras.callbacks.CallbackList(
                list(callbacks), model=step.network, epochs=epochs, steps=steps_per_epoch, verbose=0
            )

    def __bool__(self) -> bool:
        return self._list is not None

    @property
    def want_to_stop(self) -> bool:
        """Whether one has set `model.stop_training`."""
        return self._list is not None and bool(self._step.network.stop_training)

    def begin(self, epoch: int) -> None:
        """Say that training begins, or goes on with an epoch, counted from 0."""
        if self._list:
            for callback in self._list.callbacks:
                callback.params["initial_epoch"] = epoch
            self._list.on_train_begin()

    def end(self) -> None:
        """Say that training is over."""
        if self._list:
            self._list.on_train_end()

    def begin_epoch(self, epoch: int) -> None:
        """Say that an epoch, counted from 0, begins."""
        if self._list:
            before = self._step.learning_rate
            self._list.on_epoch_begin(epoch)
            self._take_learning_rate(before)

    def end_epoch(self, epoch: int, entry: Mapping[str, Any]) -> None:
        """Say that an epoch is over.

        Args:
            epoch: counted from 0.
            entry: its figures, as in the model's history.
        """
        if self._list:
            before = self._step.learning_rate
            logs = {name: entry[name] for name in ("loss", "bits_per_character", "learning_rate")}
            if "validation_bits_per_character" in entry:
                bits = entry["validation_bits_per_character"]
                logs |= {"val_loss": bits * math.log(2), "val_bits_per_character": bits}
            self._list.on_epoch_end(epoch, logs)
            self._take_learning_rate(before)

    def begin_batch(self, batch: int) -> None:
        """Say that a batch of the epoch, counted from 0, begins."""
        if self._list:
            self._list.on_train_batch_begin(batch)

    def end_batch(self, batch: int, loss: float) -> None:
        """Say that a batch is over."""
        if self._list:
            before = self._step.learning_rate
            self._list.on_train_batch_end(batch, {"loss": loss})
            self._take_learning_rate(before)

    def _take_learning_rate(self, before: np.float32) -> None:
        """A callback that sets the learning rate sets it for all later steps, in proportion to the schedule."""
        after = self._step.learning_rate
        if after != before:
            self.rate_factor *= float(after) / float(before)
