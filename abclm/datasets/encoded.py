"""Turn canonical tunes into one text of token ids, in memory or on the disk: what is trained on."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.analysis.novelty import NoveltyIndex
from abclm.corpora.corpus import Corpus
from abclm.corpora.origin import Origin
from abclm.datasets.texts import Ids, Text, read_pieces
from abclm.errors import CorpusError
from abclm.tokenizers.tokenizer import Tokenizer
from abclm.tune import Tune

_BLOCK = 2**22  # characters that are in memory at a time
_MOST_INDEXED = 500_000  # tunes; indexing them takes minutes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class EncodedCorpus:
    """Canonical tunes as token ids.

    Attributes:
        name: of the corpus, or of the files it was read from.
        checksum: SHA-256 of the files it was read from.
        text: the tokenizer's `start`, so that every tune, the first too, begins after one, and the tunes, each with
            what ends it: ids `(characters + 1,)`.
        ends: where each tune ends in it, int64 `(tunes,)`; the next begins there.
        fingerprint: a checksum of what is trained on.
        index: of the tunes, to tell copies by; None where none was asked for, or there are too many.
        origin: what was read, and what was done to it.
        is_canonical: whether the tunes are in the canonical form.
        folder: where the ids are, if they are on the disk.
        targets: the places in the text that are trained on or measured, rising; None for all but the first.
    """

    name: str
    checksum: str
    text: Text
    ends: npt.NDArray[np.int64]
    fingerprint: str = ""
    index: NoveltyIndex | None = None
    origin: Origin = field(default=Origin())
    is_canonical: bool = False
    folder: Path | None = None
    targets: npt.NDArray[np.int64] | None = None

    @classmethod
    def encode(cls, corpus: Corpus, tokenizer: Tokenizer[str], *, indexed: bool = False) -> EncodedCorpus:
        """Encode the tunes of a corpus.

        Args:
            corpus: canonical tunes.
            tokenizer: what to encode them with.
            indexed: whether they are to be known again, as tunes that a model is trained on are.

        Raises:
            CorpusError: there are none.
            VocabularyError: a tune has a character that the vocabulary lacks.
        """
        if not corpus.tunes:
            raise CorpusError(f"{corpus.name}: no tune can be used; see abclm check")
        pieces = [tokenizer.encode_piece(tune.text)[1:] for tune in corpus.tunes]
        text = np.concatenate([np.array([tokenizer.start], tokenizer.dtype), *pieces])
        return cls(
            corpus.name,
            corpus.checksum,
            text,
            1 + np.cumsum([len(piece) for piece in pieces], dtype=np.int64),
            hashlib.sha256(text.data).hexdigest(),
            index_of(corpus.tunes, len(corpus)) if indexed else None,
            corpus.origin,
            corpus.is_canonical,
        )

    @property
    def tunes(self) -> int:
        """How many there are."""
        return len(self.ends)

    @property
    def characters(self) -> int:
        """How many characters the tunes have, or how many of them are targets."""
        return len(self.text) - 1 if self.targets is None else len(self.targets)

    @property
    def begins(self) -> npt.NDArray[np.int64]:
        """Where each tune begins in the text, int64 `(tunes,)`."""
        return np.append(1, self.ends[:-1])

    def pieces(self, places: npt.NDArray[np.integer[Any]] | None = None) -> Iterator[list[Ids]]:
        """Read tunes, some millions of characters at a time.

        Args:
            places: of the tunes, in the order to read them in; by default all.

        Yields:
            Tunes as sequences to be measured: what the tokenizer's `encode_piece` gives of each.
        """
        begins, ends = self.begins - 1, self.ends
        if places is not None:
            begins, ends = begins[places], ends[places]
        blocks = np.cumsum(ends - begins) // _BLOCK
        for block in np.split(np.arange(len(begins)), np.flatnonzero(np.diff(blocks)) + 1):
            if len(block):
                yield read_pieces(self.text, begins[block], ends[block])

    def parsed(
        self, tokenizer: Tokenizer[str], places: npt.NDArray[np.integer[Any]] | None = None
    ) -> Iterator[Tune]:
        """Read tunes (see `pieces`) as what they were encoded from."""
        for pieces in self.pieces(places):
            yield from (Tune.parse(tokenizer.decode(ids[1:])) for ids in pieces)


def index_of(tunes: Any, count: int) -> NoveltyIndex | None:
    """Index so many tunes, where they are not too many."""
    if count > _MOST_INDEXED:
        _log.warning(
            "%s tunes are more than the %s that are indexed: copies of them will not be known",
            f"{count:,}", f"{_MOST_INDEXED:,}",
        )  # fmt: skip
        return None
    return NoveltyIndex.create(tunes)
