"""Turn token ids into batches of next-character training pairs."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from abclm.errors import ConfigError

Ids = npt.NDArray[np.uint8]


def window_starts(characters: int, sequence_length: int, offset: int = 0) -> npt.NDArray[np.int64]:
    """Cut a text into consecutive windows that don't overlap.

    Args:
        characters: length of the text.
        sequence_length: characters of a window's input; its target ends one character later.
        offset: where the first window starts.

    Returns:
        Where each whole window starts, in order; what is too short for one at the end is left.

    Example:
        >>> window_starts(11, 5).tolist()
        [0, 5]
    """
    count = max(0, (characters - 1 - offset) // sequence_length)
    return offset + sequence_length * np.arange(count, dtype=np.int64)


def in_order(ids: Ids, sequence_length: int, offset: int = 0) -> Iterator[tuple[Ids, Ids]]:
    """Cut a text into its windows, as they come.

    Args:
        ids: the text as token ids, uint8 `(characters,)`.
        sequence_length: characters of a window's input.
        offset: where the first window starts.

    Yields:
        A window's input and its target, the same one character later; views of `ids`.

    Example:
        >>> text = np.frombuffer(b"GFDGGB d2GB", np.uint8)
        >>> [(inputs.tobytes(), targets.tobytes()) for inputs, targets in in_order(text, 5)]
        [(b'GFDGG', b'FDGGB'), (b'B d2G', b' d2GB')]
    """
    for start in window_starts(len(ids), sequence_length, offset):
        yield ids[start : start + sequence_length], ids[start + 1 : start + sequence_length + 1]


def epoch_starts(characters: int, sequence_length: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """Choose one epoch's windows and their order.

    The offset and the order come from `(seed, epoch)` alone, so that any epoch can be cut again.

    Args:
        characters: length of the text, at least `sequence_length + 1`.
        sequence_length: characters of a window's input.
        seed: the run's random seed.
        epoch: counted from 0.

    Returns:
        Where each window starts, in the order of training.

    Raises:
        ConfigError: the text is too short for a single window.
    """
    count = windows_per_epoch(characters, sequence_length)
    random = np.random.default_rng([seed, epoch])
    # No offset may cost the only window of a short text, and all epochs are to be equally long.
    slack = min(sequence_length, characters - sequence_length)
    starts = window_starts(characters, sequence_length, int(random.integers(slack)))
    return random.permutation(starts)[:count]


def epoch_batches(
    ids: Ids, *, sequence_length: int, batch_size: int, seed: int, epoch: int, first: int = 0
) -> Any:
    """Make one epoch's batches.

    Args:
        ids: the text as token ids, uint8 `(characters,)`.
        sequence_length: characters of a window's input.
        batch_size: windows of a batch. Those left over at the end of an epoch are left out, as the
            next epoch cuts and deals anew; a text with fewer windows than one batch gives them all.
        seed: the run's random seed.
        epoch: counted from 0.
        first: how many batches of the epoch to pass over, for going on where a run stopped.

    Returns:
        A `tf.data.Dataset` of uint8 pairs (inputs, targets), each `(batch, sequence_length)`.

    Raises:
        ConfigError: the text is too short for a single window.
    """
    starts = epoch_starts(len(ids), sequence_length, seed, epoch)
    size = min(batch_size, len(starts))
    text = tf.constant(ids)
    steps = tf.range(sequence_length + 1, dtype=tf.int64)

    def cut(batch_starts: Any) -> tuple[Any, Any]:
        windows = tf.gather(text, batch_starts[:, None] + steps)  # (batch, sequence_length + 1)
        return windows[:, :-1], windows[:, 1:]

    dataset = tf.data.Dataset.from_tensor_slices(starts[first * size :])
    return dataset.batch(size, drop_remainder=True).map(cut).prefetch(2)


def windows_per_epoch(characters: int, sequence_length: int) -> int:
    """How many windows a text has at every offset; each epoch takes as many.

    Raises:
        ConfigError: the text is too short for a single window and its target.
    """
    if characters < sequence_length + 1:
        raise ConfigError(
            f"the training text has {characters:,} characters, too few for a sequence length of "
            f"{sequence_length:,}; give more tunes, or a sequence length of up to {max(1, characters - 1):,}"
        )
    return max(1, (characters - sequence_length) // sequence_length)


def batches_per_epoch(characters: int, sequence_length: int, batch_size: int) -> int:
    """How many batches `epoch_batches` gives.

    Raises:
        ConfigError: the text is too short for a single window.
    """
    return max(1, windows_per_epoch(characters, sequence_length) // batch_size)
