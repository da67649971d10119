"""Turn a network under training and held-out tunes into its figures, each worker measuring a part."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.window_feed import windows_in_order
from abclm.evaluation.bulk import padded_batches
from abclm.models.architecture import Network
from abclm.training.workers import Workers

Nats = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class HeldOutFigures:
    """How well a network predicts the held-out tunes, as `Evaluation` has it."""

    bits_per_character: float
    bits_per_tune: float
    tunes: int
    characters: int


class HeldOut:
    """Measures a network under training on the same tunes again and again.

    Args:
        nats: gives what a padded batch costs in all; see `TrainingStep`.
        corpus: the tunes.
        workers: who shares the work; all are told the figures of the whole.
        window: how many tokens the network reads to predict the next, where it does so.
    """

    def __init__(
        self, nats: Nats, corpus: EncodedCorpus, workers: Workers, window: int | None = None
    ) -> None:
        self._nats, self._corpus, self._workers, self._window = nats, corpus, workers, window

    def __call__(self) -> HeldOutFigures:
        """Measure the network as it is now."""
        mine = sum(float(self._nats(*batch)) for batch in self._batches())
        bits = float(self._workers.gather([mine]).sum()) / math.log(2)
        return HeldOutFigures(
            bits_per_character=bits / self._corpus.characters,
            bits_per_tune=bits / self._corpus.tunes,
            tunes=self._corpus.tunes,
            characters=self._corpus.characters,
        )

    def _batches(self) -> Iterator[tuple[Any, ...]]:
        for number, batch in enumerate(self._all_batches()):
            if number % self._workers.count == self._workers.index:
                yield batch

    def _all_batches(self) -> Iterator[tuple[Any, ...]]:
        if self._window is not None:
            yield from windows_in_order(self._corpus, self._window)
            return
        for tunes in self._corpus.pieces():
            for inputs, targets, lengths, _ in padded_batches(tunes):
                yield inputs, targets, lengths


def compiled_nats(network: Network, ids: tf.DType) -> Any:
    """Make the function of a padded batch of ids (see `padded_batches`) that gives its nats, float64, in all."""
    signature = [
        tf.TensorSpec([None, None], ids),
        tf.TensorSpec([None, None], ids),
        tf.TensorSpec([None], tf.int32),
    ]

    def total_nats(inputs: Any, targets: Any, lengths: Any) -> Any:
        time = tf.shape(targets)[1]
        logits = tf.cast(network.logits(inputs), tf.float32)[:, :time]  # of several tokens ahead, the first
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.cast(targets, tf.int32), logits
        )  # (batch, time)
        counted = tf.sequence_mask(lengths, time)
        # Summed in float64: a corpus has more characters than float32 has digits for.
        return tf.reduce_sum(tf.where(counted, tf.cast(losses, tf.float64), 0.0))

    return tf.function(total_nats, input_signature=signature, autograph=False)
