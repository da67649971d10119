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
    size = min(batch_size, len(starts))
    mine = part(size)

    shape = [len(range(size)[mine]), sequence_length + 1, *text.shape[1:]]

    def read(number: int) -> Ids:
        return read_windows(text, starts[number * size : (number + 1) * size][mine], sequence_length + 1)

    def cut(number: Any) -> tuple[Any, Any]:
        windows = tf.ensure_shape(tf.numpy_function(read, [number], tf.as_dtype(text.dtype)), shape)
        return windows[:, :-1], targets_of(windows)

    return tf.data.Dataset.range(first, len(starts) // size).map(cut).prefetch(2)
