"""Turn a tune into what a notebook shows of it: its score and a player."""

import base64
import io
import logging
import wave
from html import escape

import numpy as np
from numpy.typing import NDArray

from abclm.convert.midifile import parse_midi
from abclm.convert.performance import play
from abclm.convert.score import format_svg, title_of
from abclm.convert.wav import midi_to_wav
from abclm.errors import AbclmError, ConvertError
from abclm.markup import image, text
from abclm.notation import Tune
from abclm.notation.symbols import Chord, Note

logger = logging.getLogger(__name__)

# What is longer makes a notebook of many megabytes, and takes long.
_MOST_NOTES = 2000
_MOST_SECONDS = 240.0
_MOST_LETTERS = 20_000
# An SVG has no background, and a notebook's may be dark.
_BACKGROUND = '<rect width="100%" height="100%" fill="#fff"/>'
# About 5 kB a second, where a WAV file of that rate takes 44.
_MP3 = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT", "compression_level": 0.8}


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
        abc = f"{abc[:_MOST_LETTERS]}\n… {len(abc) - _MOST_LETTERS:,} characters more"
    parts.append(f"<details><summary>ABC</summary><pre>{escape(abc)}</pre></details>")
    return f"<div>{''.join(parts)}</div>"


def _score(tune: Tune) -> str:
    notes = sum(isinstance(symbol, Note | Chord) for symbol in tune.music.symbols)
    if notes > _MOST_NOTES:
        raise ConvertError(
            f'{notes:,} notes are too many for a notebook; tune.save("score.pdf") writes them all'
        )
    head, bracket, rest = format_svg(tune).partition(">")
    svg = f"{head}{bracket}{_BACKGROUND}{rest}"
    return image(svg.encode(), "svg+xml", f"Score of {title_of(tune)}")


def _player(tune: Tune) -> str:
    midi = play(tune)
    file = parse_midi(midi)
    seconds = max(file.seconds([note.end_ticks for note in file.notes]), default=0.0)
    if seconds > _MOST_SECONDS:
        raise ConvertError(
            f'{seconds:.0f} s are too long for a notebook; tune.save("tune.wav") plays them all'
        )
    kind, sound = _small(midi_to_wav(midi))
    source = f"data:audio/{kind};base64,{base64.b64encode(sound).decode()}"
    label = text(f"Sound of {title_of(tune)}")
    return f'<div><audio controls aria-label="{label}" style="width:100%" src="{source}"></audio></div>'


def _small(wav: bytes) -> tuple[str, bytes]:
    """Make a WAV file small: one channel, every two samples made one, as MP3 where that can be written.

    Returns:
        The kind of the sound, `mpeg` or `wav`, and the file's bytes.
    """
    with wave.open(io.BytesIO(wav)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)
    pairs = sound[: len(sound) // 2 * 2].reshape(-1, 2 * channels).mean(axis=1).astype("<i2")
    packed = _mp3(pairs, rate // 2)
    if packed is not None:
        return "mpeg", packed
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate // 2)
        file.writeframes(pairs.tobytes())
    return "wav", out.getvalue()


def _mp3(sound: NDArray[np.int16], rate_hz: int) -> bytes | None:
    """Write one channel as MP3; None where the library for that is missing, or can't write it."""
    out = io.BytesIO()
    try:
        import soundfile

        soundfile.write(out, sound, rate_hz, **_MP3)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        logger.info("no MP3 could be written (%s); the sound is kept as WAV", error)
        return None
    return out.getvalue()
