"""Turn the place of a text into what it adds to the first layer's gates, and hidden values into scores of copies.

A place is the columns of `abclm.models.context`. Each has an embedding, which is multiplied by all that reads it once:
a step looks up and adds.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.context import COPY_SLICE, GATE_COLUMNS, GATE_OFFSETS, INPUT_OFFSETS, INPUTS, TOLD
from abclm.models.quantised import fixed_point
from abclm.models.recurrent.state import State

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.integer[Any]]

_QUICK = ("position", "degree")
"""The columns that change with nearly every symbol; they are looked up together. The others change with a bar."""

_SLOW = len(INPUTS) - len(_QUICK)
_MOST_TOLD = 64  # sums that are kept


class PlaceInputs:
    """What the columns add to the gates of the first layer.

    Args:
        weights: named as in a model folder.
        times_kernel: turns embeddings `(values, inputs)` into what they add, `(values, gates·units)`.
    """

    def __init__(self, weights: Mapping[str, Floats], times_kernel: Callable[[Floats], Floats]) -> None:
        rows = times_kernel(weights["context/embeddings"])
        slow, first, second = np.split(rows, INPUT_OFFSETS[_SLOW:])
        self.slow = slow.copy()  # without what is behind it
        self.second = len(second)
        self.quick: Floats = (first[:, None] + second).reshape(-1, first.shape[1])
        self.offsets = INPUT_OFFSETS[:_SLOW]
        self._told: dict[
            tuple[int, ...], Floats
        ] = {}  # by what is told, what it adds: the same for all of a tune

    def look_up(self, state: State, places: Places) -> Callable[[slice], tuple[Floats, Floats]]:
        """Return what gives, for a part of the texts, what is added: two arrays `(texts, gates·units)`.

        Args:
            state: remembers what changes with a bar.
            places: of each text, `(batch, columns)`.
        """
        now, places_before = places[:, :_SLOW], state.places
        if places_before is None:
            places_before = state.places = np.full(now.shape, -1)
            state.placed = np.empty((state.batch, self.slow.shape[1]), np.float32)
        if (differs := now != places_before).any():
            changed = np.flatnonzero(differs.any(axis=1))
            places_before[changed] = now[changed]
            # One text at a time: what is added up stays small.
            for text, rows in zip(changed.tolist(), (now[changed] + self.offsets).tolist(), strict=True):
                total = np.add(self._sum_of_told(rows), self.slow[rows[len(TOLD)]], out=state.placed[text])
                for row in rows[len(TOLD) + 1 :]:
                    total += self.slow[row]
        quick = places[:, _SLOW].astype(np.intp) * self.second + places[:, _SLOW + 1]
        return lambda part: (self.quick[quick[part]], state.placed[part])

    def _sum_of_told(self, rows: list[int]) -> Floats:
        """What the columns of `TOLD` add, of which these are the first rows."""
        told = tuple(rows[: len(TOLD)])
        found = self._told.get(told)
        if found is None:
            if len(self._told) == _MOST_TOLD:
                self._told.clear()
            found = self._told[told] = np.add.reduce(self.slow[list(told)], axis=0)
        return found


class CopyGate:
    """Scores of the network and of each copy: a layer of tanh on the hidden values and the place, then a dense one.

    Args:
        weights: named as in a model folder.

    Attributes:
        kernel: what the hidden values are multiplied by, `(units, hidden)`.
        bias: of these, `(hidden,)`.
        kernel_of_scores, dense_bias: what the layer of tanh is multiplied by for the scores, and what is added.
        table: what the columns add to the layer of tanh.
    """

    HIDDEN: ClassVar[str] = "gate/hidden/kernel"

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self.kernel, self.bias = weights[self.HIDDEN], weights["gate/hidden/bias"]
        self.table = weights["gate/embeddings"].copy()
        self.kernel_of_scores = dense = weights["gate/dense/kernel"]
        self._dense, unit = fixed_point(dense, len(dense))
        _, self._tanh_unit = fixed_point(np.ones(1, np.float32), len(dense), largest=1.0)
        self._dense *= self._tanh_unit * unit  # a power of two
        self.dense_bias = weights["gate/dense/bias"].copy()

    def scores(self, read: Floats, places: Places) -> Floats:
        """Score the network and the copies.

        Args:
            read: `(batch, tokens + hidden)`, what the last layer's hidden values give.
            places: of each text, `(batch, columns)`.

        Returns:
            float32 `(batch, tokens + 1 + copies)`: the tokens' logits as they were, and the scores.
        """
        tokens = read.shape[1] - len(self.bias)
        hidden = np.add.reduce(self.table.take(places.take(GATE_COLUMNS, 1) + GATE_OFFSETS, 0), 1)
        hidden += read[:, tokens:]
        np.tanh(hidden, out=hidden)
        whole = np.divide(hidden, self._tanh_unit, dtype=np.float64)
        np.rint(whole, out=whole)
        scores = np.empty((len(read), tokens + self._dense.shape[1]), np.float32)
        scores[:, :tokens] = read[:, :tokens]
        gate = scores[:, tokens:]
        gate[:] = whole @ self._dense
        gate += self.dense_bias
        np.copyto(gate[:, 1:], -np.inf, where=places[:, COPY_SLICE] == 0)
        return scores
