"""Turn a source of random numbers for each piece into a column of them for each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_AHEAD = 64  # numbers of a piece that are drawn at a time


class Numbers:
    """Random numbers from 0 up to but not 1, a row for each piece: a step takes a column without asking each.

    Each piece has the numbers of its source in their order, whatever the others take.

    Args:
        sources: of each piece.
    """

    def __init__(self, sources: list[np.random.Generator]) -> None:
        self._sources = sources
        self._rows = np.empty((len(sources), _AHEAD))
        self._column = _AHEAD  # the next; those before it are used up

    def each(self) -> npt.NDArray[np.float64]:
        """The next number of every piece, `(batch,)`."""
        if self._column == _AHEAD:
            self._column = 0
            for place in range(len(self._sources)):
                self._fill(place)
        self._column += 1
        return self._rows[:, self._column - 1]

    def one(self, place: int) -> float:
        """The next number of one piece."""
        source, row = self._sources[place], self._rows[place]
        if self._column == _AHEAD:
            return float(source.random())
        number = float(row[self._column])
        row[self._column : -1] = row[self._column + 1 :]
        row[-1] = source.random()
        return number

    def replace(self, place: int, source: np.random.Generator) -> None:
        """Go on with the numbers of another piece in the place of one."""
        self._sources[place] = source
        self._fill(place)

    def keep(self, places: list[int]) -> None:
        """Go on with the pieces in these places."""
        self._sources = [self._sources[place] for place in places]
        self._rows = self._rows[places]

    def _fill(self, place: int) -> None:
        self._rows[place, self._column :] = self._sources[place].random(_AHEAD - self._column)
