"""Turn pieces from MIDI files into a page of HTML that needs nothing else: their rolls, players, how they were made."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from abclm.midi.piece import Piece
from abclm.show.html import image, text
from abclm.sound.mp3 import compact_sound
from abclm.sound.wav import midi_to_wav
from abclm.system.words import counted
from abclm.views.page import player, story, whole_page
from abclm.views.roll import draw_roll, format_roll_svg

_MOST_SECONDS = 240.0  # of sound in a notebook; more makes it many megabytes


def format_piece_page(piece: Piece, made: Mapping[str, str] | None = None) -> str:
    """Write a page.

    Args:
        piece: with a note or more.
        made: how it came about, such as `{"Model": "piano", "Seed": "7"}`, where that is known.

    Raises:
        ConvertError: there is no note.
    """
    return format_pieces_page(piece.title or "A piece", [(piece, made)])


def format_pieces_page(title: str, pieces: Sequence[tuple[Piece, Mapping[str, str] | None]]) -> str:
    """Write a page of several pieces.

    Args:
        title: of the page.
        pieces: each with a note or more, and how it came about, where that is known.

    Raises:
        ConvertError: one has no note.
    """
    articles = [_article(piece, made, number) for number, (piece, made) in enumerate(pieces, 1)]
    return whole_page(title, [piece.title for piece, _ in pieces], articles)


def _article(piece: Piece, made: Mapping[str, str] | None, number: int) -> str:
    title = escape(piece.title or "A piece")
    roll = format_roll_svg(piece)
    svg = roll[roll.index("<svg") :].replace(
        "<svg ", f'<svg role="img" aria-label="Piano roll of {title}" ', 1
    )
    facts = escape(f"{counted(len(piece.notes()), 'note')} · {', '.join(piece.meters)}")
    return f"""\
<article id="tune-{number}" aria-labelledby="title-{number}">
<h1 id="title-{number}">{title}</h1>
<p class="facts">{facts}</p>
<figure class="score" tabindex="0">{svg}</figure>
{player(title, piece.midi)}{story(made)}</article>
"""


def piece_html(piece: Piece) -> str:
    """Show a piece in a notebook: its roll, and a player where it is no longer than four minutes."""
    parts = [image(draw_roll(piece).png, "png", f"Piano roll of {piece.title or 'a piece'}")]
    if piece.midi.sounding_seconds <= _MOST_SECONDS:
        kind, sound = compact_sound(midi_to_wav(piece.midi))
        source = f"data:audio/{kind};base64,{base64.b64encode(sound).decode()}"
        label = text(f"Sound of {piece.title}")
        parts.append(f'<audio controls aria-label="{label}" style="width:100%" src="{source}"></audio>')
    else:
        parts.append(
            f'<p>{piece.midi.sounding_seconds:.0f} s are too long here; piece.save("piece.wav") plays them.</p>'
        )
    return f"<div>{''.join(parts)}</div>"
