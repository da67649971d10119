"""Turn a tune into what a notebook shows of it: its score and a player."""

import base64
from html import escape

from abclm.errors import AbclmError, ConvertError
from abclm.midi.performance import play
from abclm.notation.symbols import Chord, Note
from abclm.notation.tune import Tune
from abclm.score.heading import title_of
from abclm.score.svg import format_svg
from abclm.show.html import image, text
from abclm.sound.mp3 import compact_sound
from abclm.sound.wav import midi_to_wav
from abclm.system.words import counted

# What is longer makes a notebook of many megabytes, and takes long.
_MOST_NOTES = 2000
_MOST_SECONDS = 240.0
_MOST_LETTERS = 20_000
# An SVG has no background, and a notebook's may be dark.
_BACKGROUND = '<rect width="100%" height="100%" fill="#fff"/>'


def tune_html(tune: Tune) -> str:
    """Show a tune: its score, a player with its sound in it, and its text folded away.

    Args:
        tune: any tune; of one that can't be engraved or played, or is too long for a notebook, what can be is
            shown, and why the rest is not.

    Returns:
        HTML that needs nothing else, without scripts, as notebooks run none. The score is an image: notebooks
        that are not trusted yet show images, and no SVG.
    """
    parts = []
    try:
        parts.append(_score(tune))
    except AbclmError as error:
        parts.append(f"<p>No score: {text(error)}</p>")
    try:
        parts.append(_player(tune))
    except AbclmError as error:
        parts.append(f"<p>No sound: {text(error)}</p>")
    abc = tune.text.rstrip().encode(errors="replace").decode()
    if len(abc) > _MOST_LETTERS:
        abc = f"{abc[:_MOST_LETTERS]}\n… {counted(len(abc) - _MOST_LETTERS, 'more character')}"
    parts.append(f"<details><summary>ABC</summary><pre>{escape(abc)}</pre></details>")
    return f"<div>{''.join(parts)}</div>"


def _score(tune: Tune) -> str:
    notes = sum(isinstance(symbol, Note | Chord) for symbol in tune.music.symbols)
    if notes > _MOST_NOTES:
        raise ConvertError(
            f'{counted(notes, "note")} are too many for a notebook; tune.save("score.pdf") writes them all'
        )
    head, bracket, rest = format_svg(tune).partition(">")
    svg = f"{head}{bracket}{_BACKGROUND}{rest}"
    return image(svg.encode(), "svg+xml", f"Score of {title_of(tune)}")


def _player(tune: Tune) -> str:
    midi = play(tune)
    seconds = midi.sounding_seconds
    if seconds > _MOST_SECONDS:
        raise ConvertError(
            f'{seconds:.0f} s are too long for a notebook; tune.save("tune.wav") plays them all'
        )
    kind, sound = compact_sound(midi_to_wav(midi))
    source = f"data:audio/{kind};base64,{base64.b64encode(sound).decode()}"
    label = text(f"Sound of {title_of(tune)}")
    return f'<div><audio controls aria-label="{label}" style="width:100%" src="{source}"></audio></div>'
