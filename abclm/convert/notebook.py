"""Turn a tune into what a notebook shows of it: its score and a player."""

import base64
import io
import wave
from html import escape

import numpy as np

from abclm.convert.performance import play
from abclm.convert.score import format_svg
from abclm.convert.wav import midi_to_wav
from abclm.errors import AbclmError
from abclm.notation import Tune


def tune_html(tune: Tune) -> str:
    """Show a tune: its score, a player with its sound in it, and its text folded away.

    Args:
        tune: any tune; of one that can't be engraved or played, what can be is shown.

    Returns:
        HTML that needs nothing else, without scripts, as notebooks run none.
    """
    parts = []
    try:
        parts.append(
            format_svg(tune, seed=_seed(tune)).replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1)
        )
    except AbclmError as error:
        parts.append(f"<p>No score: {escape(str(error))}</p>")
    try:
        sound = base64.b64encode(_small(midi_to_wav(play(tune)))).decode()
        parts.append(f'<audio controls src="data:audio/wav;base64,{sound}"></audio>')
    except AbclmError as error:
        parts.append(f"<p>No sound: {escape(str(error))}</p>")
    parts.append(f"<details><summary>ABC</summary><pre>{escape(str(tune).rstrip())}</pre></details>")
    return f"<div>{''.join(parts)}</div>"


def _seed(tune: Tune) -> int:
    """Scores in one notebook need identifiers of their own."""
    return 1 + sum(tune.text.encode()) % 1_000_000


def _small(wav: bytes) -> bytes:
    """A quarter of the size: one channel, every two samples made one."""
    with wave.open(io.BytesIO(wav)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)
    pairs = sound[: len(sound) // 2 * 2].reshape(-1, 2 * channels).mean(axis=1)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate // 2)
        file.writeframes(pairs.astype("<i2").tobytes())
    return out.getvalue()
