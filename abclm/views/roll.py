"""Turn a piece from a MIDI file into a picture of its notes over time, 64 quarter notes to a row: a piano roll."""

import io
from math import ceil
from typing import TYPE_CHECKING

from abclm.errors import ConvertError
from abclm.midi.file import MidiNote
from abclm.midi.piece import Piece
from abclm.show.picture import FILL, TEXT, Picture, dress, format_png, new_figure, shorten
from abclm.system.words import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_QUARTERS_IN_ROW = 64
_MOST_ROWS = 8
_OUTSIDE = "#f1f3f5"
_BLACK_KEYS = {1, 3, 6, 8, 10}


def draw_roll(piece: Piece) -> Picture:
    """Draw a piece's pitched notes: time from left to right, pitch from low to high, softer notes paler.

    Rows of black keys are grey, and each C is named. Of a piece of more than 512 quarter notes the first 512 are drawn.

    Raises:
        ConvertError: there is no note.
    """
    return Picture(format_png(_figure(piece)), f"Piano roll of {_title(piece)}")


def format_roll_png(piece: Piece) -> bytes:
    """Draw the roll as a PNG file; see `draw_roll`."""
    return draw_roll(piece).png


def format_roll_svg(piece: Piece) -> str:
    """Draw the roll as an SVG file, the same each time; see `draw_roll`."""
    import matplotlib as mpl

    drawing = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "roll", "svg.fonttype": "none"}):
        _figure(piece).savefig(drawing, format="svg", metadata={"Date": None})
    return drawing.getvalue()


def _figure(piece: Piece) -> "Figure":
    notes = piece.notes()
    if not notes:
        raise ConvertError(f"{_title(piece)}: there is no pitched note to draw")
    width = _QUARTERS_IN_ROW * piece.ticks_per_quarter
    whole = ceil(max(note.end_ticks for note in notes) / width)
    rows = max(1, min(whole, _MOST_ROWS))
    pitches = [note.pitch for note in notes]
    low, high = min(pitches), max(pitches)
    figure = new_figure(12, 0.5 + rows * min(2.4, 0.9 + 0.04 * (high - low)))
    for row, panel in enumerate(figure.subplots(rows, 1, squeeze=False)[:, 0]):
        dress(panel)
        for pitch in range(low, high + 1):
            if pitch % 12 in _BLACK_KEYS:
                panel.axhspan(pitch - 0.5, pitch + 0.5, color=_OUTSIDE, linewidth=0)
        start = row * width
        shown = [note for note in notes if start <= note.start_ticks < start + width]
        bars = [_bar(note, piece.ticks_per_quarter) for note in shown]
        panel.barh(
            [note.pitch for note in shown], [length for _, length in bars], 0.8, [left for left, _ in bars],
            color=[(FILL, 0.35 + 0.65 * note.velocity / 127) for note in shown],
        )  # fmt: skip
        named = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
        panel.set_yticks(named, [f"C{pitch // 12 - 1}" for pitch in named], fontsize=10)
        panel.set_ylim(low - 0.7, high + 0.7)
        panel.set_xlim(row * _QUARTERS_IN_ROW - 0.05, (row + 1) * _QUARTERS_IN_ROW + 0.05)
        panel.spines[["left", "bottom"]].set_visible(False)
    more = f" (the first {counted(rows * _QUARTERS_IN_ROW, 'quarter note')})" if whole > rows else ""
    figure.suptitle(_title(piece) + more, fontsize=14, color=TEXT, parse_math=False)
    return figure


def _bar(note: MidiNote, ticks_per_quarter: int) -> tuple[float, float]:
    """When a note begins and how long it is drawn, in quarters: a little shorter, so that repeated notes are seen."""
    length = (note.end_ticks - note.start_ticks) / ticks_per_quarter
    return note.start_ticks / ticks_per_quarter, max(0.9 * length, length - 0.08, 0.05)


def _title(piece: Piece) -> str:
    return shorten(piece.title, 80) or "a piece"
