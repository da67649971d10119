"""Turn a piece from a MIDI file into a page of HTML that needs nothing else: its roll, a player, how it was made."""

import base64
from collections.abc import Mapping
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
    title = escape(piece.title or "A piece")
    roll = format_roll_svg(piece)
    svg = roll[roll.index("<svg") :].replace(
        "<svg ", f'<svg role="img" aria-label="Piano roll of {title}" ', 1
    )
    facts = escape(f"{counted(len(piece.notes()), 'note')} · {', '.join(piece.meters)}")
    article = f"""\
<article id="tune-1" aria-labelledby="title-1">
<h1 id="title-1">{title}</h1>
<p class="facts">{facts}</p>
<figure class="score" tabindex="0">{svg}</figure>
{player(title, piece.midi)}{story(made)}</article>
"""
    return whole_page(piece.title or "A piece", [piece.title], [article])


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
