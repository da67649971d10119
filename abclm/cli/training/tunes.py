"""Turn the corpora of a command line into what `train` and `fine-tune` train on and measure."""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from abclm.cli.activity import doing
from abclm.models.folder import TRAINING_STATE
from abclm.system.words import counted

if TYPE_CHECKING:
    from abclm.corpora.corpus import Corpus
    from abclm.corpora.pieces import Pieces
    from abclm.datasets.encoded import EncodedCorpus
    from abclm.datasets.pieces import PieceOptions
    from abclm.tokenizers.characters import CharacterTokenizer
    from abclm.tokenizers.pieces import PieceTokenizer
    from abclm.tokenizers.tokenizer import Tokenizer

_MOST_SAID = 5  # files that are left out


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

    doing("reading tunes")
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
    tokenizer: "Tokenizer[Any]"  # they are encoded with
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
    doing("reading tunes")
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
            f"abclm: {left_out} of {counted(read, 'tune')} left out, {repeated} of them repeated; "
            "abclm corpus clean --all says why",
            err=True,
        )


def prepare_pieces(
    arguments: list[str],
    tokens: str,
    reading: "PieceOptions",
    validation: float,
    seed: int,
    *,
    has_windows: bool,
    values: str = "binary",
) -> Prepared:
    """Read MIDI files, make their tokenizer, and put some of them aside to measure on; say what was left out.

    Args:
        arguments: files, folders, globs.
        tokens: the kind of tokenizer.
        reading: how they are read and split.
        validation: the share to hold out.
        seed: of the split.
        has_windows: whether the network predicts what follows a window.
        values: what tokens of frames stand for.

    Raises:
        CorpusError: nothing could be read.
        VocabularyError: there is no such kind of tokens, or there are too many.
    """
    from abclm.corpora.pieces import Pieces
    from abclm.datasets.pieces import split_pieces
    from abclm.tokenizers.notes import NoteTokenizer

    start = time.perf_counter()
    read = Pieces.read(*arguments)
    pieces = (
        read
        if reading.meter is reading.instrument is None
        else read.only(meter=reading.meter, instrument=reading.instrument)
    )
    say_problems(pieces)
    tokenizer = reading.tokenizer(tokens, pieces, values)
    if isinstance(tokenizer, NoteTokenizer) and (rare := tokenizer.rare_in(pieces)):
        done = "left out" if reading.rare == "drop" else "replaced by the nearest"
        typer.echo(
            f"abclm: {counted(rare.total(), 'rare note or chord', 'rare notes and chords')}, {len(rare):,} of them "
            f"different, {done}",
            err=True,
        )
    training, held_out = split_pieces(
        pieces, tokenizer, reading.split, validation, seed, has_windows=has_windows
    )
    what = "frames" if tokens == "rolls" else counted(len(tokenizer), "different token")
    typer.echo(
        f"abclm: {counted(len(pieces), 'piece')}, {what}, {training.characters:,} to train on, "
        f"{held_out.characters if held_out else 0:,} held out",
        err=True,
    )
    return Prepared(training, held_out, tokenizer, time.perf_counter() - start)


def pieces_for(
    tokenizer: "PieceTokenizer[Any]", arguments: list[str], validation: float, seed: int
) -> Prepared:
    """Read MIDI files for a model that is there, and put some of the pieces aside; see `prepare_pieces`."""
    from abclm.corpora.pieces import Pieces
    from abclm.datasets.pieces import encode_pieces

    start = time.perf_counter()
    pieces = Pieces.read(*arguments)
    say_problems(pieces)
    training, held_out = (
        encode_pieces(part, tokenizer) if part else None for part in pieces.split(validation, seed)
    )
    assert training is not None  # a piece remains in any split
    return Prepared(training, held_out, tokenizer, time.perf_counter() - start)


def say_problems(pieces: "Pieces") -> None:
    """Say which files and notes were left out."""
    for problem in pieces.problems[:_MOST_SAID]:
        typer.echo(f"abclm: left out {problem}", err=True)
    if len(pieces.problems) > _MOST_SAID:
        typer.echo(f"abclm: {counted(len(pieces.problems) - _MOST_SAID, 'more file')} left out", err=True)
    if pieces.drums:
        typer.echo(f"abclm: {counted(pieces.drums, 'note')} of drums left out", err=True)


def say_count_models(prepared: Prepared) -> dict[str, Any]:
    """Say what count models come to on the same split, and return it: bits per token by order."""
    if prepared.held_out is None:
        return {}
    from abclm.evaluation.ngram import count_models

    nats = count_models(prepared.training, prepared.held_out, prepared.tokenizer)
    bits = {str(order): each / math.log(2) for order, each in nats.items()}
    said = ", ".join(f"{order}-gram {each:.3f}" for order, each in bits.items())
    typer.echo(f"abclm: count models on the same split, bits/token: {said}", err=True)
    return {"count_models_bits_per_token": bits}
