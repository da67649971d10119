"""Write a tune as a file in the format that the file's suffix names."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from abclm.errors import AbclmError, ConfigError, ConvertError
from abclm.formats.table import FORMATS, suffixes_of
from abclm.midi.performance import Performance
from abclm.notation.tune import Tune
from abclm.notation.tunebook import as_file, format_tunebook
from abclm.system.files import write_bytes


def save(
    tune: "Tune",
    path: str | os.PathLike[str],
    performance: "Performance | None" = None,
    made: Mapping[str, str] | None = None,
) -> None:
    """Write a tune in the format that a file's suffix names.

    Args:
        tune: any tune.
        path: a file with one of the suffixes in `FORMATS`. It is written aside and renamed into place.
        performance: how the tune is played, for formats with sound.
        made: how the tune was made, for a page of HTML, such as `{"Model": "session"}`.

    Raises:
        ConvertError: there is no such format, or the tune has nothing to play or to write as a score.
        ConfigError: a performance was given for a format without sound.
        OSError: the file can't be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ConvertError(
            f"{path}: a tune can be saved as {', '.join(FORMATS)}, not {suffix or 'without a suffix'!r}"
        )
    write_bytes(path, to_bytes(tune, suffix, performance, made))


def to_bytes(
    tune: "Tune",
    suffix: str,
    performance: "Performance | None" = None,
    made: Mapping[str, str] | None = None,
) -> bytes:
    """Turn a tune into the content of a file; see `save`."""
    check_performance(suffix, performance)
    row = FORMATS[suffix]
    if row.from_midi:
        from abclm.midi.performance import play

        return row.format(play(tune, performance))
    return row.format(tune, performance=performance, made=made)


def save_book(
    tunes: Sequence["Tune"],
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    incipits: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> list[tuple["Tune", AbclmError]]:
    """Write several tunes into one file, in a format that has room for them.

    Args:
        tunes: one or more.
        path: a file with one of the suffixes of such formats.
        title: of the book, where the format has one; None for the name of the file.
        incipits: whether the index of the book, where the format has one, has the first bars of each tune.
        progress: called before each tune with the number of those that are done, and that of all.

    Returns:
        The tunes that were left out, each with its error.

    Raises:
        ConvertError: there is no such format, or no tune could be written.
        OSError: the file can't be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS or not FORMATS[suffix].write_book:
        raise ConvertError(
            f"{os.fspath(path)}: tunes can be saved together as {suffixes_of('write_book')}, not "
            f"{suffix or 'without a suffix'!r}"
        )
    name = title or " ".join(re.split(r"[-_\s]+", Path(path).stem))
    content, failed = FORMATS[suffix].format_book(tunes, title=name, incipits=incipits, progress=progress)
    write_bytes(path, content)
    return failed


def check_performance(suffix: str, performance: "Performance | None") -> None:
    """Refuse a performance for a format without sound.

    Raises:
        ConfigError: there is one.
    """
    if performance is not None and not FORMATS[suffix].has_sound:
        raise ConfigError(
            f"instrument, tempo and chords go with {suffixes_of('has_sound')}; received {suffix}, which is not heard"
        )


def format_book(tunes: Sequence["Tune"]) -> tuple[str, list[tuple["Tune", AbclmError]]]:
    """Write tunes as a tunebook; none of them can fail."""
    return as_file(format_tunebook(tunes)), []
