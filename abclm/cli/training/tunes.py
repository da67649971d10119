"""Turn the corpora of a command line into what `train` and `fine-tune` train on and measure."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from abclm.models.folder import TRAINING_STATE

if TYPE_CHECKING:
    from abclm.corpora.corpus import Corpus
    from abclm.datasets.encoded import EncodedCorpus
    from abclm.tokenizers.characters import CharacterTokenizer


def read_tunes(arguments: list[str], clean: bool, raw: bool = False) -> "Corpus":
    """Read corpora as canonical tunes, each once, and say what was left out.

    Args:
        arguments: built-in names, files, folders, globs.
        clean: the tunes are canonical already and taken as they are.
        raw: the tunes are taken as they are, canonical or not.

    Raises:
        CorpusError: nothing could be read, or no tune is left.
    """
    from abclm.corpora.corpus import read_corpora
    from abclm.errors import CorpusError

    raw_corpus = read_corpora(arguments)
    if raw:
        corpus = raw_corpus
    elif clean:
        corpus = raw_corpus.as_canonical()
    else:
        corpus = raw_corpus.normalize()
    corpus = corpus.deduplicate()
    _say_left_out(len(raw_corpus) - len(corpus), len(raw_corpus), corpus.count("duplicate"))
    if not corpus.tunes:
        raise CorpusError(f"{corpus.name}: no tune is left to use; abclm corpus clean --all says why")
    return corpus


@dataclass(frozen=True)
class Prepared:
    """What is trained on and measured, and how long it took to read."""

    training: "EncodedCorpus"
    held_out: "EncodedCorpus | None"
    tokenizer: "CharacterTokenizer"  # they are encoded with
    seconds: float

    @property
    def megabytes(self) -> float:
        """Of canonical text; a character is a byte."""
        return (self.training.characters + (self.held_out.characters if self.held_out else 0)) / 1e6

    @property
    def speed(self) -> float:
        """Megabytes a second."""
        return self.megabytes / self.seconds


def prepare(
    arguments: list[str],
    tokenizer: "CharacterTokenizer",
    out: Path,
    *,
    clean: bool,
    validation: float,
    seed: int,
    raw: bool = False,
) -> Prepared:
    """Read corpora, put tunes aside to measure on, and encode both; say what was left out.

    Files that are large together go through the disk, and never lie in memory.

    Args:
        arguments: built-in names, files, folders, globs.
        tokenizer: what to encode with.
        out: the model folder, in which large corpora are encoded.
        clean: the tunes are canonical already and taken as they are.
        validation: the share of tunes to hold out.
        seed: of the split.
        raw: the tunes are taken as they are, canonical or not, and symbols of theirs that the vocabulary lacks are
            added to it.

    Raises:
        CorpusError: nothing could be read, or no tune is left.
        VocabularyError: a tune has a character that the vocabulary lacks, or it would become too large.
    """
    from abclm.datasets.encoded import EncodedCorpus
    from abclm.datasets.large_files import LargeFiles, encode_files

    start = time.perf_counter()
    files = None if raw else LargeFiles.find(arguments)
    if files is None:
        tunes = read_tunes(arguments, clean, raw)
        if raw:
            tokenizer = tokenizer.with_symbols_of(tunes.text)
        corpus, others = tunes.split(validation, seed)
        training = EncodedCorpus.encode(corpus, tokenizer, indexed=True)
        held_out = EncodedCorpus.encode(others, tokenizer) if others else None
        return Prepared(training, held_out, tokenizer, time.perf_counter() - start)

    text = out / TRAINING_STATE / "text"
    found = encode_files(files, tokenizer, text, clean=clean, validation=validation, seed=seed)
    _say_left_out(found.repeated + found.unusable, found.read, found.repeated)
    prepared = Prepared(found.training, found.held_out, tokenizer, time.perf_counter() - start)
    did = "encoded" if found.was_encoded else "found encoded"
    speed = f"{prepared.megabytes:,.0f} MB of tunes in {prepared.seconds:.1f} s ({prepared.speed:.0f} MB/s)"
    typer.echo(f"abclm: {did} {speed}", err=True)
    return prepared


def _say_left_out(left_out: int, read: int, repeated: int) -> None:
    if left_out:
        typer.echo(
            f"abclm: {left_out} of {read} tunes left out, {repeated} of them repeated; "
            "abclm corpus clean --all says why",
            err=True,
        )
