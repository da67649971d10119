"""Sound: its format, its pitch, its length and its level, with FluidSynth and without."""

import io
import itertools
import math
import os
import shutil
import sys
import wave
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from abclm.errors import ConvertError
from abclm.midi.abc2midi import abc_to_midi, run_abc2midi
from abclm.midi.events import BEND, MidiEvent
from abclm.midi.file import MidiFile
from abclm.midi.instruments import INSTRUMENTS, timbre_name
from abclm.sound import timbres
from abclm.sound.mp3 import midi_to_mp3
from abclm.sound.wav import midi_to_wav

RATE = 44_100
SCALE = "X:1\nT:Low to high\nM:4/4\nL:1/8\nQ:1/4=120\nK:D\nA,B,CD E^EFG|Ac=cd e^gab|c'2z2 d4|\n"

needs_fluidsynth = pytest.mark.skipif(not shutil.which("fluidsynth"), reason="FluidSynth is not installed")
either = pytest.mark.parametrize("fluidsynth", [False, pytest.param(True, marks=needs_fluidsynth)])


def samples(data):
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float) / 32768


def sounding_pitch(sound):
    """The MIDI pitch of a steady sound: the first high peak of its autocorrelation, between its samples."""
    sound = sound - sound.mean()
    spectrum = np.fft.rfft(sound, 2 * len(sound))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(sound)]
    correlation /= np.arange(len(sound), 0, -1)  # as many products at each lag
    shortest, longest = RATE // 2500, RATE // 80
    window = correlation[shortest : longest + 2]
    peaks = np.flatnonzero((window[1:-1] >= window[:-2]) & (window[1:-1] > window[2:])) + 1
    lag = int(peaks[window[peaks] > 0.85 * window[peaks].max()][0])
    left, middle, right = window[lag - 1 : lag + 2]
    period = shortest + lag + (left - right) / (2 * (left - 2 * middle + right))
    return 69 + 12 * math.log2(RATE / period / 440)


