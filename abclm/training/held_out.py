"""Turn a network under training and held-out tunes into its figures, each worker measuring a part."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from abclm.datasets.encoded import EncodedCorpus, Ids
from abclm.datasets.windows import Text, read_windows
from abclm.evaluation.bulk import padded_batches
from abclm.models.architecture import Network
from abclm.tokenizers.tokenizer import Tokenizer
from abclm.training.workers import Workers

Nats = Callable[..., Any]

_BLOCK = 2**22  # characters that are in memory at a time


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
        tokenizer: says where tunes end.
        workers: who shares the work; all are told the figures of the whole.
    """

    def __init__(
        self, nats: Nats, corpus: EncodedCorpus, tokenizer: Tokenizer[Any], workers: Workers
    ) -> None:
        self._nats, self._corpus, self._tokenizer, self._workers = nats, corpus, tokenizer, workers

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
        number = 0
        for tunes in tunes_of(self._corpus.text, self._tokenizer):
            for inputs, targets, lengths, _ in padded_batches(tunes):
                if number % self._workers.count == self._workers.index:
                    yield inputs, targets, lengths
                number += 1


def compiled_nats(network: Network) -> Any:
    """Make the function of a padded batch (see `padded_batches`) that gives its nats, float64, in all."""
    signature = [
        tf.TensorSpec([None, None], tf.uint8),
        tf.TensorSpec([None, None], tf.uint8),
        tf.TensorSpec([None], tf.int32),
    ]

    def total_nats(inputs: Any, targets: Any, lengths: Any) -> Any:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.cast(targets, tf.int32), tf.cast(network.logits(inputs), tf.float32)
        )  # (batch, time)
        counted = tf.sequence_mask(lengths, tf.shape(inputs)[1])
        # Summed in float64: a corpus has more characters than float32 has digits for.
        return tf.reduce_sum(tf.where(counted, tf.cast(losses, tf.float64), 0.0))

    return tf.function(total_nats, input_signature=signature, autograph=False)


def tunes_of(text: Text, tokenizer: Tokenizer[Any], block: int = _BLOCK) -> Iterator[list[Ids]]:
    """Cut a text into its tunes, some millions of characters at a time.

    Args:
        text: tunes one after another, as `EncodedCorpus` has them.
        tokenizer: says where tunes end.
        block: characters to read at a time, more where a tune has more.

    Yields:
        Tunes as sequences to be measured: what the tokenizer's `encode_piece` gives of each.
    """
    at, size = 0, block
    while at < len(text) - 1:
        length = min(size, len(text) - at)
        ids = read_windows(text, np.array([at]), length)[0]
        ends = tokenizer.ends_in(ids)
        if not len(ends):
            if length < size:
                return
            size *= 2
            continue
        starts = np.concatenate([[0], ends[:-1]])
        yield [ids[start : end + 1] for start, end in zip(starts, ends, strict=True)]
        at, size = at + int(ends[-1]), block
