"""Turn what a tune has had before into what may come next: where a passage comes again, so may what followed it.

Tunes come back to their bars word for word, which an LSTM learns from far more tunes than there are. In language
modelling this is a cache (Kuhn and De Mori, "A cache-based natural language model for speech recognition", 1990), in
compression a match model (Mahoney, "Adaptive weighing of context models for lossless data compression", 2005).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.tokenizers.characters import CharacterTokenizer

    Floats = npt.NDArray[np.floating]
    Ids = npt.NDArray[np.int64]

SHORTEST = 3
"""Symbols: a shorter passage that comes again says nothing."""

WEIGHTS = (0.16, 0.31, 0.49, 0.57, 0.65, 0.65, 0.67, 0.64, 0.71, 0.71, 0.76, 0.75, 0.77, 0.79)
"""How far to trust a passage of 3, 4, ... symbols, the last one for all longer; `benchmarks/cache.py` prints them."""


class Cache:
    """Follows a tune as it is written, and looks up what came after the last passage like the one that ends it.

    Args:
        weights: probability of the symbol that is recalled, for a passage of 3, 4, ... symbols; the last is for all
            longer ones. Passages of the header are not looked at.
        text: what the tune has already.

    Attributes:
        weights: as given.
        symbol: that followed the longest passage that comes again, where it came last; None where none does.
        weight: of that symbol; 0 where there is none.

    Example:
        >>> cache = Cache(WEIGHTS, "X:1\\nK:G\\nGABc dBGA|GAB")
        >>> cache.symbol, cache.weight
        ('c', 0.16)
    """

    __slots__ = ("_begin", "_length", "_text", "symbol", "weight", "weights")

    def __init__(self, weights: Sequence[float], text: str = "") -> None:
        self.symbol: str | None = None
        self.weight = 0.0
        self.weights = weights
        self._text = ""
        self._begin: int | None = None  # of the body
        # Of the passage that comes again; where none does, as if so short a one did.
        self._length = SHORTEST - 1
        for symbol in text:
            self.add(symbol)

    def copy(self) -> Cache:
        """Return one that goes on from here by itself."""
        return copy(self)

    def add(self, symbol: str) -> None:
        """Take note of the next symbol of the tune."""
        self._text = text = self._text + symbol
        end = len(text)
        if self._begin is None:
            if symbol == "\n" and text.startswith("K:", text.rfind("\n", 0, -1) + 1):
                self._begin = end
            return
        # A passage that comes again can be longer by this symbol, and no more.
        longest = min(self._length + 1, SHORTEST + len(self.weights) - 1, end - self._begin)
        for length in range(longest, SHORTEST - 1, -1):
            found = text.rfind(text[end - length :], self._begin, end - 1)
            if found >= 0:
                self._length = length
                self.symbol, self.weight = text[found + length], self.weights[length - SHORTEST]
                return
        self._length = SHORTEST - 1
        self.symbol, self.weight = None, 0.0


def recall(text: str, weights: Sequence[float], tokenizer: CharacterTokenizer) -> tuple[Ids, Floats]:
    """Look up, behind each symbol of a tune, what is recalled.

    Args:
        text: a newline and a tune.
        weights: as for `Cache`.
        tokenizer: has the tune's symbols.

    Returns:
        int64 and float64 `(len(text),)`: the token id that may come next, and its weight, 0 where there is none.
    """
    ids, found = np.zeros(len(text), np.int64), np.zeros(len(text))
    if not weights:
        return ids, found
    cache = Cache(weights)
    for place, symbol in enumerate(text):
        cache.add(symbol)
        if cache.symbol is not None:
            ids[place], found[place] = tokenizer.char_to_id[cache.symbol], cache.weight
    return ids, found


def mix(logits: Floats, ids: Ids, weights: Floats) -> None:
    """Give symbols that are recalled their weight: p becomes (1 - w)·p, and w more for the one that is recalled.

    Args:
        logits: `(batch, vocabulary)`, changed in place. They need not be those of probabilities that add up to 1; what
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
