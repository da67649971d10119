"""Turn a network under training and held-out tunes into its figures, each worker measuring a part."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.texts import Ids
from abclm.datasets.window_feed import windows_in_order
from abclm.evaluation.bulk import padded_batches
from abclm.models.architecture import Network
from abclm.models.context import told_of, with_context
from abclm.models.told import ToldCounts
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.training.workers import Workers

Nats = Callable[..., Any]
Encode = Callable[[Ids], tuple[Ids, float]]


@dataclass(frozen=True, kw_only=True)
class HeldOutFigures:
    """How well a network predicts the held-out tunes, as `Evaluation` has it.

    Of frames of a piano roll, figures are for a frame, and `accuracy` is the share that is given back exactly.
    """

    bits_per_character: float
    bits_per_tune: float
    tunes: int
    characters: int
    accuracy: float | None = None  # older records have none


class HeldOut:
    """Measures a network under training on the same tunes again and again.

    Args:
        nats: gives what a padded batch costs in all, and how often the likeliest was right; see `TrainingStep`.
        corpus: the tunes.
        workers: who shares the work; all are told the figures of the whole.
        encode: for a model with `structure`, adds to ids what the network reads beside them, and gives the cost of what
            it is told, in nats; see `told_encoder`.
    """

    def __init__(
        self, nats: Nats, corpus: EncodedCorpus, workers: Workers, encode: Encode | None = None
    ) -> None:
        self._nats, self._corpus, self._workers, self._encode = nats, corpus, workers, encode

    def __call__(self) -> HeldOutFigures:
        """Measure the network as it is now."""
        mine = np.zeros(2)
        for told, batch in self._batches():
            mine += np.array(self._nats(*batch), np.float64)
            mine[0] += told
        nats, right = self._workers.gather(mine.tolist()).sum(axis=0)
        bits = float(nats) / math.log(2)
        return HeldOutFigures(
            bits_per_character=bits / self._corpus.characters,
            bits_per_tune=bits / self._corpus.tunes,
            tunes=self._corpus.tunes,
            characters=self._corpus.characters,
            accuracy=float(right) / self._corpus.characters,
        )

    def _batches(self) -> Iterator[tuple[float, tuple[Any, ...]]]:
        """This worker's padded batches, and the nats of what is told of their tunes."""
        number = 0
        for tunes in self._corpus.pieces():
            encoded = [self._encode(ids) if self._encode else (ids, 0.0) for ids in tunes]
            nats = np.array([told for _, told in encoded])
            for inputs, targets, lengths, places in padded_batches([each for each, _ in encoded]):
                if number % self._workers.count == self._workers.index:
                    yield float(nats[places].sum()), (inputs, targets, lengths)
                number += 1


class HeldOutWindows(HeldOut):
    """Measures a network that reads a window of tokens and predicts what follows it.

    Args:
        nats: as for `HeldOut`.
        corpus: pieces; its targets are measured.
        workers: who shares the work.
        window: how many tokens the network reads.
        ahead: how many tokens behind them are measured at once.
    """

    def __init__(
        self, nats: Nats, corpus: EncodedCorpus, workers: Workers, window: int, ahead: int = 1
    ) -> None:
        super().__init__(nats, corpus, workers)
        self._window, self._ahead = window, ahead

    def _batches(self) -> Iterator[tuple[float, tuple[Any, ...]]]:
        for number, batch in enumerate(windows_in_order(self._corpus, self._window, self._ahead)):
            if number % self._workers.count == self._workers.index:
                yield 0.0, batch


def told_encoder(tokenizer: CharacterTokenizer, counts: ToldCounts) -> Encode:
    """Make the function that adds to a tune's ids their context, and gives the nats of what is told of it."""

    def encode(ids: Ids) -> tuple[Ids, float]:
        told = told_of(tokenizer.decode(ids))
        return with_context(tokenizer, ids, told), math.log(2) * counts.bits(told)

    return encode


def compiled_nats(network: Network, ids: tf.DType, columns: int = 0) -> Any:
    """Make the function of a padded batch (see `padded_batches`) that gives its nats in all, and how many targets are
    the likeliest token: float64 `(2,)`.

    Args:
        network: to measure.
        ids: their type.
        columns: of a context beside each.
    """
    signature = [
        tf.TensorSpec([None, None, 1 + columns] if columns else [None, None], ids),
        tf.TensorSpec([None, None], ids),
        tf.TensorSpec([None], tf.int32),
    ]

    def total(inputs: Any, targets: Any, lengths: Any) -> Any:
        time = tf.shape(targets)[1]
        logits = tf.cast(network.logits(inputs), tf.float32)[:, :time]  # of several tokens ahead, the first
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.cast(targets, tf.int32), logits
        )  # (batch, time)
        counted = tf.sequence_mask(lengths, time)
        right = tf.argmax(logits, axis=-1, output_type=tf.int32) == tf.cast(targets, tf.int32)
        # Summed in float64: a corpus has more characters than float32 has digits for.
        both = tf.stack([tf.cast(losses, tf.float64), tf.cast(right, tf.float64)])
        return tf.reduce_sum(tf.where(counted, both, 0.0), axis=[1, 2])

    return tf.function(total, input_signature=signature, autograph=False)
