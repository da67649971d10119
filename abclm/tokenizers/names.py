"""Turn the notes of a MIDI file into names and back, one for each onset: a note, or a chord's pitch classes.

A note is named by its pitch (`E5`), notes that begin together by their pitch classes in normal order (`0.4.7`). Octaves
of chords, onsets and lengths are lost. Names are those of music21: `str(note.pitch)`, and `chord.normalOrder` joined by
dots. A moment in which nothing sounds can be named, too, by `REST`.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from abclm.errors import VocabularyError
from abclm.midi.file import PERCUSSION_CHANNEL, MidiNote
from abclm.tokenizers.pieces import moved_pitch

PIECE = ""
"""The name that stands before each piece and after it."""

REST = "rest"

_PITCH_CLASSES = ("C", "C#", "D", "E-", "E", "F", "F#", "G", "G#", "A", "B-", "B")
_MIDDLE_C = 60


def names_of(notes: Iterable[MidiNote], rest_ticks: int | None = None) -> list[str]:
    """Name what begins at each moment; drums are left out.

    Args:
        notes: of a MIDI file.
        rest_ticks: silence of at least this length between two notes is a `REST`; by default none is.

    Returns:
        A name for each moment at which a note begins, in the order of time, and the rests.

    Example:
        >>> starts = [(0, 60), (0, 76), (0, 67), (480, 76)]
        >>> names_of(MidiNote(start, start + 480, pitch, 80, 0, 0) for start, pitch in starts)
        ['0.4.7', 'E5']
    """
    struck = sorted(note for note in notes if note.channel != PERCUSSION_CHANNEL)
    names: list[str] = []
    silent_from = struck[0].start_ticks if struck else 0
    for start, group in groupby(struck, key=lambda note: note.start_ticks):
        together = list(group)
        if rest_ticks is not None and start - silent_from >= rest_ticks:
            names.append(REST)
        names.append(_name(sorted({note.pitch for note in together})))
        silent_from = max(silent_from, *(note.end_ticks for note in together))
    return names


def notes_of(names: Iterable[str], step_ticks: int) -> list[MidiNote]:
    """Make notes that have these names again, at equal distances and as long.

    A chord stands from the octave of middle C upwards; one of a single pitch class is two notes an octave apart.

    Args:
        names: of notes and chords, and rests; `PIECE` gives nothing and takes no time.
        step_ticks: from one onset to the next.

    Raises:
        VocabularyError: one is no name.
    """
    sounding = [pitches_of(name) for name in names if name != PIECE]
    return [
        MidiNote(place * step_ticks, (place + 1) * step_ticks, pitch, 80, 0, 0)
        for place, pitches in enumerate(sounding)
        for pitch in pitches
    ]


def pitches_of(name: str) -> tuple[int, ...]:
    """The MIDI numbers that a name stands for, as `notes_of` writes them; none for a rest.

    Raises:
        VocabularyError: it is no name.
    """
    if isinstance(name, str) and name in _PITCHES:
        return _PITCHES[name]
    classes = name.split(".") if isinstance(name, str) else []
    numbers = [_CLASSES[each] for each in classes if each in _CLASSES]
    if not numbers or len(numbers) < len(classes) or _normal_order(set(numbers)) != numbers:
        raise VocabularyError(
            f"{name!r} is no name of a note, such as E5, or of a chord: pitch classes in normal order, such as 0.4.7"
        )
    upper = [_MIDDLE_C + numbers[0] + (number - numbers[0]) % 12 for number in numbers]
    return (*upper, upper[0] + 12) if len(upper) == 1 else tuple(upper)


def moved_name(name: str, semitones: int) -> str:
    """The name of a note or chord that is moved by some semitones, within the range of MIDI; others stay.

    Example:
        >>> moved_name("E5", 1), moved_name("0.4.7", -1), moved_name("rest", 3)
        ('F5', '11.3.6', 'rest')
    """
    if name in (PIECE, REST):
        return name
    if name[0].isdigit():
        moved = {(int(each) + semitones) % 12 for each in name.split(".")}
        return ".".join(map(str, _normal_order(moved)))
    (pitch,) = pitches_of(name)
    return _NAMES[moved_pitch(pitch, semitones)]


def _name(pitches: Sequence[int]) -> str:
    if len(pitches) == 1:
        return _NAMES[pitches[0]]
    return ".".join(map(str, _normal_order({pitch % 12 for pitch in pitches})))


def _normal_order(pitch_classes: set[int]) -> list[int]:
    """The rotation of least span; among several, that with the smallest intervals from its first (Forte 1973)."""
    ordered = sorted(pitch_classes)
    rotations = [ordered[place:] + ordered[:place] for place in range(len(ordered))]

    def width(rotation: list[int]) -> tuple[int, list[int]]:
        above = [(pitch - rotation[0]) % 12 for pitch in rotation]
        return above[-1], above

    return min(rotations, key=width)


_NAMES = tuple(f"{_PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}" for pitch in range(128))
_PITCHES: dict[str, tuple[int, ...]] = {REST: (), **{name: (pitch,) for pitch, name in enumerate(_NAMES)}}
_CLASSES = {str(number): number for number in range(12)}
