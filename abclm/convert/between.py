"""Turn a file into a file of another format, by the suffixes of the two."""

import os
import sys
from pathlib import Path

from abclm.convert import SUFFIXES, save
from abclm.convert.programs import printable
from abclm.errors import AbclmError, ConvertError
from abclm.files import write_bytes, write_text
from abclm.notation import Tune, format_tunebook
from abclm.notation.tunebook import decode, parse_tunebook

_SOURCES = {".abc": SUFFIXES, ".mid": (".wav",)}


def convert_file(source: str, target: str | os.PathLike[str]) -> tuple[list[Path], list[str]]:
    """Write what is in one file as another.

    Args:
        source: a tunebook (`.abc`, or `-` for standard input) or a MIDI file (`.mid`).
        target: the file to write. Where a tunebook of several tunes is played, each gets a file of its own,
            with its place in the tunebook after the name: `book-1.mid`, `book-2.mid`.

    Returns:
        The files written, and a line for each tune that could not be read or played.

    Raises:
        ConvertError: the suffixes are none that can be converted, or nothing could be written.
        OSError: a file can't be read or written.
    """
    known = _SOURCES.get(".abc" if source == "-" else Path(source).suffix.lower())
    if known is None:
        raise ConvertError(
            f"{source}: {', '.join(_SOURCES)} can be converted; give such a file, or - for ABC"
        )
    suffix = Path(target).suffix.lower()
    if suffix not in known:
        raise ConvertError(
            f"{target}: {source} can be converted to {', '.join(known)}, not {suffix or 'that'}"
        )
    if source != "-" and Path(target).exists() and Path(source).samefile(target):
        raise ConvertError(f"{target}: is the file to be converted; give another name to write to")
    data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    if known is not SUFFIXES:
        from abclm.convert.wav import midi_to_wav

        try:
            write_bytes(target, midi_to_wav(data))
        except ConvertError as error:
            raise ConvertError(f"{source}: {error}") from error
        return [Path(target)], []
    return _write_tunes(source, data, Path(target))


def _write_tunes(source: str, data: bytes, target: Path) -> tuple[list[Path], list[str]]:
    """Write a tunebook; one bad tune doesn't stop the others."""
    book = parse_tunebook(decode(data))
    problems = [f"{source}:{problem.line}: {problem.message}" for problem in book.problems]
    written: list[Path] = []
    if book.tunes and target.suffix.lower() == ".abc":
        write_text(target, format_tunebook(book.tunes))
        written.append(target)
    elif book.tunes:
        for number, tune in enumerate(book.tunes, 1):
            path = target.with_stem(f"{target.stem}-{number}") if len(book.tunes) > 1 else target
            try:
                save(tune, path)
            except AbclmError as error:
                problems.append(f"{source}: {_name(tune)}: {error}")
            else:
                written.append(path)
    if not written:
        raise ConvertError(problems[0] if problems else f"{source}: holds no tune; a tune starts with X:")
    return written, problems


def _name(tune: Tune) -> str:
    return f"X:{tune.reference_number} {printable(tune.title)}".strip()
