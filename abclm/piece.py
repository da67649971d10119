"""Turn a MIDI file into a piece that can be listed, seen, heard and saved: the public `Piece`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from abclm.errors import ConvertError
from abclm.midi import piece as core
from abclm.show.picture import Picture


class Piece(core.Piece):
    """A piece of music from a MIDI file, or written by a model of notes or rolls.

    Example:
        >>> from abclm.midi.file import MidiNote
        >>> piece = Piece.of_notes([MidiNote(0, 96, 60, 80, 0, 0)], 96, title="One")
        >>> [note.pitch for note in piece.notes()], piece.meters
        ([60], ('4/4',))
    """

    @classmethod
    def of(cls, piece: core.Piece) -> Self:
        """The same piece with the methods of this class."""
        return cls(piece.title, piece.midi)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a MIDI file.

        Raises:
            ConvertError: it is no MIDI file, is cut off, or has no pitched note.
            OSError: the file can't be read.
        """
        data = Path(path).read_bytes()
        try:
            return cls.read(data, Path(path).stem)
        except ConvertError as error:
            raise ConvertError(f"{os.fspath(path)}: {error}") from error

    def save(self, path: str | os.PathLike[str], *, made: Mapping[str, str] | None = None) -> None:
        """Write the piece in the format that the file's suffix names: .mid, .wav, .mp3, .svg, .png or .html.

        Args:
            path: the file to write; .svg and .png are piano rolls, .html is one with a player.
            made: how the piece was made, for a page of HTML, such as `{"Model": "piano"}`.

        Raises:
            ConvertError: there is no such format for a piece.
            OSError: the file can't be written.
        """
        from abclm.formats.save_piece import save_piece

        save_piece(self, path, made)

    def roll(self) -> Picture:
        """Draw the notes over time: a picture that a notebook shows, and that `save` writes."""
        from abclm.views.roll import draw_roll

        return draw_roll(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the roll and a player."""
        from abclm.views.piece_page import piece_html

        return piece_html(self)
