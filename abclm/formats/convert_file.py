"""Turn a file into a file of another format, by the suffixes of the two."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from abclm.analysis.harmony.symbols import add_chords
from abclm.errors import AbclmError, ConvertError
from abclm.formats.save import check_performance, save
from abclm.formats.table import FORMATS
from abclm.midi.file import MidiFile
from abclm.midi.performance import Performance, play_again
from abclm.notation.check import describe, find_losses
from abclm.notation.tune import Tune
from abclm.notation.tunebook import decode, parse_tunebook
from abclm.score.from_musicxml import SUFFIXES, musicxml_to_tune
from abclm.system.files import MIDI_SUFFIXES, write_bytes
from abclm.system.programs import printable

Progress = Callable[[int, int], object]

logger = logging.getLogger(__name__)

SOURCES = (".abc", *MIDI_SUFFIXES, *SUFFIXES)


def convert_file(
    source: str,
    target: str | os.PathLike[str],
    performance: Performance | None = None,
    progress: Progress | None = None,
    with_chords: bool = False,
) -> tuple[list[Path], list[str]]:
    """Write what is in one file as another.

    Args:
        source: a tunebook (`.abc`, or `-` for standard input), a MIDI file (`.mid`, `.midi`), or a score in MusicXML
            (`.musicxml`, `.xml`, `.mxl`).
        target: the file to write. Where a tunebook of several tunes becomes sound or pictures, each gets a file
            of its own, with its place in the tunebook after the name: `book-1.mid`, `book-2.mid`.
        performance: how it is played.
        progress: called before each tune with the number of those that are done, and that of all.
        with_chords: whether chord symbols are added to tunes without them, see `add_chords`; of a MIDI file, to its
            melody.

    Returns:
        The files written, and a line for each tune that could not be read, played or engraved.

    Raises:
        ConvertError: the suffixes are none that can be converted, or nothing could be written.
        ConfigError: how it is played is said for a format in which it is not heard.
        OSError: a file can't be read or written.
    """
    source_suffix = ".abc" if source == "-" else Path(source).suffix.lower()
    if source_suffix not in SOURCES:
        raise ConvertError(f"{source}: {', '.join(SOURCES)} can be converted; give such a file, or - for ABC")
    suffix = Path(target).suffix.lower()
    # A MIDI file is not turned into itself.
    known = [each for each in FORMATS if source_suffix not in MIDI_SUFFIXES or each not in MIDI_SUFFIXES]
    if suffix not in known:
        raise ConvertError(
            f"{target}: {source} can be converted to {', '.join(known)}, not {suffix or 'without a suffix'}"
        )
    check_performance(suffix, performance)
    if source != "-" and Path(target).exists() and Path(source).samefile(target):
        raise ConvertError(f"{target}: is the file to be converted; give another name to write to")
    data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    if source_suffix in SUFFIXES:
        tune = musicxml_to_tune(source, data)
        return write_tunes([tune], [source], target, performance, progress, with_chords)
    if source_suffix in MIDI_SUFFIXES:
        try:
            _write_midi(source, data, Path(target), performance, with_chords)
        except ConvertError as error:
            raise ConvertError(f"{source}: {error}") from error
        return [Path(target)], []
    return _write_tunes(source, data, Path(target), performance, progress, with_chords)


def _write_midi(
    source: str, data: bytes, target: Path, performance: Performance | None, with_chords: bool
) -> None:
    """Write a MIDI file as sound, all of it, or its melody in any other format or with chord symbols."""
    row = FORMATS[target.suffix.lower()]
    midi = MidiFile.parse(data)
    if row.from_midi and not with_chords:
        write_bytes(target, row.format(play_again(midi, performance)))
    else:
        from abclm.midi.to_tune import midi_to_tune

        tune = midi_to_tune(midi, title=Path(source).stem)
        save(add_chords(tune) if with_chords else tune, target, performance)


def _write_tunes(
    source: str,
    data: bytes,
    target: Path,
    performance: Performance | None,
    progress: Progress | None,
    with_chords: bool,
) -> tuple[list[Path], list[str]]:
    """Write a tunebook; one bad tune doesn't stop the others."""
    book = parse_tunebook(decode(data))
    problems = [f"{source}:{problem.line}: {problem.message}" for problem in book.problems]
    if not book.tunes:
        raise ConvertError(problems[0] if problems else f"{source}: holds no tune; a tune starts with X:")
    for loss in _unheard(book.tunes, target.suffix.lower()):
        logger.warning("%s: %s", source, loss)
    places = [f"{source}: {_name(tune)}" for tune in book.tunes]
    written, failed = write_tunes(book.tunes, places, target, performance, progress, with_chords)
    return written, [*problems, *failed]


