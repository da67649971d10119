"""Draw keys for pieces from MIDI files, and turn their token ids into those of the pieces in other keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.texts import Ids
from abclm.tokenizers.pieces import PieceTokenizer

LOWEST, HIGHEST = -5, 6
"""Semitones that a piece or a tune is moved by."""


class PieceKeys:
    """Moves a share of the pieces of an epoch; each of the eleven other keys is as likely.

    Args:
        tokenizer: says what a token is in another key.
        share: of the pieces, from 0 to 1.
        seed: with the number of an epoch, it says which and where to.

    Raises:
        VocabularyError: the tokens can't be moved.
    """

    def __init__(self, tokenizer: PieceTokenizer[Any], share: float, seed: int) -> None:
        self._share, self._seed = share, seed
        moves = range(LOWEST, HIGHEST + 1)
        self._ids = np.stack([tokenizer.transposed(semitones) for semitones in moves]).astype(tokenizer.dtype)

    def semitones(self, pieces: int, epoch: int) -> npt.NDArray[np.int64]:
        """By how much each piece is moved in an epoch, int64 `(pieces,)`."""
        random = np.random.default_rng([self._seed, epoch, pieces])
        others = [semitones for semitones in range(LOWEST, HIGHEST + 1) if semitones]
        is_moved = random.random(pieces) < self._share
        moved: npt.NDArray[np.int64] = is_moved * random.choice(others, pieces)
        return moved

    def text(self, corpus: EncodedCorpus, epoch: int) -> Ids:
        """The text of an epoch; places are the same as in that of the corpus."""
        moves = self.semitones(corpus.tunes, epoch) - LOWEST
        lengths = corpus.ends - corpus.begins
        rows = np.concatenate([[-LOWEST], np.repeat(moves, lengths)])
        moved: Ids = self._ids[rows, corpus.text[np.arange(len(rows))]]
        return moved
