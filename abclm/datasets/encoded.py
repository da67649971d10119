"""Turn canonical tunes into one text of token ids, in memory or on the disk: what is trained on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from abclm.analysis.novelty import NoveltyIndex
from abclm.corpora.corpus import Corpus
from abclm.corpora.origin import Origin
from abclm.datasets.token_files import TokenFiles
from abclm.errors import CorpusError
from abclm.tokenizers.characters import CharacterTokenizer

Ids = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class EncodedCorpus:
    """Canonical tunes as token ids.

    Attributes:
        name: of the corpus, or of the files it was read from.
        tunes: how many.
        checksum: SHA-256 of the files it was read from.
        text: a newline, so that every tune, the first too, begins after one, and the tunes, each with
            the empty line that ends it: uint8 `(characters + 1,)`, or as many on the disk.
        index: of the tunes, to tell copies by; None where none was asked for, or there are too many.
        source: the tunes themselves; None where they are on the disk.
        origin: what was read, and what was done to it.
    """

    name: str
    tunes: int
    checksum: str
    text: Ids | TokenFiles
    index: NoveltyIndex | None = None
    source: Corpus | None = None
    origin: Origin = field(default=Origin())

    @classmethod
    def encode(cls, corpus: Corpus, tokenizer: CharacterTokenizer, *, indexed: bool = False) -> EncodedCorpus:
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
        return cls(
            corpus.name,
            len(corpus.tunes),
            corpus.checksum,
            tokenizer.encode("\n" + corpus.text),
            NoveltyIndex.create(corpus.tunes) if indexed else None,
            corpus,
            corpus.origin,
        )

    @property
    def characters(self) -> int:
        """How many characters the tunes have."""
        return len(self.text) - 1

    def fingerprint(self) -> str:
        """A checksum of the token ids."""
        if isinstance(self.text, TokenFiles):
            return self.text.fingerprint()
        return hashlib.sha256(self.text.data).hexdigest()
