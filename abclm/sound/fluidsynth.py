"""Turn a MIDI file into sound by the program FluidSynth and a soundfont: two channels, 44.1 kHz.

The soundfont is the one that `ABCLM_SOUNDFONT` names, or else the one in `pretty_midi`'s wheel.
"""

import importlib.util
import os
import tempfile
from pathlib import Path

import numpy as np

from abclm.errors import ConvertError
from abclm.midi.file import MidiFile
from abclm.sound.timbres import SAMPLE_RATE_HZ, Samples
from abclm.system.programs import printable, run_program

# What the last note rings on.
TAIL_SECONDS = 0.6
# A lower one is tried where one clips.
_GAINS = (0.4, 0.1, 0.02)
_FADE_SECONDS = 0.05
_FULL_SCALE = 32767


class FluidsynthError(ConvertError):
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
    raise FluidsynthError("no soundfont was found; set ABCLM_SOUNDFONT to a .sf2 file")


def play_fluidsynth(program: str, midi: MidiFile) -> Samples:
    """Render with FluidSynth, at a lower gain where it would clip: shape (samples, 2)."""
    with tempfile.TemporaryDirectory(prefix="abclm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "tune.mid").write_bytes(midi.to_bytes())
        # An empty file, so that it doesn't run the start-up commands of the user.
        (folder / "commands").write_bytes(b"")
        for gain in _GAINS:
            played = _run(program, folder, gain, timeout_seconds=30 + midi.sounding_seconds)
            if np.abs(played).max() < _FULL_SCALE:
                break
    return _faded(played[: round((midi.sounding_seconds + TAIL_SECONDS) * SAMPLE_RATE_HZ)])


def _run(program: str, folder: Path, gain: float, timeout_seconds: float) -> Samples:
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
        raise FluidsynthError(str(error)) from error
    raw = folder / "tune.raw"
    played = np.fromfile(raw, "<i2").astype(np.float32) if raw.exists() else np.zeros(0, np.float32)
    if ended.returncode or not played.any():
        said = ended.output.decode("utf-8", errors="replace").strip().splitlines()
        reason = f" ({printable(said[-1])})" if said else ""
        raise FluidsynthError(f"fluidsynth played nothing with the soundfont {font}{reason}")
    return played[: len(played) // 2 * 2].reshape(-1, 2)


def _faded(sound: Samples) -> Samples:
    """Bring the end down to silence, so that it doesn't click."""
    count = min(len(sound), round(_FADE_SECONDS * SAMPLE_RATE_HZ))
    if count:
        sound[-count:] *= np.linspace(1, 0, count, dtype=np.float32)[:, None]
    return sound
