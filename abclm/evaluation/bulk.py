"""Turn held-out tunes into the losses of a Keras network on them, many tunes at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from abclm.datasets.batches import targets_of
from abclm.evaluation.figures import EncodedTunes, Evaluation, Ids

Lengths = npt.NDArray[np.int32]

# These bound memory: a character of a 1,024-unit LSTM takes 20 kB, and a packed one 9 kB.
_BATCH_CHARACTERS = 16_384
_PACKED_CHARACTERS = 32_768


class Evaluator:
    """Evaluates a network on the same tunes repeatedly.

    Args:
        network: a `Network`, with its weights at the time of each call; `is_packing` ones measure without padding.
        tunes: what to measure.
        cache: weights of a cache in addition to the network; none by default.
    """

    def __init__(self, network: Any, tunes: EncodedTunes, cache: Sequence[float] = ()) -> None:
        self._tunes = tunes
        self._recalled = self._tunes.recalled(cache)
        self._is_packing = getattr(network, "is_packing", False)

        def measure(inputs: Any, sizes: Any, targets: Any, recalled: Any, weights: Any) -> Any:
            wanted, found = tf.cast(targets, tf.int32), []
            for logits in (
                network.packed_logits(inputs, sizes) if self._is_packing else [network.logits(inputs)]
            ):
                scores = tf.cast(logits, tf.float32)  # (..., vocabulary)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, scores)
                likeliest = tf.argmax(scores, axis=-1, output_type=tf.int32)
                if cache:
                    losses, likeliest = _mixed(scores, losses, wanted, tf.cast(recalled, tf.int32), weights)
                found.append(tf.stack([losses, tf.cast(likeliest == wanted, tf.float32)]))
            return tf.stack(found)  # (models, 2, ...)

        each = [None] if self._is_packing else [None, None]
        ids = tf.TensorSpec(each, tf.as_dtype(self._tunes.ids[0].dtype))
        inputs = tf.TensorSpec([*each, *self._tunes.inputs[0].shape[1:]], ids.dtype)
        signature = [inputs, tf.TensorSpec([None], tf.int32), ids, ids, tf.TensorSpec(each, tf.float32)]
        self._measure = tf.function(measure, input_signature=signature, autograph=False)

    def __call__(self) -> list[Evaluation]:
        """Evaluate the network with its current weights; a second figure is that of the network without copies."""
        tables: dict[int, Any] = {}
        for batch in (
            packed_batches(self._tunes.inputs) if self._is_packing else _laid_out(self._tunes.inputs)
        ):
            recalled, weights = (
                batch.spread(np.concatenate([self._recalled[place][which] for place in batch.places]))
                for which in (0, 1)
            )
            found = self._measure(
                batch.inputs, batch.sizes, batch.targets, recalled.astype(batch.targets.dtype), weights
            ).numpy()
            # Summed in float64: a corpus has more characters than float32 has digits for.
            values = found.reshape(*found.shape[:2], -1)[..., batch.where].astype(np.float64)
            begin = 0
            for place in batch.places:
                end, header = begin + len(self._tunes.ids[place]) - 1, self._tunes.header_characters[place]
                losses, right = values[:, 0, begin:end], values[:, 1, begin:end]
                tables[place] = [losses[:, :header].sum(axis=1), losses.sum(axis=1), right.sum(axis=1)]
                begin = end
        measured = np.array([tables[place] for place in range(len(tables))])  # (tunes, 3, models)
        return [Evaluation.of(self._tunes.costs(*model)) for model in measured.transpose(2, 1, 0)]


class Batch(NamedTuple):
    """Some sequences, laid out to be measured.

    Attributes:
        places: of the sequences.
        inputs: packed (see `abclm.models.lstm.recurrence.packed_outputs`), or padded `(batch, time, ...)`.
        targets: the id that follows each, in the same shape.
        sizes: int32 `(time,)`, of a packed batch how many sequences have each step.
        where: of each character of these sequences, one after the other, the place in `targets.ravel()`.
    """

    places: list[int]
    inputs: Ids
    targets: Ids
    sizes: Lengths
    where: npt.NDArray[np.int64]

    def spread(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Lay out a value for each character as `targets` are."""
        found = np.zeros(self.targets.size, values.dtype)
        found[self.where] = values
        return found.reshape(self.targets.shape)


def packed_batches(sequences: Sequence[Ids], batch_characters: int = _PACKED_CHARACTERS) -> Iterator[Batch]:
    """Pack sequences of similar length together, without padding.

    Args:
        sequences: token ids, two or more in each sequence.
        batch_characters: about how many characters a batch has at most; a longer sequence is a batch alone.
    """
    lengths = np.array([len(sequence) - 1 for sequence in sequences])
    ordered = np.argsort(-lengths, kind="stable")
    numbers = (np.cumsum(lengths[ordered]) - 1) // batch_characters
    for group in np.split(ordered, np.flatnonzero(np.diff(numbers)) + 1):
        batch = [sequences[place] for place in group]
        times = np.concatenate([np.arange(len(sequence) - 1) for sequence in batch])
        order = np.argsort(times, kind="stable")  # within a step, the longest sequence stays first
        where = np.empty_like(order)
        where[order] = np.arange(len(order))
        inputs = np.concatenate([sequence[:-1] for sequence in batch])[order]
        targets = np.concatenate([sequence[1:].reshape(len(sequence) - 1, -1)[:, 0] for sequence in batch])[
            order
        ]
        yield Batch(group.tolist(), inputs, targets, np.bincount(times).astype(np.int32), where)


def _laid_out(sequences: Sequence[Ids]) -> Iterator[Batch]:
    """The batches of `padded_batches`."""
    for inputs, targets, lengths, places in padded_batches(sequences):
        where = np.flatnonzero(np.arange(targets.shape[1]) < lengths[:, None])
        yield Batch(places, inputs, targets, np.zeros(0, np.int32), where)


def _mixed(logits: Any, losses: Any, wanted: Any, recalled: Any, weights: Any) -> tuple[Any, Any]:
    """Losses and most likely symbols with the cache (`abclm.models.recall.mix`); all of one shape."""
    kept = (1 - weights) * tf.exp(-losses)  # the network's probability of the target
    losses = tf.where(recalled == wanted, -tf.math.log(kept + weights), losses - tf.math.log1p(-weights))
    chances = tf.nn.softmax(logits)
    likeliest = tf.argmax(chances, axis=-1, output_type=tf.int32)
    other = (1 - weights) * tf.gather(chances, recalled, axis=-1, batch_dims=recalled.shape.rank) + weights
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
