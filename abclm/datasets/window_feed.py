"""Turn a text of pieces into the windows of a network that reads some tokens and predicts what follows them.

Every token is a target once an epoch, after the window before it. A window does not reach into the piece before: it is
filled up in front with what stands before the piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.keys import PieceKeys
from abclm.datasets.texts import Ids
from abclm.errors import ConfigError
from abclm.system.words import counted

_AT_A_TIME = 512  # windows that are measured together

Places = npt.NDArray[np.int64]


class WindowFeed:
    """What a run of such a network trains on, epoch by epoch; each can be made again from the seed and its number.

    Args:
        corpus: pieces; its targets are trained on.
        window: tokens that are read.
        ahead: tokens that are predicted behind them, which may belong to the next piece.
        batch_size: windows of a batch.
        seed: of the order of windows, and of keys.
        keys: puts pieces in other keys in each epoch.

    Attributes:
        windows: of a batch.
        predictions: of a window.
        steps_per_epoch: the same for every epoch. Windows left over at the end of one are left out.

    Raises:
        ConfigError: there is no target.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        window: int,
        ahead: int,
        batch_size: int,
        seed: int,
        keys: PieceKeys | None = None,
    ) -> None:
        self._corpus, self._window, self._seed, self._keys = corpus, window, seed, keys
        targets = _targets(corpus)
        self._targets = targets[targets + ahead <= len(corpus.text)]
        if not len(self._targets):
            raise ConfigError(
                f"the training text has {counted(len(corpus.text) - 1, 'token')}, too few to predict {ahead} at once; "
                "give more pieces"
            )
        self.windows = min(batch_size, len(self._targets))
        self.predictions = ahead
        self.steps_per_epoch = len(self._targets) // self.windows

    def batches(self, number: int, first: int, part: Callable[[int], slice]) -> Any:
        """Give an epoch's batches.

        Args:
            number: of the epoch, from 0.
            first: how many batches to pass over.
            part: the part of so many windows to take of each batch.

        Returns:
            A `tf.data.Dataset` of pairs of ids, inputs `(batch, window)` and targets `(batch, ahead)`.
        """
        from abclm.datasets.batches import batches_of

        order = np.random.default_rng([self._seed, number]).permutation(self._targets)
        length, dtype = self._window + self.predictions, self._corpus.text.dtype
        corpus = self._corpus
        if self._keys:
            corpus = replace(corpus, text=self._keys.text(corpus, number))

        def read(targets: Places) -> Ids:
            return _read(corpus, targets, self._window, self.predictions)

        windows = batches_of(read, order, (length,), dtype, self.windows, first, part)
        return windows.map(lambda batch: (batch[:, : self._window], batch[:, self._window :])).prefetch(2)


def windows_in_order(
    corpus: EncodedCorpus, window: int, ahead: int = 1
) -> Iterator[tuple[Ids, Ids, npt.NDArray[np.int32]]]:
    """Give the windows of all targets, some hundreds at a time, to be measured.

    Args:
        corpus: pieces.
        window: tokens that are read.
        ahead: tokens from each target on that are measured at once, such as those of a frame.

    Yields:
        Inputs `(windows, window)`, targets `(windows, ahead)`, and how many targets each has, which is `ahead`.
    """
    targets = _targets(corpus)
    for first in range(0, len(targets), _AT_A_TIME):
        windows = _read(corpus, targets[first : first + _AT_A_TIME], window, ahead)
        yield windows[:, :window], windows[:, window:], np.full(len(windows), ahead, np.int32)


def _targets(corpus: EncodedCorpus) -> Places:
    return np.arange(1, len(corpus.text)) if corpus.targets is None else corpus.targets


def _read(corpus: EncodedCorpus, targets: Places, window: int, ahead: int) -> Ids:
    """The windows before some places, and the tokens from there on: ids `(targets, window + ahead)`."""
    pieces = np.searchsorted(corpus.ends, targets, "right")
    before = corpus.begins[pieces] - 1
    places = targets[:, None] + np.arange(-window, ahead)
    return corpus.text[np.maximum(places, before[:, None])]
