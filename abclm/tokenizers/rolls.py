"""Turn a piece into frames, the loudness of all 128 keys at each step of a grid, and frames into token ids and back.

A frame holds what sounds in it: a key that is struck anew in the next step at the same loudness goes on sounding there.
`RollTokenizer` has a token for each key of a frame, `LowestTokenizer` one for each frame, its lowest key.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from abclm.errors import VocabularyError
from abclm.midi.file import MidiNote
from abclm.midi.piece import Piece
from abclm.tokenizers.grid import GridTokenizer, on_grid
from abclm.tokenizers.pieces import checked_ids, moved_pitch

KEYS = 128
SILENCE = -1
VALUES = ("binary", "unit", "velocity")
_TICKS = 40  # a step of what is written
_LOUD = 80

Frames = npt.NDArray[np.uint8]


def frames_of(piece: Piece, steps_per_quarter: int) -> Frames:
    """Read frames.

    Args:
        piece: its pitched notes count, of all instruments.
        steps_per_quarter: frames of a quarter note.

    Returns:
        Velocities, uint8 `(frames, 128)`, 0 where nothing sounds; where notes of one key overlap, that of the later.
        Each note has one frame at least.
    """
    ticks = piece.ticks_per_quarter
    spans = [
        (
            on_grid(note.start_ticks, ticks, steps_per_quarter),
            on_grid(note.end_ticks, ticks, steps_per_quarter),
            note,
        )
        for note in piece.notes()
    ]
    frames = np.zeros((max((max(end, start + 1) for start, end, _ in spans), default=0), KEYS), np.uint8)
    for start, end, note in spans:
        frames[start : max(end, start + 1), note.pitch] = note.velocity
    return frames


def piece_of_frames(frames: npt.NDArray[Any], steps_per_quarter: int, title: str = "") -> Piece:
    """Make a piece that has these frames again: a key that sounds on at one loudness is one note.

    Args:
        frames: velocities, integers from 0 to 127, `(frames, 128)`.
        steps_per_quarter: frames of a quarter note.
        title: of the piece.
    """
    edged = np.zeros((len(frames) + 2, KEYS), np.int64)
    edged[1:-1] = frames
    changes, keys = np.nonzero(edged[1:] != edged[:-1])
    order = np.lexsort((changes, keys))  # key by key, in the order of time
    changes, keys = changes[order], keys[order]
    spans = zip(changes[:-1].tolist(), changes[1:].tolist(), keys.tolist(), strict=False)
    notes = [
        MidiNote(start * _TICKS, end * _TICKS, key, int(edged[start + 1, key]), 0, 0)
        for start, end, key in spans
        if edged[start + 1, key]  # so the next change is of the same key
    ]
    return Piece.of_notes(notes, _TICKS * steps_per_quarter, title=title)


@dataclass(frozen=True)
class RollTokenizer(GridTokenizer[Frames]):
    """Frames of 128 keys, a token for each key: 128 ids a frame.

    Args:
        steps_per_quarter: frames of a quarter note.
        values: what a key's token says: `binary`, whether it sounds (2 tokens); `velocity`, its loudness from 0 to 127
            (128 tokens); `unit`, the same tokens, which stand for the numbers from 0 to 1.
    """

    kind: ClassVar[str] = "rolls"

    steps_per_quarter: int = 4
    values: str = "binary"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.values not in VALUES:
            raise VocabularyError(f"values is one of {', '.join(VALUES)}; received {self.values!r}")

    def settings(self) -> dict[str, Any]:
        """Return the step and what tokens stand for."""
        return {**super().settings(), "values": self.values}

    def __len__(self) -> int:
        return 2 if self.values == "binary" else 128

    @property
    def start(self) -> int:
        """There is none: frames have a place, and no beginning.

        Raises:
            VocabularyError: always.
        """
        raise VocabularyError(
            "frames of a roll have no token between pieces; use the tokens lowest, notes or events"
        )

    def read(self, piece: Piece) -> Frames:
        """Read frames, `(frames, 128)`: 0 and 1, or velocities."""
        frames = frames_of(piece, self.steps_per_quarter)
        return (frames > 0).astype(np.uint8) if self.values == "binary" else frames

    def write(self, content: Frames, title: str = "") -> Piece:
        """Make a piece of frames; binary ones are of one loudness."""
        velocities = np.asarray(content, np.int64) * (_LOUD if self.values == "binary" else 1)
        return piece_of_frames(velocities, self.steps_per_quarter, title)

    def scaled(self, content: Frames) -> npt.NDArray[np.float32]:
        """What a network reads, float32 `(frames, 128)`: as the frames are, but with `unit` divided by 127."""
        return np.asarray(content, np.float32) / np.float32(127 if self.values == "unit" else 1)

    def encode(self, content: Frames) -> npt.NDArray[Any]:
        """Turn frames into token ids, 128 a frame.

        Raises:
            VocabularyError: they are not of 128 keys, or a value is out of range.
        """
        if np.ndim(content) != 2 or np.shape(content)[1] != KEYS:
            raise VocabularyError(f"frames have 128 keys, (frames, 128); received {np.shape(content)}")
        return checked_ids(content, len(self)).astype(self.dtype).ravel()

    def decode(self, ids: Any) -> Frames:
        """Turn token ids into frames; VocabularyError where an id is out of range, or a frame is not whole."""
        found = checked_ids(ids, len(self))
        if found.size % KEYS:
            raise VocabularyError(
                f"a frame has 128 tokens; received {found.size:,}, which are no whole frames"
            )
        return found.astype(np.uint8).reshape(-1, KEYS)


@dataclass(frozen=True)
class LowestTokenizer(GridTokenizer[npt.NDArray[np.int64]]):
    """The lowest key of each frame (Hopkins, French, Shah), one token a frame; a frame of silence has one of its own.

    Content is the keys, from 0 to 127, and `SILENCE`, int64 `(frames,)`.

    Args:
        steps_per_quarter: frames of a quarter note.
    """

    kind: ClassVar[str] = "lowest"

    steps_per_quarter: int = 4

    def __len__(self) -> int:
        return KEYS + 2  # before the keys, the token between pieces and silence

    def read(self, piece: Piece) -> npt.NDArray[np.int64]:
        """Find the lowest key of each frame."""
        frames = frames_of(piece, self.steps_per_quarter)
        return np.where(frames.any(axis=1), (frames > 0).argmax(axis=1), SILENCE)

    def write(self, content: npt.NDArray[np.int64], title: str = "") -> Piece:
        """Make a piece of one voice; a key that sounds on is one note."""
        frames = np.zeros((len(content), KEYS), np.uint8)
        places = np.flatnonzero(np.asarray(content) != SILENCE)
        frames[places, np.asarray(content)[places]] = _LOUD
        return piece_of_frames(frames, self.steps_per_quarter, title)

    def encode(self, content: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Turn keys into token ids; VocabularyError where one is out of range."""
        return checked_ids(np.asarray(content, np.int64) + 2, len(self)).astype(self.dtype)

    def decode(self, ids: Any) -> npt.NDArray[np.int64]:
        """Turn token ids into keys; those between pieces are passed over."""
        found = checked_ids(ids, len(self))
        return found[found > 0] - 2

    def transposed(self, semitones: int) -> npt.NDArray[np.int64]:
        """The id of each key, moved by some semitones; see `PieceTokenizer.transposed`."""
        return np.array([0, 1, *(2 + moved_pitch(key, semitones) for key in range(KEYS))])
