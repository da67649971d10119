"""Turn the notes of a MIDI file into token ids and back, one token for each onset: a note, or a chord's pitch classes.

This is the form that most students' projects on piano music share: a note is named by its pitch (`E5`), notes that begin
together by their pitch classes in normal order (`0.4.7`). Octaves of chords, onsets and lengths are lost. Names are those
of music21: `str(note.pitch)`, and `chord.normalOrder` joined by dots.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from abclm.errors import VocabularyError
from abclm.midi.file import PERCUSSION_CHANNEL, MidiNote
from abclm.tokenizers.tokenizer import Tokenizer

PIECE = ""
"""The name of the token that stands before each piece and after it."""

_PITCH_CLASSES = ("C", "C#", "D", "E-", "E", "F", "F#", "G", "G#", "A", "B-", "B")
_MIDDLE_C = 60
_MOST = 2**16


@dataclass(frozen=True)
class NoteTokenizer(Tokenizer[Sequence[str]]):
    """The names of notes and chords that a model reads and writes; a name's token id is its place.

    Args:
        names: up to 65,536 different ones in the order of their ids, the first of them `PIECE`.

    Raises:
        VocabularyError: there are too many, one stands twice or is no name, or the first is not `PIECE`.

    Example:
        >>> tokenizer = NoteTokenizer.from_pieces([["E5", "0.4.7", "E5"]])
        >>> tokenizer.encode_piece(["0.4.7", "E5"]).tolist()
        [0, 1, 2, 0]
    """

    kind: ClassVar[str] = "notes"

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names or self.names[0] != PIECE or len(self.names) > _MOST:
            raise VocabularyError(
                f"a vocabulary of notes has up to {_MOST:,} names, the first of them {PIECE!r}; received "
                f"{len(self.names):,}, first {self.names[:1]}"
            )
        for name in self.names[1:]:
            pitches_of(name)
        if len(self._ids) < len(self.names):
            twice = next(name for name, count in Counter(self.names).items() if count > 1)
            raise VocabularyError(f"a vocabulary has each name once; {twice!r} stands in it twice")

    @classmethod
    def from_pieces(cls, pieces: Iterable[Sequence[str]], least: int = 1) -> Self:
        """Collect the names that occur at least so often, in alphabetical order."""
        counts = Counter(name for piece in pieces for name in piece)
        return cls((PIECE, *sorted(name for name, count in counts.items() if count >= least)))

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make a tokenizer of `{"names": [...]}`.

        Raises:
            VocabularyError: it is something else, or these can't be names.
        """
        names = settings.get("names")
        if set(settings) != {"names"} or not isinstance(names, list):
            raise VocabularyError('a vocabulary of notes is {"names": [...]}; received something else')
        return cls(tuple(names))

    def settings(self) -> dict[str, Any]:
        """Return the names, in order."""
        return {"names": list(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._ids

    @property
    def start(self) -> int:
        """The id of `PIECE`."""
        return 0

    @property
    def end(self) -> tuple[int, ...]:
        """The id of `PIECE`: the token after one piece is the token before the next."""
        return (0,)

    def encode(self, content: Sequence[str]) -> npt.NDArray[Any]:
        """Turn names into token ids, `(names,)`.

        Raises:
            VocabularyError: a name is not in the vocabulary.
        """
        try:
            return np.array([self._ids[name] for name in content], self.dtype)
        except KeyError as error:
            raise VocabularyError(
                f"{error.args[0]!r} is not among the {len(self):,} names of the vocabulary; leave it out, or take the "
                "vocabulary from these pieces"
            ) from None

    def decode(self, ids: Any) -> list[str]:
        """Turn token ids into names.

        Raises:
            VocabularyError: an id is not below the number of names.
        """
        found = np.asarray(ids, np.int64)
        if found.size and not (found.min() >= 0 and found.max() < len(self)):
            raise VocabularyError(f"token ids are integers from 0 to {len(self) - 1:,}; received others")
        return [self.names[token] for token in found.tolist()]

    def encode_piece(self, content: Sequence[str]) -> npt.NDArray[Any]:
        """Turn a piece's names into `PIECE`, the names and `PIECE`."""
        return self.encode([PIECE, *content, PIECE])

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {name: token for token, name in enumerate(self.names)}


def names_of(notes: Iterable[MidiNote]) -> list[str]:
    """Name what begins at each moment; drums are left out.

    Args:
        notes: of a MIDI file.

    Returns:
        A name for each moment at which a note begins, in the order of time.

    Example:
        >>> starts = [(0, 60), (0, 76), (0, 67), (480, 76)]
        >>> names_of(MidiNote(start, start + 480, pitch, 80, 0, 0) for start, pitch in starts)
        ['0.4.7', 'E5']
    """
    struck = sorted({(note.start_ticks, note.pitch) for note in notes if note.channel != PERCUSSION_CHANNEL})
    return [_name([pitch for _, pitch in group]) for _, group in groupby(struck, key=lambda each: each[0])]


def notes_of(names: Iterable[str], step_ticks: int) -> list[MidiNote]:
    """Make notes that have these names again, at equal distances and as long.

    A chord stands from the octave of middle C upwards; one of a single pitch class is two notes an octave apart.

    Args:
        names: of notes and chords; `PIECE` gives nothing and takes no time.
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
    """The MIDI numbers that a name stands for, as `notes_of` writes them.

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
_PITCHES: dict[str, tuple[int, ...]] = {name: (pitch,) for pitch, name in enumerate(_NAMES)}
_CLASSES = {str(number): number for number in range(12)}
