"""Turn what a user gives as tunes into a corpus."""

from collections.abc import Iterable
from typing import overload

from abclm.corpora.corpus import Corpus
from abclm.corpora.pieces import Pieces
from abclm.datasets.encoded import EncodedCorpus
from abclm.errors import CorpusError
from abclm.tune import Tune


@overload
def as_corpus(tunes: Pieces) -> Pieces: ...
@overload
def as_corpus(tunes: Corpus | Iterable[Tune]) -> Corpus: ...
@overload
def as_corpus(tunes: Corpus | Iterable[Tune] | None) -> Corpus | None: ...
@overload
def as_corpus(tunes: Pieces | Corpus | Iterable[Tune] | None) -> Pieces | Corpus | None: ...
def as_corpus(tunes: Pieces | Corpus | Iterable[Tune] | None) -> Pieces | Corpus | None:
    """Take a list of tunes as a corpus; what is neither is a CorpusError."""
    if tunes is None or isinstance(tunes, Corpus | EncodedCorpus | Pieces):
        return tunes
    if not isinstance(tunes, Iterable):
        raise CorpusError(f"tunes are given as a Corpus or a list; received {type(tunes).__name__}")
    return Corpus.of(tunes)
