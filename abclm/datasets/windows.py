"""Turn token ids into windows, whose targets are the next characters, and an epoch into an order of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.datasets.token_files import TokenFiles
from abclm.errors import ConfigError

Ids = npt.NDArray[np.uint8]
Text = Ids | TokenFiles

_LISTED_WINDOWS = 2**20  # an epoch's order of so many is a list in memory, of more it is worked out
_ROUNDS = 6


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


class EpochOrder:
    """One epoch's windows, in the order of training: a sequence of where each starts.

    The offset and the order come from `(seed, epoch)` alone, so that any epoch can be cut again.

    Args:
        characters: length of the text, at least `sequence_length + 1`.
        sequence_length: characters of a window's input.
        seed: the run's random seed.
        epoch: counted from 0.

    Raises:
        ConfigError: the text is too short for a single window.
    """

    def __init__(self, characters: int, sequence_length: int, seed: int, epoch: int) -> None:
        self._count = windows_per_epoch(characters, sequence_length)
        random = np.random.default_rng([seed, epoch])
        # No offset may cost the only window of a short text, and all epochs are to be equally long.
        slack = min(sequence_length, characters - sequence_length)
        offset = int(random.integers(slack))
        self._cut = offset, sequence_length, max(0, (characters - 1 - offset) // sequence_length)
        self._starts: npt.NDArray[np.int64] | None = None
        if self._count <= _LISTED_WINDOWS:
            self._starts = random.permutation(window_starts(characters, sequence_length, offset))
        self._keys = random.integers(2**32, size=_ROUNDS, dtype=np.uint64)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, places: slice) -> npt.NDArray[np.int64]:
        """Where the windows at these places of the order start."""
        if self._starts is not None:
            return self._starts[: self._count][places]
        offset, length, windows = self._cut
        return offset + length * permuted(np.arange(*places.indices(self._count)), windows, self._keys)


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


def permuted(places: Any, count: int, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Permute the numbers below `count` without a list of them, by a keyed Feistel network.

    A number is cut into two halves, and each round changes one by a hash of the other, which can be taken
    back; what falls on `count` or above goes through again (Black & Rogaway 2002, "cycle walking").

    Args:
        places: int64, from 0 to below `count`.
        count: 2 or more.
        keys: one for each round.

    Returns:
        int64, as many; for all places together each number once.
    """
    half = np.uint64((int(count - 1).bit_length() + 1) // 2)
    mask = np.uint64((1 << int(half)) - 1)
    values = np.asarray(places, np.uint64)
    outside = np.ones(len(values), np.bool_)
    while outside.any():
        left, right = values[outside] >> half, values[outside] & mask
        for key in keys:
            mixed = (right + key) * np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
            left, right = right, left ^ ((mixed >> np.uint64(32)) & mask)
        values[outside] = (left << half) | right
        outside = values >= count
    return values.astype(np.int64)


def read_windows(text: Text, starts: npt.NDArray[np.int64], length: int) -> Ids:
    """Read the windows of a text that begin at `starts`, `(windows,)`: uint8 `(windows, length)`."""
    if isinstance(text, TokenFiles):
        return text.windows(starts, length)
    windows: Ids = text[starts[:, None] + np.arange(length)]
    return windows


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
