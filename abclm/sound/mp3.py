"""Turn a WAV file into a small one, for players in notebooks and on pages: MP3, where that can be written."""

import io
import logging
import wave

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

# About 5 kB a second, where a WAV file of that rate takes 44.
_MP3 = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT", "compression_level": 0.8}


def compact_sound(wav: bytes) -> tuple[str, bytes]:
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
