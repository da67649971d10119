"""Turn token ids into windows, whose targets are the next characters, and an epoch into an order of them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from abclm.datasets.texts import Ids
from abclm.errors import ConfigError
from abclm.system.words import counted


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
        ids: the text as token ids, `(characters,)`.
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
    """Cut a text into one epoch's windows, and shuffle them.

    The offset and the order come from `(seed, epoch)` alone, so that any epoch can be cut again.

    Args:
        characters: length of the text, at least `sequence_length + 1`.
        sequence_length: characters of a window's input.
        seed: the run's random seed.
        epoch: counted from 0.

    Returns:
        Where each window starts, in the order of training; for every epoch as many.

    Raises:
        ConfigError: the text is too short for a single window.
    """
    count = windows_per_epoch(characters, sequence_length)
    random = np.random.default_rng([seed, epoch])
    # No offset may cost the only window of a short text, and all epochs are to be equally long.
    offset = int(random.integers(min(sequence_length, characters - sequence_length)))
    return random.permutation(window_starts(characters, sequence_length, offset))[:count]


def tune_starts(lengths: npt.NDArray[np.int64], sequence_length: int, count: int) -> npt.NDArray[np.int64]:
    """Cut a text of tunes into windows of which each begins at the beginning of a tune, where it can.

    A window goes on through as many tunes as it has room for. The next begins with the tune that did not
    fit, or, where that filled the window by itself, where the window ended. After the last tune comes the
    first again.

    Args:
        lengths: characters of the tunes, `(tunes,)`, as they follow one another.
        sequence_length: characters of a window's input.
        count: how many windows.

    Returns:
        Where each window starts, in order; the newline before the first tune is character 0. A window can
        reach `sequence_length` characters past the end, where the text should begin anew.

    Example:
        >>> tune_starts(np.array([4, 3, 12]), 8, 5).tolist()
        [0, 7, 15, 4, 7]
    """
    ends = np.cumsum(lengths)
    total, starts, at = int(ends[-1]), [], 0
    for _ in range(count):
        starts.append(at)
        end = at + sequence_length
        # The end of the last tune that is whole in the window, counted on over the text's end.
        rounds, rest = divmod(end, total)
        place = int(np.searchsorted(ends, rest, side="right"))
        whole = rounds * total + (int(ends[place - 1]) if place else 0)
        at = (whole if whole > at else end) % total
    return np.array(starts, dtype=np.int64)


def windows_per_epoch(
    characters: int, sequence_length: int, words: tuple[str, str] = ("tune", "character")
) -> int:
    """How many windows a text has at every offset; each epoch takes as many.

    Args:
        characters: of the text.
        sequence_length: characters of a window's input.
        words: what the text consists of, for messages; see `abclm.tokenizers.pieces.words_for`.

    Raises:
        ConfigError: the text is too short for a single window and its target.
    """
    if characters < sequence_length + 1:
        raise ConfigError(
            f"the training text has {counted(characters, words[1])}, too few for a sequence length of "
            f"{sequence_length:,}; give more {words[0]}s, or a sequence length of up to {max(1, characters - 1):,}"
        )
    return max(1, (characters - sequence_length) // sequence_length)
