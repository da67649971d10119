"""Turn token ids in memory or in a file into texts: arrays to read windows from, of which a file's stay on the disk."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.unsignedinteger[Any]]
Places = npt.NDArray[np.integer[Any]]


class IdFile:
    """A file of token ids.

    Args:
        file: open for reading; it is closed when this goes.
        dtype: of the ids.
        columns: of a context beside each id.
    """

    def __init__(self, file: BinaryIO, dtype: np.dtype[Any], columns: int = 0) -> None:
        self._file, self.dtype = file, dtype
        self._size = os.fstat(file.fileno()).st_size // dtype.itemsize // (1 + columns)
        self.shape = (self._size, 1 + columns) if columns else (self._size,)

    def __len__(self) -> int:
        return self._size

    def __del__(self) -> None:
        self._file.close()

    def __getitem__(self, places: Places) -> Ids:
        """The ids at these places, in the shape of `places`; with a context, `(*places, 1 + columns)`."""
        # Mapped for this call alone: so what was read does not count as memory of this process.
        found: Ids = np.memmap(self._file, self.dtype, "r", shape=self.shape)[places]
        return np.asarray(found)


class JoinedText:
    """Some of the pieces in a file, read as one text: an id to begin after, and the pieces one after another.

    Args:
        ids: pieces one after another, with one id before the first.
        begins: where each of the pieces to read begins, `(pieces,)`, rising.
        lengths: how many ids each has, `(pieces,)`.
    """

    def __init__(self, ids: IdFile, begins: Places, lengths: Places) -> None:
        self._ids, self.dtype = ids, ids.dtype
        self._size = 1 + int(lengths.sum())
        self.shape = (self._size,)
        # Pieces that follow one another are one run. The id before a run's first piece ends another piece.
        is_first = np.append(True, begins[1:] != begins[:-1] + lengths[:-1])
        before = 1 + np.cumsum(lengths) - lengths  # ids of this text before each piece
        self._starts = before[is_first].astype(np.int64)
        self._starts[0] = 0
        self._shifts = begins[is_first] - before[is_first]

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, places: Places) -> Ids:
        """The ids at these places, in the shape of `places`."""
        return self._ids[places + self._shifts[np.searchsorted(self._starts, places, "right") - 1]]


Text = Ids | IdFile | JoinedText


def read_windows(text: Text, starts: Places, length: int) -> Ids:
    """Read the windows of a text that begin at `starts`, `(windows,)`: ids `(windows, length)`.

    With a context beside the ids, `(windows, length, 1 + columns)`.
    """
    return text[starts[:, None] + np.arange(length)]


def read_pieces(text: Text, begins: Places, ends: Places) -> list[Ids]:
    """Read pieces of a text, of which each goes from its begin up to its end."""
    lengths = ends - begins
    stops = np.cumsum(lengths)
    places = np.arange(int(lengths.sum())) + np.repeat(begins - (stops - lengths), lengths)
    return np.split(text[places], stops[:-1])
