"""Turn MIDI bytes into the bytes of a WAV file: 44.1 kHz, stereo, 16 bit.

FluidSynth plays it where the program is installed, with the soundfont that `ABCLM_SOUNDFONT` names or
else the one in `pretty_midi`'s wheel. Where it is not, `pretty_midi` synthesises the notes, with a wave
like a plucked string's. Percussion is left out of the latter.
"""

import importlib.util
import io
import logging
import os
import shutil
import tempfile
import wave
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abclm.convert.midifile import PERCUSSION_CHANNEL, MidiFile, MidiNote, parse_midi
from abclm.convert.programs import printable, run_program
from abclm.errors import ConvertError

logger = logging.getLogger(__name__)

SAMPLE_RATE_HZ = 44_100
PEAK = 0.9
# An hour of sound would take gigabytes; no tune is as long as this.
MAX_SECONDS = 1800.0
RELEASE_SECONDS = 0.03
_FLUIDSYNTH_TAIL_SECONDS = 0.6
_FLUIDSYNTH_GAINS = (0.4, 0.1, 0.02)
_FADE_SECONDS = 0.05
# Synthesis takes memory for a group's whole stretch of time, and time for its notes times its bends.
_GROUP_NOTES = 64
_HARMONICS = 8
_FULL_SCALE = 32767

Samples = NDArray[np.float32]


def midi_to_wav(midi: bytes, *, fluidsynth: bool | None = None) -> bytes:
    """Play a MIDI file into a WAV file.

    Args:
        midi: the bytes of a MIDI file of format 0 or 1.
        fluidsynth: True plays it with FluidSynth, False without; None takes it where it is installed.

    Returns:
        The WAV file's bytes: as long as the MIDI file's notes and their release, peak at 0.9.

    Raises:
        ConvertError: the bytes are no MIDI file, there is no note in it, it lasts over half an hour, the
            soundfont is missing, or FluidSynth was asked for and can't play it.
    """
    file = parse_midi(midi)
    ends = file.seconds([note.end_ticks for note in file.notes if note.channel != PERCUSSION_CHANNEL])
    if not ends:
        raise ConvertError("the MIDI file has no note to play, percussion aside")
    seconds = max(ends)
    if seconds > MAX_SECONDS:
        raise ConvertError(
            f"the MIDI file lasts {seconds:.0f} s; up to {MAX_SECONDS:.0f} s can be made a WAV file"
        )
    program = None if fluidsynth is False else shutil.which("fluidsynth")
    if fluidsynth and not program:
        raise ConvertError("fluidsynth is not on PATH; install FluidSynth")
    sound = None
    if program:
        try:
            sound = _play_fluidsynth(os.path.abspath(program), midi, seconds)
        except _FluidsynthError as error:
            if fluidsynth:
                raise
            logger.warning("%s; synthesised without it", error)
    return _format_wav(sound if sound is not None else _synthesize(file, seconds))


class _FluidsynthError(ConvertError):
    """FluidSynth is there and can't play."""


def soundfont() -> Path:
    """Find the soundfont that FluidSynth plays with.

    Raises:
        ConvertError: `ABCLM_SOUNDFONT` names no file, or there is none.
    """
    named = os.environ.get("ABCLM_SOUNDFONT")
    if named:
        if not os.path.isfile(named):
            raise ConvertError(
                f"ABCLM_SOUNDFONT is {named!r}, which is no file; name a .sf2 file or unset it"
            )
        return Path(named).absolute()
    spec = importlib.util.find_spec("pretty_midi")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, "TimGM6mb.sf2")
        if path.is_file():
            return path.absolute()
    raise _FluidsynthError("no soundfont was found; set ABCLM_SOUNDFONT to a .sf2 file")


