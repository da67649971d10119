"""Turn the contents of one file, in any format that has tunes, into its tunes and the problems of those left out."""

from pathlib import Path

from abclm.corpora.problems import CorpusProblem
from abclm.corpora.sources import AbcFile
from abclm.corpora.thesession import is_dump, read_dump
from abclm.errors import ConvertError, CorpusError
from abclm.midi.file import MidiFile
from abclm.midi.to_tune import midi_to_tune
from abclm.notation.tunebook import decode, parse_tunebook
from abclm.score.from_musicxml import musicxml_to_tune
from abclm.tune import Tune

Found = tuple[tuple[Tune, ...], tuple[CorpusProblem, ...]]


def read_file(file: AbcFile, data: bytes) -> Found:
    """Read a tunebook, the melody of a MIDI file, a score of one staff, or the data of thesession.org.

    Args:
        file: what its path says of the format.
        data: its contents.

    Raises:
        CorpusError: it holds no tune.
    """
    try:
        if file.is_midi:
            return (Tune.of(midi_to_tune(MidiFile.parse(data), title=Path(file.path).stem)),), ()
    except ConvertError as error:
        raise CorpusError(f"{file.path}: {error}") from error
    try:
        if file.is_score:
            return (Tune.of(musicxml_to_tune(file.path, data)),), ()
    except ConvertError as error:
        raise CorpusError(str(error)) from None
    return read_book(file.path, read_dump(file.path, data).encode() if is_dump(file.path) else data)


def read_book(place: str, data: bytes) -> Found:
    """Read a tunebook.

    Args:
        place: its name, for messages.
        data: ABC, in UTF-8 or Latin-1.

    Raises:
        CorpusError: it holds no tune.
    """
    book = parse_tunebook(decode(data))
    if not book.tunes:
        reason = book.problems[0].message if book.problems else "no line begins with X:"
        raise CorpusError(f"{place}: holds no tune ({reason}); give a file in ABC notation")
    problems = (CorpusProblem(f"{place}:{one.line}", "unreadable", one.message) for one in book.problems)
    return tuple(map(Tune.of, book.tunes)), tuple(problems)
