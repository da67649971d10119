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
    """The last tokens of each text, `(batch, window)`; -1 where there was none yet."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    @property
    def batch(self) -> int:
        """How many texts are written at once."""
        return len(self.windows)

    def column(self, place: int) -> WindowState:
        """Return a copy of one text's window."""
        return self.only([place])

    def put(self, place: int, column: WindowState) -> None:
        """Give one text another window."""
        self.windows[place] = column.windows[0]

    def only(self, places: list[int]) -> WindowState:
        """Return a copy of some texts' windows."""
        return WindowState(self.windows[places].copy())


class WindowEngine:
    """A layered network that writes. A window is filled up in front with the first token of its text.

    Args:
        network: with the weights of the model.
        window: tokens that it reads.
    """

    def __init__(self, network: LayeredNetwork, window: int) -> None:
        self._window = window
        signature = [tf.TensorSpec([None, window], tf.int32)]

        def one_by_one(windows: Any) -> Any:
            """Keras does not promise the same bits for one text and for several."""
            return tf.map_fn(
                lambda window: network.logits(window[None])[0, 0], windows, fn_output_signature=tf.float32
            )

        self._first_logits = tf.function(one_by_one, input_signature=signature, autograph=False)

    def start(self, batch: int = 1) -> WindowState:
        """Return the state that every text begins from."""
        return WindowState(np.full((batch, self._window), -1, np.int32))

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
        return self._logits(windows)

    def logits(self, ids: npt.NDArray[np.integer[Any]]) -> Floats:
        """Score what follows each token of one text, from the beginning: float32 `(time, tokens)`."""
        places = np.arange(len(ids))[:, None] + np.arange(1 - self._window, 1)
        windows = np.asarray(ids, np.int32)[np.maximum(places, 0)]
        parts = [
            self._logits(windows[first : first + _AT_A_TIME]) for first in range(0, len(ids), _AT_A_TIME)
        ]
        return np.concatenate(parts)

    def _logits(self, windows: Windows) -> Floats:
        # A copy: what TensorFlow gives can't be written to, and a decoder mixes a cache into it.
        return np.array(self._first_logits(windows), np.float32)
