"""Turn a MIDI file into the bytes of a WAV file: 44.1 kHz, stereo, 16 bit.

FluidSynth plays it where the program is installed (see `abclm.sound.fluidsynth`); where it is not, the built-in
synthesis does (see `abclm.sound.synthesis`).
"""

import io
import logging
import os
import shutil
import wave

import numpy as np

from abclm.errors import ConvertError
from abclm.midi.file import MidiFile
from abclm.sound.fluidsynth import FluidsynthError, play_fluidsynth
from abclm.sound.synthesis import synthesize
from abclm.sound.timbres import SAMPLE_RATE_HZ, Samples

logger = logging.getLogger(__name__)

PEAK = 0.9
# An hour of sound would take gigabytes; no tune is as long as this.
MAX_SECONDS = 1800.0
_FULL_SCALE = 32767


def midi_to_wav(midi: MidiFile, *, fluidsynth: bool | None = None) -> bytes:
    """Play a MIDI file into a WAV file.

    Args:
        midi: the MIDI file.
        fluidsynth: True plays it with FluidSynth, False without; None takes it where it is installed.

    Returns:
        The WAV file's bytes: as long as the MIDI file's notes and their release, peak at 0.9.

    Raises:
        ConvertError: there is no note in it, it lasts over half an hour, the soundfont is missing, or FluidSynth
            was asked for and can't play it.
    """
    if not midi.pitched_notes:
        raise ConvertError("the MIDI file has no note to play, percussion aside")
    if midi.sounding_seconds > MAX_SECONDS:
        raise ConvertError(
            f"the MIDI file lasts {midi.sounding_seconds:.0f} s; up to {MAX_SECONDS:.0f} s can be made a WAV file"
        )
    program = None if fluidsynth is False else shutil.which("fluidsynth")
    if fluidsynth and not program:
        raise ConvertError("fluidsynth is not on PATH; install FluidSynth")
    sound = None
    if program:
        try:
            sound = play_fluidsynth(os.path.abspath(program), midi)
        except FluidsynthError as error:
            if fluidsynth:
                raise
            logger.warning("%s; synthesised without it", error)
    return _format_wav(sound if sound is not None else synthesize(midi))


def _format_wav(sound: Samples) -> bytes:
    """Bring sound of shape (samples, 1 or 2) to the same peak and write it as 16-bit stereo."""
    sound *= PEAK * _FULL_SCALE / max(float(np.abs(sound).max(initial=0)), 1e-9)
    stereo = np.empty((len(sound), 2), "<i2")
    stereo[:] = np.rint(sound)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(stereo.tobytes())
    return out.getvalue()