def test_the_measure_itself_finds_the_pitch_of_a_tone():
    time = np.arange(RATE // 5) / RATE
    for pitch in (57.0, 60.3, 69.0, 81.5, 93.0):
        phase = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time
        assert sounding_pitch(np.sin(phase) + 0.6 * np.sin(2 * phase)) == pytest.approx(pitch, abs=0.05)


@either
def test_every_note_sounds_at_its_pitch_in_its_time(fluidsynth):
    midi = abc_to_midi(SCALE)
    sound = samples(midi_to_wav(midi, fluidsynth=fluidsynth))[:, 0]
    for note in midi.notes:
        begin, end = (round(RATE * second) for second in midi.seconds([note.start_ticks, note.end_ticks]))
        assert sounding_pitch(sound[begin + RATE // 25 : end]) == pytest.approx(note.pitch, abs=0.3)


@either
def test_it_is_as_long_as_the_notes_and_silent_in_rests(fluidsynth):
    sound = samples(midi_to_wav(abc_to_midi(SCALE), fluidsynth=fluidsynth))
    assert 6.0 <= len(sound) / RATE <= 6.0 + 0.7
    rest = sound[round(4.9 * RATE) : round(4.99 * RATE)]
    assert np.abs(rest).max() < 0.1 * np.abs(sound).max()


@either
def test_the_level_is_the_same_for_every_tune_and_nothing_clips_or_clicks(fluidsynth):
    loud = "X:1\nL:1/4\nM:4/4\nK:C\n!fff![CEGceg][DFAdfa]|\n"
    for text in (SCALE, loud):
        sound = samples(midi_to_wav(abc_to_midi(text), fluidsynth=fluidsynth))
        assert 0.85 < np.abs(sound).max() < 0.91
        assert np.abs(sound[[0, -1]]).max() < 0.02
        assert np.abs(np.diff(sound, axis=0)).max() < 0.6


def test_a_chord_in_a_quiet_tune_is_rounded_off_and_not_cut_off():
    quiet = "GABc dedB|" * 30
    text = f"X:1\nM:4/4\nL:1/8\nK:G\n{quiet}[DDDDEGB]2 z6|{quiet}\n"
    sound = samples(midi_to_wav(abc_to_midi(text), fluidsynth=False))[:, 0]
    loudest = np.abs(sound) == np.abs(sound).max()
    assert not (loudest[:-2] & loudest[1:-1] & loudest[2:]).any()


@pytest.mark.parametrize("bend", [-4096, 2048])
def test_a_bent_note_is_bent(bend):
    midi = abc_to_midi("X:1\nL:1/4\nM:4/4\nK:C\nA4|\n")
    value = bend + 8192
    midi = midi.replaced(BEND, [MidiEvent(0, BEND, bytes((value & 0x7F, value >> 7)))])
    sound = samples(midi_to_wav(midi, fluidsynth=False))[:, 0]
    assert sounding_pitch(sound[RATE // 10 : RATE]) == pytest.approx(69 + bend / 4096, abs=0.05)


def test_a_note_that_lasts_long_is_made_of_blocks_that_fit(monkeypatch):
    timbre = timbres.TIMBRES["blown"]
    whole = timbres.play_note(replace(timbre, breath=0), 440.0, 1.0)
    monkeypatch.setattr(timbres, "_BLOCK", 1000)
    assert np.abs(timbres.play_note(replace(timbre, breath=0), 440.0, 1.0) - whole).max() < 1e-4


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instrument_is_in_tune_and_has_no_click(name):
    midi = abc_to_midi(SCALE, instrument=INSTRUMENTS[name])
    sound = samples(midi_to_wav(midi, fluidsynth=False))[:, 0]
    for note in midi.notes:
        begin, end = (round(RATE * second) for second in midi.seconds([note.start_ticks, note.end_ticks]))
        assert sounding_pitch(sound[begin + RATE // 25 : end]) == pytest.approx(note.pitch, abs=0.3)
    assert np.abs(np.diff(sound)).max() < 0.5
    assert np.abs(sound[[0, -1]]).max() < 0.001


def test_instruments_sound_different():
    heard = {
        timbre_name(program): samples(midi_to_wav(abc_to_midi(SCALE, instrument=program), fluidsynth=False))[
            : RATE // 5, 0
        ]
        for program in INSTRUMENTS.values()
    }
    assert set(heard) == set(timbres.TIMBRES)
    for one, other in itertools.combinations(heard.values(), 2):
        assert np.abs(one - other).max() > 0.1


def test_tones_that_last_for_hours_together_are_an_error():
    text = "X:1\nQ:1/4=10\nM:4/4\nL:1/1\nK:C\n" + "[CDEFGABcdefgabc'd'e'f']" * 40
    with pytest.raises(ConvertError, match="together"):
        midi_to_wav(abc_to_midi(text), fluidsynth=False)


@pytest.mark.parametrize(
    ("midi", "words"),
    [
        (b"", "no MIDI file"),
        (abc_to_midi("X:1\nK:C\nC\n").to_bytes()[:-9], "cut off"),
        (abc_to_midi("X:1\nQ:1/4=20\nM:4/4\nL:1/1\nK:C\n" + "C" * 200).to_bytes(), "lasts 2400 s"),
    ],
)
def test_what_can_not_be_played_is_an_error(midi, words):
    with pytest.raises(ConvertError, match=words):
        midi_to_wav(MidiFile.parse(midi))


def test_percussion_alone_is_nothing_to_play():
    midi = run_abc2midi("X:1\nL:1/4\nM:4/4\nK:C\n%%MIDI channel 10\nCCCC|\n").midi
    with pytest.raises(ConvertError, match="no note to play"):
        midi_to_wav(midi)


# FluidSynth that is missing, or of no use


def test_without_fluidsynth_it_is_synthesised(monkeypatch, tmp_path):
    midi = abc_to_midi(SCALE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert midi_to_wav(midi) == midi_to_wav(midi, fluidsynth=False)
    with pytest.raises(ConvertError, match="install FluidSynth"):
        midi_to_wav(midi, fluidsynth=True)


@pytest.mark.skipif(os.name != "posix", reason="a script as on Unix")
def test_fluidsynth_that_fails_is_named_and_done_without(monkeypatch, tmp_path, caplog):
    broken = tmp_path / "fluidsynth"
    broken.write_text(f"#!{sys.executable}\nprint('no such thing')\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    midi = abc_to_midi(SCALE)
    assert midi_to_wav(midi) == midi_to_wav(midi, fluidsynth=False)
    assert "fluidsynth played nothing" in caplog.text
    assert "no such thing" in caplog.text
    with pytest.raises(ConvertError, match="played nothing"):
        midi_to_wav(midi, fluidsynth=True)


@needs_fluidsynth
def test_a_soundfont_that_is_missing_is_an_error(monkeypatch):
    monkeypatch.setenv("ABCLM_SOUNDFONT", "/no/such.sf2")
    with pytest.raises(ConvertError, match=r"ABCLM_SOUNDFONT is '/no/such.sf2'"):
        midi_to_wav(abc_to_midi(SCALE))


# MP3


def test_an_mp3_sounds_as_the_wav_and_is_smaller():
    midi = abc_to_midi(SCALE)
    whole, packed = samples(midi_to_wav(midi)), midi_to_mp3(midi)
    assert packed.startswith(b"\xff\xfb")
    assert len(packed) < 4 * len(whole) / 7
    sound, rate = soundfile.read(io.BytesIO(packed))
    assert (rate, sound.shape[1]) == (RATE, 2)
    same = min(len(sound), len(whole))
    assert abs(len(sound) - len(whole)) < RATE // 10
    assert np.corrcoef(sound[:same, 0], whole[:same, 0])[0, 1] > 0.99


def test_without_soundfile_there_is_no_mp3_and_wav_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(ConvertError, match="pip install soundfile, or write WAV"):
        midi_to_mp3(abc_to_midi(SCALE))
