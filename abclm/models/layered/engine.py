"""Turn token ids into logits, one at a time, by a network that reads its window anew for each: with Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

if TYPE_CHECKING:
    from abclm.models.architecture import Floats
    from abclm.models.layered.network import LayeredNetwork

Windows = npt.NDArray[np.int32]

_AT_A_TIME = 64  # windows of one text; more take more memory


class WindowState:
    """The last tokens of each text, `(batch, window)`, -1 where there was none yet, and scores that are still to be used.

    Args:
        windows: as above.
        ahead: logits of the tokens behind a window, `(batch, ahead, tokens)`.
        used: how many of them have been given, `(batch,)`.
    """

    def __init__(self, windows: Windows, ahead: Floats, used: npt.NDArray[np.int64]) -> None:
        self.windows, self.ahead, self.used = windows, ahead, used

    @property
    def batch(self) -> int:
        """How many texts are written at once."""
        return len(self.windows)

    def column(self, place: int) -> WindowState:
        """Return a copy of one text's state."""
        return self.only([place])

    def put(self, place: int, column: WindowState) -> None:
        """Give one text another state."""
        self.windows[place], self.ahead[place] = column.windows[0], column.ahead[0]
        self.used[place] = column.used[0]

    def only(self, places: list[int]) -> WindowState:
        """Return a copy of some texts' states."""
        return WindowState(self.windows[places].copy(), self.ahead[places].copy(), self.used[places].copy())


class WindowEngine:
    """A layered network that writes. A window is filled up in front with the first token of its text.

    A network that predicts several tokens writes them all before it reads its window again, as Hopkins, French and Shah
    do; `logits` are those of the first.

    Args:
        network: with the weights of the model.
        window: tokens that it reads.
        tokens: how many there are.
    """

    def __init__(self, network: LayeredNetwork, window: int, tokens: int) -> None:
        self._window, self._shape = window, (network.ahead, tokens)
        signature = [tf.TensorSpec([None, window], tf.int32)]

        def one_by_one(windows: Any) -> Any:
            """Keras does not promise the same bits for one text and for several."""
            return tf.map_fn(
                lambda window: network.logits(window[None])[0], windows, fn_output_signature=tf.float32
            )

        self._all_logits = tf.function(one_by_one, input_signature=signature, autograph=False)

    def start(self, batch: int = 1) -> WindowState:
        """Return the state that every text begins from."""
        windows = np.full((batch, self._window), -1, np.int32)
        ahead = np.zeros((batch, *self._shape), np.float32)
        return WindowState(windows, ahead, np.full(batch, self._shape[0]))

    def step(
        self,
        state: WindowState,
        ids: Sequence[int] | npt.NDArray[np.integer[Any]],
        places: Any = (),
    ) -> Floats:
        """Read one token a text, changing the state: logits of the next, float32 `(batch, tokens)`."""
        windows, last = state.windows, np.asarray(ids, np.int32)
        windows[:, :-1] = windows[:, 1:]
        windows[:, -1] = last
        np.copyto(windows, last[:, None], where=windows < 0)
        state.used += 1
        if len(read := np.flatnonzero(state.used >= self._shape[0])):
            state.ahead[read], state.used[read] = self._logits(windows[read]), 0
        found: Floats = state.ahead[np.arange(len(windows)), state.used]
        return found

    def logits(self, ids: npt.NDArray[np.integer[Any]]) -> Floats:
        """Score what follows each token of one text, from the beginning: float32 `(time, tokens)`."""
        places = np.arange(len(ids))[:, None] + np.arange(1 - self._window, 1)
        windows = np.asarray(ids, np.int32)[np.maximum(places, 0)]
        parts = [
            self._logits(windows[first : first + _AT_A_TIME])[:, 0]
            for first in range(0, len(ids), _AT_A_TIME)
        ]
        return np.concatenate(parts)

    def _logits(self, windows: Windows) -> Floats:
        # A copy: what TensorFlow gives can't be written to, and a decoder mixes a cache into it.
        return np.array(self._all_logits(windows), np.float32)
