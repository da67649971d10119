"""Turn held-out tunes into the losses of a Keras network on them, many tunes at a time."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from abclm.datasets.batches import targets_of
from abclm.evaluation.figures import EncodedTunes, Evaluation, Ids
from abclm.models.architecture import Network

Lengths = npt.NDArray[np.int32]

_BATCH_CHARACTERS = 16_384  # bounds memory: a character of a 1,024-unit LSTM takes 20 kB


class Evaluator:
    """Evaluates a network on the same tunes repeatedly.

    Args:
        network: the network, with its weights at the time of each call.
        tunes: what to measure.
        cache: weights of a cache in addition to the network; none by default.
    """

    def __init__(self, network: Network, tunes: EncodedTunes, cache: Sequence[float] = ()) -> None:
        self._tunes = tunes
        self._recalled = self._tunes.recalled(cache)
        ids = tf.TensorSpec([None, None], tf.as_dtype(self._tunes.ids[0].dtype))
        inputs = tf.TensorSpec([None, None, *self._tunes.inputs[0].shape[1:]], ids.dtype)
        lengths = tf.TensorSpec([None], tf.int32)
        weights = tf.TensorSpec([None, None], tf.float32)

        def measure(
            inputs: Any, targets: Any, characters: Any, headers: Any, recalled: Any, weights: Any
        ) -> Any:
            wanted = tf.cast(targets, tf.int32)
            logits = tf.cast(network.logits(inputs), tf.float32)  # (batch, time, vocabulary)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, logits)
            likeliest = tf.argmax(logits, axis=-1, output_type=tf.int32)
            if cache:
                losses, likeliest = _mixed(logits, losses, wanted, tf.cast(recalled, tf.int32), weights)
            # Summed in float64: a corpus has more characters than float32 has digits for.
            losses = tf.cast(losses, tf.float64)  # (batch, time)
            time = tf.shape(inputs)[1]
            counted, header = tf.sequence_mask(characters, time), tf.sequence_mask(headers, time)
            right = likeliest == wanted
            return (
                tf.reduce_sum(tf.where(header, losses, 0.0), axis=1),
                tf.reduce_sum(tf.where(counted, losses, 0.0), axis=1),
                tf.reduce_sum(tf.cast(counted & right, tf.int64), axis=1),
            )

        signature = [inputs, ids, lengths, lengths, ids, weights]
        self._measure = tf.function(measure, input_signature=signature, autograph=False)

    def __call__(self) -> Evaluation:
        """Evaluate the network with its current weights."""
        headers = np.array(self._tunes.header_characters, np.int32)
        measured = np.empty((3, len(headers)))  # header nats, nats, correct
        for inputs, targets, characters, places in padded_batches(self._tunes.inputs):
            recalled, weights = np.zeros_like(targets), np.zeros(targets.shape, np.float32)
            for row, place in enumerate(places):
                ids, found = self._recalled[place]
                recalled[row, : len(ids)], weights[row, : len(ids)] = ids, found
            measured[:, places] = self._measure(
                inputs, targets, characters, headers[places], recalled, weights
            )
        return Evaluation.of(self._tunes.costs(*measured))


def _mixed(logits: Any, losses: Any, wanted: Any, recalled: Any, weights: Any) -> tuple[Any, Any]:
    """Losses and most likely symbols with the cache (`abclm.models.recall.mix`); all `(batch, time)`."""
    kept = (1 - weights) * tf.exp(-losses)  # the network's probability of the target
    losses = tf.where(recalled == wanted, -tf.math.log(kept + weights), losses - tf.math.log1p(-weights))
    chances = tf.nn.softmax(logits)
    likeliest = tf.argmax(chances, axis=-1, output_type=tf.int32)
    other = (1 - weights) * tf.gather(chances, recalled, axis=-1, batch_dims=2) + weights
    is_likelier = (weights > 0) & (other > (1 - weights) * tf.reduce_max(chances, axis=-1))
    return losses, tf.where(is_likelier, recalled, likeliest)


def padded_batches(
    sequences: Sequence[Ids], batch_characters: int = _BATCH_CHARACTERS
) -> Iterator[tuple[Ids, Ids, Lengths, list[int]]]:
    """Group sequences of similar length into batches.

    Args:
        sequences: token ids, two or more in each sequence.
        batch_characters: the most characters in a batch, including padding; a longer sequence is a batch alone.

    Yields:
        Inputs and targets, ids `(batch, time)`, padded with 0 at the end, the lengths `(batch,)`, and the
        indices of the sequences; the inputs with the context beside each id, if the sequences have one.
    """
    ordered = sorted(range(len(sequences)), key=lambda place: len(sequences[place]))
    while ordered:
        length = len(sequences[ordered[-1]]) - 1
        size = max(1, batch_characters // length)
        places, ordered = ordered[-size:], ordered[:-size]
        batch = [sequences[place] for place in places]
        padded = np.zeros((len(batch), length + 1, *batch[0].shape[1:]), batch[0].dtype)
        for row, sequence in zip(padded, batch, strict=True):
            row[: len(sequence)] = sequence
        lengths = np.array([len(sequence) - 1 for sequence in batch], np.int32)
        yield padded[:, :-1], targets_of(padded), lengths, places
