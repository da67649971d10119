"""Turn sound into MP3: a MIDI file into a file to be kept, and a WAV file into a small one for players."""

import io
import logging
import wave

import numpy as np
from numpy.typing import NDArray

from abclm.errors import ConvertError
from abclm.midi.file import MidiFile
from abclm.sound.wav import midi_to_wav

logger = logging.getLogger(__name__)

_MP3 = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT"}
# In stereo at 44.1 kHz about 20 kB a second, where WAV takes 176.
_KEPT = 0.5
# About 5 kB a second in one channel at half the rate, where WAV takes 44.
_SMALL = 0.8


def midi_to_mp3(midi: MidiFile) -> bytes:
    """Play a MIDI file into an MP3 file: 44.1 kHz, stereo, about 20 kB a second.

    Raises:
        ConvertError: as `midi_to_wav`, or MP3 can't be written here.
    """
    sound, rate = _samples(midi_to_wav(midi))
    # As floats: libsndfile 1.2 garbles stereo that is given as 16-bit integers.
    packed = _mp3(np.divide(sound, 1 << 15, dtype=np.float32), rate, _KEPT)
    if packed is None:
        raise ConvertError(
            "MP3 can't be written without the library soundfile; pip install soundfile, or write WAV"
        )
    return packed


def compact_sound(wav: bytes) -> tuple[str, bytes]:
    """Make a WAV file small: one channel, every two samples made one, as MP3 where that can be written.

    Returns:
        The kind of the sound, `mpeg` or `wav`, and the file's bytes.
    """
    sound, rate = _samples(wav)
    pairs = sound[: len(sound) // 2 * 2].reshape(-1, 2 * sound.shape[1]).mean(axis=1).astype("<i2")
    packed = _mp3(pairs, rate // 2, _SMALL)
    if packed is not None:
        return "mpeg", packed
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate // 2)
        file.writeframes(pairs.tobytes())
    return "wav", out.getvalue()


def _samples(wav: bytes) -> tuple[NDArray[np.int16], int]:
    """The samples of a WAV file, of shape (samples, channels), and how many there are a second."""
    with wave.open(io.BytesIO(wav)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return sound.reshape(-1, file.getnchannels()), file.getframerate()


def _mp3(sound: NDArray[np.int16] | NDArray[np.float32], rate_hz: int, compression: float) -> bytes | None:
    """Write sound as MP3; None where the library for that is missing, or can't write it."""
    out = io.BytesIO()
    try:
        import soundfile

        soundfile.write(out, sound, rate_hz, **_MP3, compression_level=compression)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        logger.info("no MP3 could be written (%s); the sound is kept as WAV", error)
        return None
    return out.getvalue()
