"""Turn tunes into files of other formats, by the suffix of the file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from abclm.errors import ConfigError, ConvertError
from abclm.system.files import write_bytes

if TYPE_CHECKING:
    from abclm.midi.performance import Performance
    from abclm.notation.tune import Tune

SUFFIXES = (".abc", ".mid", ".wav", ".svg", ".png", ".pdf", ".musicxml", ".html")
# Those in which a tune is heard, so that how it is played matters.
PLAYED = (".mid", ".wav", ".html")


class _AbcTune(Protocol):
    """A tune whose `str()` is its ABC text."""

    def __str__(self) -> str: ...


def save(
    tune: _AbcTune,
    path: str | os.PathLike[str],
    performance: "Performance | None" = None,
    made: Mapping[str, str] | None = None,
) -> None:
    """Write a tune in the format that a file's suffix names.

    Args:
        tune: a `Tune`, or the text of one.
        path: a file ending in one of `SUFFIXES`. It is written aside and renamed into place.
        performance: how it is played, in formats in which it is heard.
        made: how it came about, for a page of HTML, such as `{"Model": "session"}`.

    Raises:
        ConvertError: the suffix is none of these, or the tune has nothing to play or to write as a score.
        ConfigError: how it is played is said for a format in which it is not heard.
        NotationError: there is no tune in the text.
        OSError: the file can't be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ConvertError(
            f"{path}: a tune can be saved as {', '.join(SUFFIXES)}, not {suffix or 'without a suffix'!r}"
        )
    check_performance(suffix, performance)
    if suffix == ".abc":
        write_bytes(path, str(tune).encode())
        return
    # Here, so that writing ABC reads no more modules than it needs.
    from abclm.notation.tune import Tune

    write_bytes(
        path, to_bytes(tune if isinstance(tune, Tune) else Tune.parse(str(tune)), suffix, performance, made)
    )


def check_performance(suffix: str, performance: "Performance | None") -> None:
    """Refuse to be told how to play what is not heard.

    Raises:
        ConfigError: a performance is given for a format that has no sound.
    """
    if performance is not None and suffix not in PLAYED:
        raise ConfigError(
            f"instrument, tempo and chords go with {', '.join(PLAYED)}; received {suffix}, which is not heard"
        )


def to_bytes(
    tune: "Tune",
    suffix: str,
    performance: "Performance | None" = None,
    made: Mapping[str, str] | None = None,
) -> bytes:
    """Turn a tune into the content of a file; see `save`."""
    if suffix in (".mid", ".wav"):
        from abclm.midi.performance import play

        midi = play(tune, performance)
        if suffix == ".mid":
            return midi
        from abclm.sound.wav import midi_to_wav

        return midi_to_wav(midi)
    if suffix == ".svg":
        from abclm.score.svg import format_svg

        return format_svg(tune).encode()
    if suffix == ".png":
        from abclm.score.pdf import format_png

        return format_png(tune)
    if suffix == ".pdf":
        from abclm.score.pdf import format_pdf

        return format_pdf([tune])[0]
    if suffix == ".musicxml":
        from abclm.score.musicxml import format_musicxml

        return format_musicxml(tune).encode()
    from abclm.views.page import format_page

    return format_page([tune], performance=performance, made=made)[0].encode()
