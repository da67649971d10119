"""Write a piece from a MIDI file, or of a model of notes or rolls, in the format that the file's suffix names."""

import os
from collections.abc import Mapping
from pathlib import Path

from abclm.errors import ConvertError
from abclm.formats.table import FORMATS, Format
from abclm.midi.piece import Piece
from abclm.system.files import write_bytes

PIECE_FORMATS: dict[str, Format] = {
    **{suffix: row for suffix, row in FORMATS.items() if row.from_midi},
    ".svg": Format(media_type="image/svg+xml", label="Roll .svg", write="abclm.views.roll:format_roll_svg"),
    ".png": Format(media_type="image/png", label="Roll .png", write="abclm.views.roll:format_roll_png"),
    ".html": Format(
        media_type="text/html; charset=utf-8", label="Page .html",
        write="abclm.views.piece_page:format_piece_page", options=("made",),
    ),
}  # fmt: skip


def save_piece(piece: Piece, path: str | os.PathLike[str], made: Mapping[str, str] | None = None) -> None:
    """Write a piece.

    Args:
        piece: with a note or more.
        path: a file with one of the suffixes in `PIECE_FORMATS`. It is written aside and renamed into place.
        made: how the piece was made, for a page of HTML.

    Raises:
        ConvertError: there is no such format for a piece, or it has no note.
        OSError: the file can't be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in PIECE_FORMATS:
        raise ConvertError(
            f"{path}: a piece can be saved as {', '.join(PIECE_FORMATS)}, not {suffix or 'without a suffix'!r}"
        )
    row = PIECE_FORMATS[suffix]
    write_bytes(path, row.format(piece.midi if row.from_midi else piece, made=made))
