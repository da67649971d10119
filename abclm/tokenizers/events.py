"""Turn a piece into token ids that keep octaves, onsets and lengths, on a grid, and back.

An onset is written as the steps since the one before, then each of its notes from low to high: its pitch and its length
in steps. So a chord is as it was played, which `abclm.tokenizers.notes` loses. Loudness, instrument and tempo are lost.

    wait 12, pitch 60, length 12, pitch 64, length 12    a quarter after the last onset, C4 and E4 for a quarter

A wait or a length of more than a 4/4 bar is several tokens that add up. The first onset stands at step 0 or later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from abclm.midi.file import MidiNote
from abclm.midi.piece import Piece
from abclm.tokenizers.grid import GridTokenizer, on_grid
from abclm.tokenizers.pieces import checked_ids, moved_pitch

_PITCHES = 128
_QUARTERS = 4  # of the longest wait and length that are one token
_TICKS = 40  # a step of what is written


class GridNote(NamedTuple):
    """A note on the grid, in steps from the beginning of the piece."""

    onset: int
    pitch: int
    length: int


@dataclass(frozen=True)
class EventTokenizer(GridTokenizer[Sequence[GridNote]]):
    """Waits, pitches and lengths.

    Args:
        steps_per_quarter: how fine the grid is; 12 holds sixteenths and triplets of eighths.

    Example:
        >>> tokenizer = EventTokenizer()
        >>> notes = [GridNote(0, 60, 12), GridNote(12, 64, 6)]
        >>> len(tokenizer), tokenizer.decode(tokenizer.encode(notes)) == notes
        (225, True)
    """

    kind: ClassVar[str] = "events"

    def __len__(self) -> int:
        return 1 + 2 * self._longest + _PITCHES

    def read(self, piece: Piece) -> list[GridNote]:
        """Put the notes on the grid; one that is struck twice on a step is the longer of both, one step at least."""
        ticks, steps = piece.ticks_per_quarter, self.steps_per_quarter
        lengths: dict[tuple[int, int], int] = {}
        for note in piece.notes():
            onset = on_grid(note.start_ticks, ticks, steps)
            length = max(1, on_grid(note.end_ticks, ticks, steps) - onset)
            lengths[onset, note.pitch] = max(length, lengths.get((onset, note.pitch), 0))
        return [GridNote(onset, pitch, length) for (onset, pitch), length in sorted(lengths.items())]

    def write(self, content: Sequence[GridNote], title: str = "") -> Piece:
        """Make a piece of notes on the grid."""
        notes = [
            MidiNote(note.onset * _TICKS, (note.onset + note.length) * _TICKS, note.pitch, 80, 0, 0)
            for note in content
        ]
        return Piece.of_notes(notes, _TICKS * self.steps_per_quarter, title=title)

    def encode(self, content: Sequence[GridNote]) -> npt.NDArray[Any]:
        """Turn notes on the grid, in order, into token ids."""
        ids: list[int] = []
        now = 0
        for onset, together in groupby(content, key=lambda note: note.onset):
            ids += self._sum_of(onset - now, 1)
            now = onset
            for note in together:
                ids.append(1 + self._longest + note.pitch)
                ids += self._sum_of(note.length, 1 + self._longest + _PITCHES)
        return np.array(ids, self.dtype)

    def decode(self, ids: Any) -> list[GridNote]:
        """Turn token ids into notes. A pitch without a length lasts a step; a length without a pitch is passed over."""
        notes: dict[tuple[int, int], int] = {}
        now, struck = 0, None
        for token in checked_ids(ids, len(self)).tolist():
            if token == 0:
                struck = None
            elif token <= self._longest:
                now, struck = now + token, None
            elif token <= self._longest + _PITCHES:
                struck = (now, token - 1 - self._longest)
                notes.setdefault(struck, 0)
            elif struck is not None:
                notes[struck] += token - self._longest - _PITCHES
        return [GridNote(onset, pitch, max(1, length)) for (onset, pitch), length in sorted(notes.items())]

    def transposed(self, semitones: int) -> npt.NDArray[np.int64]:
        """The id of each token, of which pitches move; see `PieceTokenizer.transposed`."""
        ids, first = np.arange(len(self)), 1 + self._longest
        ids[first : first + _PITCHES] = [first + moved_pitch(pitch, semitones) for pitch in range(_PITCHES)]
        return ids

    @property
    def _longest(self) -> int:
        return _QUARTERS * self.steps_per_quarter

    def _sum_of(self, steps: int, first: int) -> list[int]:
        """The tokens that add up to so many steps, of which `first` stands for one."""
        whole, rest = divmod(steps, self._longest)
        return [first + self._longest - 1] * whole + ([first + rest - 1] if rest else [])
