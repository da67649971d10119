"""Turn the windows of an epoch into TensorFlow's batches of next-character training pairs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from abclm.datasets.texts import Ids, Text, read_windows


def targets_of(windows: Any) -> Any:
    """The ids that follow each but the last of a window, `(windows, time - 1)`; the context beside them is left."""
    return windows[:, 1:] if len(windows.shape) == 2 else windows[:, 1:, 0]


def epoch_batches(
    text: Text,
    starts: npt.NDArray[np.int64],
    *,
    sequence_length: int,
    batch_size: int,
    first: int = 0,
    part: Callable[[int], slice] = slice,
) -> Any:
    """Make one epoch's batches.

    Args:
        text: token ids, `(characters,)`, or with a context beside each `(characters, 1 + columns)`.
        starts: where the epoch's windows start, in the order of training.
        sequence_length: characters of a window's input.
        batch_size: windows of a batch. Those left over at the end of an epoch are left out, as the
            next epoch cuts and deals anew; a text with fewer windows than one batch gives them all.
        first: how many batches of the epoch to pass over, for going on where a run stopped.
        part: the part of so many windows to take of each batch; by default all.

    Returns:
        A `tf.data.Dataset` of pairs of ids (inputs, targets), each `(batch, sequence_length)`; the inputs with the
        context, if there is one.
    """
    length = sequence_length + 1
    shape = length, *text.shape[1:]
    windows = batches_of(
        lambda chosen: read_windows(text, chosen, length), starts, shape, text.dtype, batch_size, first, part
    )
    return windows.map(lambda batch: (batch[:, :-1], targets_of(batch))).prefetch(2)


def batches_of(
    read: Callable[[npt.NDArray[np.int64]], Ids],
    places: npt.NDArray[np.int64],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    batch_size: int,
    first: int,
    part: Callable[[int], slice],
) -> Any:
    """Make batches of windows.

    Args:
        read: gives the windows at some places, ids `(windows, length)`.
        places: of the windows, in the order of training.
        shape: of a window: its length, and what stands beside each id.
        dtype: of the ids.
        batch_size: windows of a batch, the rest as for `epoch_batches`.
        first: how many batches to pass over.
        part: the part of so many windows to take of each batch.

    Returns:
        A `tf.data.Dataset` of ids `(batch, *shape)`.
    """
    size = min(batch_size, len(places))
    mine = part(size)
    count = len(range(size)[mine])

    def batch(number: Any) -> Any:
        def chosen(number: int) -> Ids:
            return read(places[number * size : (number + 1) * size][mine])

        return tf.ensure_shape(tf.numpy_function(chosen, [number], tf.as_dtype(dtype)), [count, *shape])

    return tf.data.Dataset.range(first, len(places) // size).map(batch)