def _play_fluidsynth(program: str, midi: bytes, seconds: float) -> Samples:
    """Render with FluidSynth, at a lower gain where it would clip: shape (samples, 2)."""
    with tempfile.TemporaryDirectory(prefix="abclm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "tune.mid").write_bytes(midi)
        # An empty file, so that it doesn't run the start-up commands of the user.
        (folder / "commands").write_bytes(b"")
        for gain in _FLUIDSYNTH_GAINS:
            played = _run_fluidsynth(program, folder, gain, timeout_seconds=30 + seconds)
            if np.abs(played).max() < _FULL_SCALE:
                break
    return _faded(played[: round((seconds + _FLUIDSYNTH_TAIL_SECONDS) * SAMPLE_RATE_HZ)])


def _run_fluidsynth(program: str, folder: Path, gain: float, timeout_seconds: float) -> Samples:
    """Render `tune.mid` in a folder: shape (samples, 2), full scale 32767."""
    font = soundfont()
    # No chorus and no reverb: they blur the notes. Raw samples: FluidSynth may be built without WAV.
    settings = ["-q", "-n", "-i", "-f", "commands", "-C", "0", "-R", "0", "-g", str(gain)]
    output = ["-r", str(SAMPLE_RATE_HZ), "-T", "raw", "-O", "s16", "-E", "little", "-F", "tune.raw"]
    try:
        ended = run_program(
            [program, *settings, *output, str(font), "tune.mid"],
            folder,
            timeout_seconds=timeout_seconds,
            memory_bytes=1 << 32,
            file_bytes=1 << 30,
        )
    except ConvertError as error:
        raise _FluidsynthError(str(error)) from error
    raw = folder / "tune.raw"
    played = np.fromfile(raw, "<i2").astype(np.float32) if raw.exists() else np.zeros(0, np.float32)
    if ended.returncode or not played.any():
        said = ended.output.decode("utf-8", errors="replace").strip().splitlines()
        reason = f" ({printable(said[-1])})" if said else ""
        raise _FluidsynthError(f"fluidsynth played nothing with the soundfont {font}{reason}")
    return played[: len(played) // 2 * 2].reshape(-1, 2)


def _synthesize(file: MidiFile, seconds: float) -> Samples:
    """Add up the notes as `pretty_midi` synthesises them: shape (samples, 1)."""
    sound = np.zeros(round((seconds + RELEASE_SECONDS) * SAMPLE_RATE_HZ) + 1, np.float32)
    for notes in _groups(file):
        start, instrument = _instrument(file, notes)
        part = instrument.synthesize(fs=SAMPLE_RATE_HZ, wave=_plucked)
        first = round(start * SAMPLE_RATE_HZ)
        part = part[: len(sound) - first]
        sound[first : first + len(part)] += part
    return sound[:, None]


def _groups(file: MidiFile) -> Iterator[list[MidiNote]]:
    """Yield a channel's notes a few at a time."""
    heard = sorted(file.notes, key=lambda note: (note.channel, note.start_ticks))
    for channel, of_channel in groupby(heard, key=lambda note: note.channel):
        if channel != PERCUSSION_CHANNEL:
            notes = list(of_channel)
            for first in range(0, len(notes), _GROUP_NOTES):
                yield notes[first : first + _GROUP_NOTES]


def _instrument(file: MidiFile, notes: list[MidiNote]) -> tuple[float, Any]:
    """Make a `pretty_midi` instrument of some notes of a channel; give its start in seconds too."""
    import pretty_midi

    channel, begin = notes[0].channel, notes[0].start_ticks
    end = max(note.end_ticks for note in notes)
    starts = file.seconds([note.start_ticks for note in notes])
    ends = file.seconds([note.end_ticks for note in notes])
    origin = starts[0]
    instrument = pretty_midi.Instrument(program=0)
    for note, start, stop in zip(notes, starts, ends, strict=True):
        instrument.notes.append(
            pretty_midi.Note(note.velocity, note.pitch, start - origin, stop - origin + RELEASE_SECONDS)
        )
    before = [bend for bend in file.bends if bend.channel == channel and bend.ticks <= begin]
    within = [bend for bend in file.bends if bend.channel == channel and begin < bend.ticks < end]
    for bend in before[-1:] + within:
        time = max(0.0, file.seconds([bend.ticks])[0] - origin)
        instrument.pitch_bends.append(pretty_midi.PitchBend(bend.value, time))
    return origin, instrument


def _plucked(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give a note's wave: harmonics of a string plucked off its middle, the high ones dying sooner.

    Args:
        phase: the fundamental's phase in radians, a value a sample: (samples,).

    Returns:
        The wave, starting at 0: (samples,).
    """
    step = float(phase[1] - phase[0]) if len(phase) > 1 else 0.0
    time = np.arange(len(phase)) / SAMPLE_RATE_HZ
    turn = np.exp(1j * phase)
    decay = np.exp(-1.4 * time)
    total = np.zeros(len(phase))
    harmonic, damping = turn.copy(), np.ones(len(phase))
    for number in range(1, _HARMONICS + 1):
        # Above half the sample rate a harmonic would come back out of tune.
        if number * step >= np.pi:
            break
        total += np.sin(np.pi * number / 3.7) / number**1.3 * damping * harmonic.imag
        harmonic *= turn
        damping *= decay
    return total


def _faded(sound: Samples) -> Samples:
    """Bring the end down to silence, so that it doesn't click."""
    count = min(len(sound), round(_FADE_SECONDS * SAMPLE_RATE_HZ))
    if count:
        sound[-count:] *= np.linspace(1, 0, count, dtype=np.float32)[:, None]
    return sound


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
