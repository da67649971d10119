"""Turn the place of a text into what it adds to the first layer's gates, and hidden values into scores of copies.

A place is the columns of `abclm.models.context`. Each has an embedding, which is multiplied by all that reads it once:
a step looks up and adds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from abclm.models.context import COPY_COLUMNS, GATE_COLUMNS, GATE_OFFSETS, INPUT_OFFSETS, INPUTS
from abclm.models.recurrent.products import FEW
from abclm.models.recurrent.state import State

Floats = npt.NDArray[np.float32]
Place = tuple[int, ...]

_QUICK = ("position", "degree")
"""The columns that change with nearly every symbol; they are looked up together. The others change with a bar."""

_SLOW = len(INPUTS) - len(_QUICK)


class PlaceInputs:
    """What the columns add to the gates of the first layer.

    Args:
        weights: named as in a model folder.
        times_kernel: turns embeddings `(values, inputs)` into what they add, `(gates·units, values)`.
    """

    def __init__(self, weights: Mapping[str, Floats], times_kernel: Callable[[Floats], Floats]) -> None:
        slow, first, second = np.split(weights["context/embeddings"], INPUT_OFFSETS[_SLOW:])
        self._second = len(second)
        self._columns = times_kernel((first[:, None] + second).reshape(-1, first.shape[1]))  # for many texts
        self._rows: Floats = np.ascontiguousarray(self._columns.T)  # for a few
        self._slow: Floats = np.ascontiguousarray(times_kernel(slow).T)
        self._offsets = INPUT_OFFSETS[:_SLOW]

    def added(self, state: State, read: Floats, places: Sequence[Place]) -> Floats:
        """Add what the places give to what the symbols give, `(gates·units, batch)`."""
        now = [place[:_SLOW] for place in places]
        if now != state.places:
            changed = [text for text, place in enumerate(now) if place != state.places[text]]
            state.places = now
            sums = np.add.reduce(self._slow[self._offsets + [now[text] for text in changed]], axis=1)
            state.placed[:, changed] = sums.T
        ids = [place[_SLOW] * self._second + place[_SLOW + 1] for place in places]
        if len(ids) <= FEW:
            np.add(read, self._rows[ids].T, out=state.added)
        else:  # there `read` is `added`
            state.added += np.take(self._columns, ids, axis=1, out=state.quick, mode="clip")
        state.added += state.placed
        return state.added


class CopyGate:
    """Scores of the network and of each copy: a layer of tanh on the hidden values and the place, then a dense one.

    Args:
        weights: named as in a model folder.
    Attributes:
        rows: what the hidden values are multiplied by, `(hidden, units)`.
        bias: of these, `(hidden,)`.
    """

    HIDDEN: ClassVar[str] = "gate/hidden/kernel"

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self.rows, self.bias = weights[self.HIDDEN].T, weights["gate/hidden/bias"]
        self._table = weights["gate/embeddings"].copy()
        self._dense, self._dense_bias = weights["gate/dense/kernel"].copy(), weights["gate/dense/bias"].copy()

    def scores(self, read: Floats, places: Sequence[Place]) -> Floats:
        """Score the network and the copies.

        Args:
            read: `(batch, tokens + hidden)`, what the last layer's hidden values give.
            places: of each text.

        Returns:
            float32 `(batch, tokens + 1 + copies)`: the tokens' logits as they were, and the scores.
        """
        tokens = read.shape[1] - len(self.bias)
        values = np.array(places)
        hidden = np.add.reduce(self._table[values[:, GATE_COLUMNS] + GATE_OFFSETS], axis=1)
        hidden += read[:, tokens:]
        np.tanh(hidden, out=hidden)
        scores = np.empty((len(read), tokens + self._dense.shape[1]), np.float32)
        scores[:, :tokens] = read[:, :tokens]
        gate = scores[:, tokens:]
        if len(read) <= FEW:  # one by one, for the same bits
            for row, text in zip(gate, hidden, strict=True):
                np.dot(text, self._dense, out=row)
        else:
            gate[:] = hidden @ self._dense
        gate += self._dense_bias
        gate[:, 1:][values[:, COPY_COLUMNS] == 0] = -np.inf
        return scores
