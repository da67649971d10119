"""Turn a tune, or a file with one, into what another tune can be asked to be like: key, meter, lengths, opening."""

import os
from dataclasses import dataclass
from pathlib import Path

from abclm.errors import ConvertError
from abclm.system.files import MIDI_SUFFIXES
from abclm.tune import Tune, read_tunebook


@dataclass(frozen=True)
class Likeness:
    """What a tune has in its header, and how it begins, in canonical spelling.

    Attributes:
        key: such as `G`, `Ador`.
        meter: such as `6/8`, or None where the tune has none.
        unit_note_length: such as `1/8`, or None.
        rhythm: such as `jig`, or None.
        opening: the music code of its first bars, pick-up included, without the bar line after them.
    """

    key: str
    meter: str | None
    unit_note_length: str | None
    rhythm: str | None
    opening: str


def likeness(tune: Tune, bars: int = 2) -> Likeness:
    r"""Say what a tune is like.

    Args:
        tune: any tune that has a canonical form.
        bars: how many whole bars the opening has.

    Raises:
        NotationError: it has no canonical form.

    Example:
        >>> found = likeness(Tune.parse("X:1\nR:jig\nM:6/8\nL:1/8\nK:Em\nB|:e2f gfe|dBA G3|e6:|\n"))
        >>> found.key, found.meter, found.opening
        ('Em', '6/8', 'B|:e2f gfe|dBA G3')
    """
    canonical = tune.normalize()
    return Likeness(
        key=canonical.key,
        meter=canonical.meter,
        unit_note_length=canonical.unit_note_length,
        rhythm=canonical.rhythm,
        opening=canonical.opening(bars),
    )


def read_likeness(path: str | os.PathLike[str], bars: int = 2) -> Likeness:
    """Say what the first tune of a file is like.

    Args:
        path: a tunebook, or a MIDI file (`.mid`, `.midi`).
        bars: how many whole bars the opening has.

    Raises:
        ConvertError: there is no tune in it.
        NotationError: the tune has no canonical form.
        OSError: it can't be read.
    """
    return likeness(read_first(path), bars)


def read_first(path: str | os.PathLike[str]) -> Tune:
    """Read the first tune of a file; what it takes and raises is as for `read_likeness`."""
    if Path(path).suffix.lower() in MIDI_SUFFIXES:
        from abclm.midi.file import MidiFile
        from abclm.midi.to_tune import midi_to_tune

        return Tune.of(midi_to_tune(MidiFile.parse(Path(path).read_bytes())))
    book = read_tunebook(path)
    if not book.tunes:
        raise ConvertError(f"{path}: holds no tune; a tune starts with X:")
    return book.tunes[0]
