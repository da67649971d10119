"""Turn the names of a piece's notes and chords into token ids and back: one token for each onset.

This is the form that most students' projects on piano music share (see `abclm.tokenizers.names`). Names that are rarer
than a threshold have no token: they are left out of a piece, or the nearest name that has one stands for them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from abclm.errors import VocabularyError
from abclm.midi.piece import Piece
from abclm.tokenizers.names import PIECE, REST, moved_name, names_of, notes_of, pitches_of
from abclm.tokenizers.pieces import PieceTokenizer, checked_ids

RARE = ("drop", "map")
_MOST = 2**16
_REST_PARTS = 4  # silence from a sixteenth note on is a rest
_TICKS = 480  # a quarter note of what is written
_STEPS_PER_QUARTER = 2  # names have no lengths: half a quarter each (Rocco, Rosatelli, Colangelo)


@dataclass(frozen=True)
class NoteTokenizer(PieceTokenizer[Sequence[str]]):
    """The names of notes and chords that a model reads and writes; a name's token id is its place.

    Args:
        names: up to 65,536 different ones in the order of their ids, the first of them `PIECE`.
        rests: whether silence of a sixteenth note or more is a token, too.
        rare: what becomes of a name in a piece that is not among them: `drop` leaves it out; `map` puts the nearest one
            in its place, for a note that of the same pitch class in the nearest octave, else the nearest pitch, for a
            chord the one that has the most pitch classes in common. What has no such relative is left out.

    Raises:
        VocabularyError: there are too many names, one stands twice or is no name, or the first is not `PIECE`; or `rare`
            is something else.

    Example:
        >>> tokenizer = NoteTokenizer.of_names([["E5", "0.4.7", "E5"]])
        >>> tokenizer.encode_piece(["0.4.7", "E5"]).tolist()
        [0, 1, 2, 0]
    """

    kind: ClassVar[str] = "notes"

    names: tuple[str, ...]
    rests: bool = False
    rare: str = "drop"

    def __post_init__(self) -> None:
        if not self.names or self.names[0] != PIECE or len(self.names) > _MOST:
            raise VocabularyError(
                f"a vocabulary of notes has up to {_MOST:,} names, the first of them {PIECE!r}; received "
                f"{len(self.names):,}, first {self.names[:1]}; a threshold on frequency leaves rare ones out"
            )
        if self.rare not in RARE or type(self.rests) is not bool:
            raise VocabularyError(f"rare is {' or '.join(RARE)}; received {self.rare!r}")
        for name in self.names[1:]:
            pitches_of(name)
        if len(self._ids) < len(self.names):
            twice = next(name for name, count in Counter(self.names).items() if count > 1)
            raise VocabularyError(f"a vocabulary has each name once; {twice!r} stands in it twice")

    @classmethod
    def of_names(
        cls, pieces: Iterable[Sequence[str]], least: int = 1, *, rests: bool = False, rare: str = "drop"
    ) -> Self:
        """Collect the names that occur at least so often, in alphabetical order."""
        counts = Counter(name for piece in pieces for name in piece)
        return cls((PIECE, *sorted(name for name, count in counts.items() if count >= least)), rests, rare)

    @classmethod
    def fit(cls, pieces: Iterable[Piece], **settings: Any) -> Self:
        """Collect the names that occur in pieces; the settings are those of `of_names`."""
        rests = bool(settings.get("rests"))
        return cls.of_names((_names(piece, rests) for piece in pieces), **settings)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make a tokenizer of `{"names": [...]}`, with `rests` and `rare` where they are not the defaults.

        Raises:
            VocabularyError: it is something else, or these can't be names.
        """
        names = settings.get("names")
        if not {"names"} <= set(settings) <= {"names", "rests", "rare"} or not isinstance(names, list):
            raise VocabularyError('a vocabulary of notes is {"names": [...]}; received something else')
        return cls(**{**settings, "names": tuple(names)})

    def settings(self) -> dict[str, Any]:
        """Return the names, in order, and how pieces are read."""
        return {"names": list(self.names), "rests": self.rests, "rare": self.rare}

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

    def read(self, piece: Piece) -> list[str]:
        """Name a piece's notes and chords; rare ones are left out or mapped, as `rare` says."""
        found = (self._known(name) for name in _names(piece, self.rests))
        return [name for name in found if name is not None]

    def rare_in(self, pieces: Iterable[Piece]) -> Counter[str]:
        """Count the names in pieces that have no token of their own."""
        return Counter(name for piece in pieces for name in _names(piece, self.rests) if name not in self)

    def write(self, content: Sequence[str], title: str = "") -> Piece:
        """Make a piece of names, an eighth note each; see `notes_of`."""
        return Piece.of_notes(notes_of(content, _TICKS // _STEPS_PER_QUARTER), _TICKS, title=title)

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
        return [self.names[token] for token in checked_ids(ids, len(self)).tolist()]

    def encode_piece(self, content: Sequence[str]) -> npt.NDArray[Any]:
        """Turn a piece's names into `PIECE`, the names and `PIECE`."""
        return self.encode([PIECE, *content, PIECE])

    def transposed(self, semitones: int) -> npt.NDArray[np.int64]:
        """The id of each name, moved by some semitones; see `PieceTokenizer.transposed`."""
        moved = [moved_name(name, semitones) for name in self.names]
        known = [name if name in self._ids else self._nearest(name) for name in moved]
        return np.array(
            [token if name is None else self._ids[name] for token, name in enumerate(known)], np.int64
        )

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {name: token for token, name in enumerate(self.names)}

    @cached_property
    def _mapped(self) -> dict[str, str | None]:
        return {}  # names that have no token, as they are met

    def _known(self, name: str) -> str | None:
        if name in self._ids or self.rare == "drop":
            return name if name in self._ids else None
        if name not in self._mapped:
            self._mapped[name] = self._nearest(name)
        return self._mapped[name]

    def _nearest(self, name: str) -> str | None:
        def is_note(each: str) -> bool:
            return each not in (PIECE, REST) and not each[0].isdigit()

        if name == REST:
            return None
        if is_note(name):
            (pitch,) = pitches_of(name)
            others = {each: pitches_of(each)[0] for each in self.names if is_note(each)}
            return min(
                others,
                key=lambda each: ((others[each] - pitch) % 12 > 0, abs(others[each] - pitch)),
                default=None,
            )
        wanted = set(name.split("."))
        chords = {each: set(each.split(".")) for each in self.names if each[:1].isdigit()}
        shared = {each: len(wanted & tones) / len(wanted | tones) for each, tones in chords.items()}
        best = max(shared, key=shared.__getitem__, default=None)
        return best if best is not None and shared[best] else None


def _names(piece: Piece, rests: bool) -> list[str]:
    return names_of(piece.notes(), max(1, piece.ticks_per_quarter // _REST_PARTS) if rests else None)