def _unheard(tunes: Sequence[Tune], suffix: str) -> Iterable[str]:
    """What is left out of the sound of tunes; a score itself says what it leaves out."""
    row = FORMATS.get(suffix)
    if row is None or not row.has_sound:
        return []
    losses = [loss for tune in tunes for loss in find_losses(tune)]
    if row.from_midi:
        return describe(losses).values()
    voices = sum(count for kind, count, _, _ in losses if kind == "voice")
    return [f"{voices} further voice{'s' * (voices > 1)}: shown, not heard"] if voices else []


def write_tunes(
    tunes: Sequence[Tune],
    places: Sequence[str],
    target: str | os.PathLike[str],
    performance: Performance | None = None,
    progress: Progress | None = None,
    with_chords: bool = False,
) -> tuple[list[Path], list[str]]:
    """Write tunes into a file, or where their format holds one tune, into a file for each: `book-1.mid`, `book-2.mid`.

    Args:
        tunes: one or more.
        places: what each is called in messages.
        target: the file to write; its suffix says the format.
        performance: how they are played.
        progress: called before each tune with the number of those that are done, and that of all.
        with_chords: whether chord symbols are added to tunes without them, see `add_chords`.

    Returns:
        The files written, and a line for each tune that could not be.

    Raises:
        ConvertError: there is no such format, or nothing could be written.
        ConfigError: how they are played is said for a format in which it is not heard.
        OSError: a file can't be written.
    """
    target = Path(target)
    if target.suffix.lower() not in FORMATS:
        raise ConvertError(
            f"{target}: tunes can be converted to {', '.join(FORMATS)}, not "
            f"{target.suffix.lower() or 'without a suffix'}"
        )
    check_performance(target.suffix.lower(), performance)
    row = FORMATS[target.suffix.lower()]
    if with_chords:
        tunes = [add_chords(tune) for tune in tunes]
    written: list[Path] = []
    failed: list[tuple[Tune, AbclmError]] = []
    named = {id(tune): place for tune, place in zip(tunes, places, strict=True)}
    if row.write_book:
        try:
            content, failed = row.format_book(tunes, performance=performance, progress=progress)
        except ConvertError as error:
            raise ConvertError(f"{places[0].partition(': ')[0]}: {error}") from error
        write_bytes(target, content)
        written.append(target)
    else:
        for number, tune in enumerate(tunes, 1):
            if progress:
                progress(number - 1, len(tunes))
            path = target.with_stem(f"{target.stem}-{number}") if len(tunes) > 1 else target
            try:
                with _named(named[id(tune)]):
                    save(tune, path, performance)
            except AbclmError as error:
                failed.append((tune, error))
            else:
                written.append(path)
    problems = [f"{named[id(tune)]}: {error}" for tune, error in failed]
    if not written:
        raise ConvertError(problems[0])
    return written, problems


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of which file and tune abc2midi's messages are, which know only lines."""

    def name_it(record: logging.LogRecord) -> bool:
        record.msg = f"{name.replace('%', '%%')}: {record.msg}"
        return True

    log = logging.getLogger("abclm.midi.abc2midi")
    log.addFilter(name_it)
    try:
        yield
    finally:
        log.removeFilter(name_it)


def _name(tune: Tune) -> str:
    return f"X:{tune.reference_number} {printable(tune.title)}".strip()
