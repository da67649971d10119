"""Turn the notes of a MIDI file into sound, without any program: one channel, 44.1 kHz.

Each note is played by the timbre of its channel's instrument and laid where it belongs. A note that comes again, at
the same pitch, length and loudness, is made once. Percussion is left out.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from abclm.errors import ConvertError
from abclm.midi.file import MidiFile, MidiNote
from abclm.midi.instruments import timbre_name
from abclm.sound.timbres import SAMPLE_RATE_HZ, TIMBRES, Samples, Times, play_note

# What is made of all notes together; a few hours of tone take minutes.
MAX_TONE_SECONDS = 14_400.0
_LONGEST_KEPT_SECONDS = 3.0
_BEND_SEMITONE = 4096
# Loud places are rounded off above this part of full scale, and quiet ones brought up by as much.
_KNEE = 0.7


def synthesize(file: MidiFile) -> Samples:
    """Play a MIDI file's notes.

    Args:
        file: with at least one note that is no percussion.

    Returns:
        Samples between -1 and 1, as long as the last note and its release: shape (samples, 1).

    Raises:
        ConvertError: its notes together last longer than four hours.
    """
    notes = file.pitched_notes
    starts = file.seconds([note.start_ticks for note in notes])
    ends = file.seconds([note.end_ticks for note in notes])
    tone_seconds = sum(ends) - sum(starts)
    if tone_seconds > MAX_TONE_SECONDS:
        raise ConvertError(
            f"the notes of the MIDI file last {tone_seconds:.0f} s together; up to {MAX_TONE_SECONDS:.0f} s "
            "can be played without FluidSynth"
        )
    timbres = [timbre_name(file.program_at(note.channel, note.start_ticks)) for note in notes]
    last_ticks = {note.channel: note.end_ticks for note in sorted(notes, key=lambda note: note.end_ticks)}
    bent = {bend.channel for bend in file.bends if bend.value}
    longest = max(timbre.ring_seconds for timbre in TIMBRES.values())
    sound = np.zeros(round((max(ends, default=0.0) + longest) * SAMPLE_RATE_HZ) + 2, np.float32)
    heard = 0
    for note, start, end, name in zip(notes, starts, ends, timbres, strict=True):
        cycles = _bent_cycles(file, note, start) if note.channel in bent else None
        tone = _tone(name, note.pitch, end - start, note.end_ticks == last_ticks[note.channel], cycles)
        first = round(start * SAMPLE_RATE_HZ)
        sound[first : first + len(tone)] += tone * np.float32(
            TIMBRES[name].gain * (note.velocity / 127) ** 1.3
        )
        heard = max(heard, first + len(tone))
    return _levelled(sound[:heard])[:, None]


def _tone(
    name: str, pitch: int, seconds: float, rings: bool, cycles: Callable[[Times], Times] | None
) -> Samples:
    """One note at full loudness; what may come again is kept."""
    if cycles is None and seconds <= _LONGEST_KEPT_SECONDS:
        return _kept_tone(name, pitch, round(seconds * SAMPLE_RATE_HZ), rings)
    return play_note(TIMBRES[name], _frequency_hz(pitch), seconds, rings=rings, cycles=cycles)


@lru_cache(maxsize=256)
def _kept_tone(name: str, pitch: int, samples: int, rings: bool) -> Samples:
    return play_note(TIMBRES[name], _frequency_hz(pitch), samples / SAMPLE_RATE_HZ, rings=rings)


def _frequency_hz(pitch: float) -> float:
    """In equal temperament, A above middle C at 440 Hz."""
    return 440.0 * float(2 ** ((pitch - 69) / 12))


def _bent_cycles(file: MidiFile, note: MidiNote, start: float) -> Callable[[Times], Times]:
    """Count a bent note's cycles: its frequency is steady from one bend of its channel to the next."""
    of_channel = [bend for bend in file.bends if bend.channel == note.channel]
    before = [bend.value for bend in of_channel if bend.ticks <= note.start_ticks]
    within = [bend for bend in of_channel if note.start_ticks < bend.ticks < note.end_ticks]
    values = np.array([before[-1] if before else 0, *(bend.value for bend in within)], float)
    times = np.array([0.0, *(each - start for each in file.seconds([bend.ticks for bend in within]))])
    frequencies = _frequency_hz(note.pitch) * 2 ** (values / _BEND_SEMITONE / 12)
    counted = np.concatenate([[0.0], np.cumsum(np.diff(times) * frequencies[:-1])])

    def cycles(time: Times) -> Times:
        index = np.searchsorted(times, time, side="right") - 1
        return np.asarray(counted[index] + (time - times[index]) * frequencies[index])

    return cycles


def _levelled(sound: Samples) -> Samples:
    """Bring the usual peaks to the knee, and round off the few above it, so that all tunes sound as loud."""
    loud = np.abs(sound)
    few = loud[:: max(1, len(loud) // 200_000)]
    heard = few[few > 0.02 * loud.max(initial=0)]
    if not len(heard):
        return sound
    sound *= np.float32(_KNEE / float(np.quantile(heard, 0.998)))
    over = np.abs(sound) > _KNEE
    above = (np.abs(sound[over]) - _KNEE) / (1 - _KNEE)
    # Bends at the knee as a tanh would, but is never flat, however loud a chord is.
    sound[over] = np.sign(sound[over]) * (_KNEE + (1 - _KNEE) * above / (1 + above))
    return sound
