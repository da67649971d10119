"""Turn tunes into files of other formats, by the suffix of the file."""

import os
from pathlib import Path
from typing import Protocol

from abclm.errors import ConvertError
from abclm.files import write_bytes, write_text

SUFFIXES = (".abc", ".mid", ".wav")


class _AbcTune(Protocol):
    """A tune whose `str()` is its ABC text."""

    def __str__(self) -> str: ...


def save(tune: _AbcTune, path: str | os.PathLike[str]) -> None:
    """Write a tune in the format that a file's suffix names.

    Args:
        tune: a `Tune`, or the text of one.
        path: a file ending in `.abc`, `.mid` or `.wav`. It is written aside and renamed into place.

    Raises:
        ConvertError: the suffix is none of these, or the tune has nothing to play.
        OSError: the file can't be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ConvertError(
            f"{path}: a tune can be saved as {', '.join(SUFFIXES)}, not {suffix or 'without a suffix'!r}"
        )
    text = str(tune)
    if suffix == ".abc":
        write_text(path, text)
        return
    # Here, so that writing ABC reads no more modules than it needs.
    from abclm.convert.abcmidi import abc_to_midi

    data = abc_to_midi(text).midi
    if suffix == ".wav":
        from abclm.convert.wav import midi_to_wav

        data = midi_to_wav(data)
    write_bytes(path, data)
