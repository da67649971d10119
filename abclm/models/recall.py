"""Turn what a piece has had before into what may come next: where a passage comes again, so may what followed it.

It deals in token ids. Tunes come back to their bars word for word, which an LSTM learns from far more tunes than there
are. In language modelling this is a cache (Kuhn and De Mori, "A cache-based natural language model for speech
recognition", 1990), in compression a match model (Mahoney, "Adaptive weighing of context models for lossless data
compression", 2005).
"""

from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Doubles = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

SHORTEST = 3
"""Tokens: a shorter passage that comes again says nothing."""

WEIGHTS = (0.16, 0.31, 0.49, 0.57, 0.65, 0.65, 0.67, 0.64, 0.71, 0.71, 0.76, 0.75, 0.77, 0.79)
"""How far to trust a passage of 3, 4, ... tokens, the last one for all longer; `benchmarks/cache.py` prints them."""


class Cache:
    """Follows a piece as it is written, and looks up what came after the last passage like the one that ends it.

    Args:
        weights: probability of the token that is recalled, for a passage of 3, 4, ... tokens; the last is for all
            longer ones.
        begin: how many tokens come before the first that is looked at, such as those of a tune's header; None where
            that is not known yet.

    Attributes:
        weights: as given.
        begin: as given; it may be set once.
        recalled: the id that followed the longest passage that comes again, where it came last; None where none does.
        weight: of that id; 0 where there is none.

    Example:
        >>> cache = Cache(WEIGHTS)
        >>> for token_id in [7, 1, 2, 3, 9, 1, 2, 3]:
        ...     cache.add(token_id)
        >>> cache.recalled, cache.weight
        (9, 0.16)
    """

    __slots__ = ("_ids", "_length", "_most", "begin", "recalled", "weight", "weights")

    def __init__(self, weights: Sequence[float], begin: int | None = 0) -> None:
        self.recalled: int | None = None
        self.weight = 0.0
        self.weights = weights
        self.begin = begin
        self._most = SHORTEST + len(weights) - 1  # tokens of the longest passage that is looked for
        self._ids = ""  # each id as the character of that code point: strings are searched fastest
        # Of the passage that comes again; where none does, as if so short a one did.
        self._length = SHORTEST - 1

    @property
    def length(self) -> int:
        """Tokens of the passage that comes again; where none does, one less than the shortest."""
        return self._length

    def copy(self) -> Self:
        """Return one that goes on from here by itself."""
        return copy(self)

    def add(self, token_id: int) -> None:
        """Take note of the next id of the piece."""
        self._ids = ids = self._ids + chr(token_id)
        begin, end = self.begin, len(ids)
        if begin is None:
            return
        length = self._length + 1  # a passage that comes again can be longer by this token, and no more
        if length > self._most:
            length = self._most
        if length > end - begin:
            length = end - begin
        while length >= SHORTEST:
            found = ids.rfind(ids[end - length :], begin, end - 1)
            if found >= 0:
                self._length = length
                self.recalled, self.weight = ord(ids[found + length]), self.weights[length - SHORTEST]
                return
            length -= 1
        self._length = SHORTEST - 1
        self.recalled, self.weight = None, 0.0


def recall(ids: Sequence[int], weights: Sequence[float], begin: int = 0) -> tuple[Ids, Doubles]:
    """Look up, after each token of a piece, what is recalled.

    Args:
        ids: of the piece.
        weights, begin: as for `Cache`.

    Returns:
        int64 and float64 `(len(ids),)`: the id that may come next, and its weight, 0 where there is none.
    """
    recalled, found = np.zeros(len(ids), np.int64), np.zeros(len(ids))
    if not weights:
        return recalled, found
    cache = Cache(weights, begin)
    for place, token_id in enumerate(ids):
        cache.add(token_id)
        if cache.recalled is not None:
            recalled[place], found[place] = cache.recalled, cache.weight
    return recalled, found


def mix(logits: Floats, ids: Ids, weights: Floats) -> None:
    """Give ids that are recalled their weight: p becomes (1 - w)·p, and w more for the one that is recalled.

    Args:
        logits: `(batch, tokens)`, changed in place. They need not be those of probabilities that add up to 1; what
            they become are those of the mixture but for a number that is the same for all of a row.
        ids: the token id recalled in each row.
        weights: 0 to below 1; 0 leaves the row as it is.
    """
    rows = np.flatnonzero(weights)
    if not len(rows):
        return
    scores, weights, ids = logits[rows].astype(np.float64), weights[rows], ids[rows]
    highest = scores.max(axis=1)
    total = highest + np.log(np.exp(scores - highest[:, None]).sum(axis=1))
    logits[rows, ids] = np.logaddexp(
        scores[np.arange(len(rows)), ids], total + np.log(weights / (1 - weights))
    )
