"""Turn MIDI files, folders and globs into pieces to train models of notes and rolls on: the public `Pieces`."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from abclm.corpora import built_in
from abclm.corpora.holdout import RULE, choose, held_out_count
from abclm.corpora.origin import Origin, Source
from abclm.corpora.problems import CorpusProblem
from abclm.corpora.sources import find_files
from abclm.errors import ConfigError, ConvertError, CorpusError
from abclm.midi.instruments import find_program
from abclm.piece import Piece
from abclm.system.words import counted


@dataclass(frozen=True)
class Pieces:
    """Pieces from MIDI files, and the problems of the files that were left out. A corpus of tunes is `Corpus`.

    Attributes:
        name: of the files that were read.
        pieces: in the order of the files.
        problems: files left out so far, with the reasons.
        origin: sources with their checksums, and the steps applied since.
        places: the file of each piece.
    """

    name: str
    pieces: tuple[Piece, ...]
    problems: tuple[CorpusProblem, ...] = ()
    origin: Origin = field(default=Origin(), compare=False)
    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", tuple(self.pieces))
        if len(self.places) != len(self.pieces):
            object.__setattr__(self, "places", tuple(piece.title for piece in self.pieces))

    def __len__(self) -> int:
        return len(self.pieces)

    def __iter__(self) -> Iterator[Piece]:
        return iter(self.pieces)

    def __repr__(self) -> str:
        left_out = f", {len(self.problems):,} left out" if self.problems else ""
        return f"Pieces({self.name[:100]!r}, {counted(len(self), 'piece')}{left_out})"

    @classmethod
    def read(cls, *paths: str | os.PathLike[str]) -> Self:
        """Read MIDI files.

        Args:
            paths: files, folders (all `.mid` and `.midi` in them and in subfolders) and globs.

        Returns:
            The pieces of all files, each file once. A file that is broken, empty or without pitched notes becomes a
            problem and does not stop the others, unless it is named by itself.

        Raises:
            CorpusError: a path matches no file; a file named here can't be used; or there is no piece at all.
        """
        found: list[tuple[Piece, str]] = []
        problems: list[CorpusProblem] = []
        digest = hashlib.sha256()
        _refuse_tunes(paths)
        for file in find_files(paths, midi=True, abc=False):
            try:
                data = file.read()
                found.append((Piece.read(data, Path(file.path).stem), file.path))
                digest.update(data)
            except (CorpusError, ConvertError) as error:
                reason = str(error).removeprefix(f"{file.path}: ")
                if file.is_named:
                    raise CorpusError(f"{file.path}: {reason}") from error
                problems.append(CorpusProblem(file.path, "unreadable", reason))
        names = [os.fspath(path) for path in paths]
        name = ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"
        if not found:
            reason = f"; {problems[0]}" if problems else "; give files, folders or globs"
            raise CorpusError(f"{name or 'no path'}: there is no piece{reason}")
        origin = Origin((Source(name, digest.hexdigest(), tuple(names)),))
        return cls(name, (), tuple(problems), origin)._keep(found)

    def only(self, *, meter: str | None = None, instrument: str | None = None) -> Self:
        """Keep what is asked for.

        Args:
            meter: keep the pieces that are in this meter from beginning to end, such as `4/4`.
            instrument: keep the notes of this instrument and its relatives in General MIDI, such as `piano`, and the
                pieces that have some.

        Returns:
            A corpus of the rest, without the pieces that have none of it, which become problems.

        Raises:
            ConfigError: the instrument is not known.
        """
        program = None if instrument is None else find_program(instrument)
        kept: list[tuple[Piece, str]] = []
        problems: list[CorpusProblem] = []
        for piece, place in self._rows():
            if meter is not None and piece.meters != (meter,):
                reason = f"is in {', '.join(piece.meters)}, not in {meter} alone"
                problems.append(CorpusProblem(place, "not asked for", reason))
                continue
            part = piece if program is None else piece.of_instrument(program)
            if part.notes():
                kept.append((part, place))
            else:
                problems.append(CorpusProblem(place, "not asked for", f"has no note of {instrument}"))
        return replace(
            self._keep(kept, problems), origin=self.origin.then("only", meter=meter, instrument=instrument)
        )

    def by_folder(self) -> dict[str, Self]:
        """The pieces of each folder by its name, such as one for each artist."""
        folders = [Path(place).parent.name for place in self.places]
        return {
            name: replace(
                self._keep(
                    [row for row, folder in zip(self._rows(), folders, strict=True) if folder == name]
                ),
                name=f"{self.name}, {name}",
            )
            for name in dict.fromkeys(folders)
        }

    def split(self, validation: float = 0.1, seed: int = 0) -> tuple[Self, Self]:
        """Split by piece into training and validation; pieces with the same title or the same notes stay together.

        Title and seed decide on which side a piece is, not the order of the files.

        Args:
            validation: the share of pieces to hold out, from 0 to less than 1. If it is above 0, at least one piece is
                held out; at least one always remains.
            seed: a random seed.

        Raises:
            ConfigError: the share is out of range.
        """
        if not 0 <= validation < 1:
            raise ConfigError(f"validation is a share of at least 0 and less than 1; received {validation}")
        whole = self._without_copies()
        wanted = held_out_count(len(whole), validation)
        bodies = [_notes_key(piece) for piece in whole]
        held_out = choose([piece.title for piece in whole], bodies, wanted, seed)
        sides = [
            replace(
                whole._keep(
                    [row for place, row in enumerate(whole._rows()) if (place in held_out) == is_held_out]
                ),
                origin=self.origin.then("split", rule=RULE, validation=validation, seed=seed, side=side),
            )
            for is_held_out, side in ((False, "training"), (True, "validation"))
        ]
        return sides[0], replace(sides[1], problems=())

    @property
    def checksum(self) -> str:
        """The SHA-256 of the files that were read; of the notes where there are none."""
        if self.origin.sources:
            return self.origin.checksum
        return hashlib.sha256("".join(map(_notes_key, self.pieces)).encode()).hexdigest()

    @property
    def drums(self) -> int:
        """How many notes of drums the pieces have, which no tokenizer reads."""
        return sum(len(piece.drums) for piece in self.pieces)

    def _without_copies(self) -> Self:
        first: dict[str, str] = {}
        kept, problems = [], []
        for piece, place in self._rows():
            key = _notes_key(piece)
            if key in first:
                problems.append(CorpusProblem(place, "duplicate", f"has the same notes as {first[key]}"))
            else:
                first[key] = place
                kept.append((piece, place))
        return self._keep(kept, problems)

    def _rows(self) -> Iterator[tuple[Piece, str]]:
        return zip(self.pieces, self.places, strict=True)

    def _keep(self, rows: Iterable[tuple[Piece, str]], problems: Iterable[CorpusProblem] = ()) -> Self:
        rows = list(rows)
        return replace(
            self,
            pieces=tuple(piece for piece, _ in rows),
            places=tuple(place for _, place in rows),
            problems=(*self.problems, *problems),
        )


def _refuse_tunes(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Say that a built-in corpus is of tunes, where no file or folder has its name."""
    names = {card.name for card in built_in.cards()}
    for path in paths:
        if os.fspath(path) in names and not os.path.exists(path):
            raise CorpusError(f"{path} is a corpus of tunes; give MIDI files or folders")


def _notes_key(piece: Piece) -> str:
    """What copies of a piece have in common: onsets in quarters, and pitches."""
    ticks = piece.ticks_per_quarter
    notes = [(round(96 * note.start_ticks / ticks), note.pitch) for note in piece.notes()]
    return hashlib.sha256(repr(notes).encode()).hexdigest()
