"""The script that counts how many tunes sound and look right finds what is wrong."""

import io
import json
import runpy
import shutil
import sys
import wave
from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from abclm.midi.performance import play
from abclm.score.svg import format_svg
from abclm.sound.wav import midi_to_wav
from abclm.tune import Tune

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "sound_and_score.py"
TEXT = "X:1\nT:Test\nM:4/4\nL:1/8\nK:G\nGABc dedB|c2A2 G5 z|]\n"


@pytest.fixture
def script():
    return runpy.run_path(str(SCRIPT), run_name="script")


@pytest.fixture
def altered(script, monkeypatch):
    """What is found of a tune whose sound is altered."""

    def altered(change):
        def midi_to_wav_altered(midi, *, fluidsynth):
            sound, rate = script["read_wav"](midi_to_wav(midi, fluidsynth=fluidsynth))
            out = io.BytesIO()
            with wave.open(out, "wb") as file:
                file.setnchannels(2)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(np.clip(change(sound) * 32768, -32768, 32767).astype("<i2").tobytes())
            return out.getvalue()

        monkeypatch.setitem(script["check_sound"].__globals__, "midi_to_wav", midi_to_wav_altered)
        found = script["check_sound"]([Tune.parse(TEXT)], fluidsynth=False)
        names = ("in tune", "as long", "below full scale", "unclipped", "ends in silence")
        return [name for name in names if not found[name]], found["exceptions"]

    return altered


def higher(sound):
    """The same tune a semitone up."""
    data = midi_to_wav(play(Tune.parse(TEXT).transpose(1)), fluidsynth=False)
    return np.frombuffer(data[44:], "<i2").reshape(-1, 2) / 32768


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda sound: sound, []),
        (lambda sound: 0 * sound + np.arange(len(sound))[:, None] % 2 / 4, ["in tune", "ends in silence"]),
        (lambda sound: sound[: -len(sound) // 10], ["as long"]),
        (lambda sound: np.concatenate([sound, 0 * sound[:2000]]), ["as long"]),
        (lambda sound: np.clip(sound, -0.3, 0.3), ["unclipped"]),
        (lambda sound: np.clip(2 * sound, -1, 1), ["below full scale", "unclipped"]),
        (lambda sound: sound * [1, 2], ["below full scale", "unclipped"]),
        (lambda sound: 0.9 * np.tanh(2 * sound), []),
        (lambda sound: np.concatenate([sound[:-400], 0 * sound[:400] + 0.2]), ["ends in silence"]),
    ],
    ids=["as it is", "hiss", "cut off", "too long", "clipped", "too loud", "one channel", "rounded off", "click"],
)  # fmt: skip
def test_what_is_wrong_with_a_sound_is_found(altered, change, wrong):
    found, exceptions = altered(change)
    assert set(wrong) <= set(found)
    assert bool(exceptions) == bool(wrong)
    assert wrong or not found


def test_a_sound_that_is_a_semitone_off_is_found(altered):
    found, exceptions = altered(higher)
    assert found == ["in tune"]
    assert "; 0% in tune" in exceptions[0]


def test_notes_are_read_by_another_library(script):
    notes = script["read_notes"](play(Tune.parse(TEXT)))
    assert [note.pitch for note in notes] == [67, 69, 71, 72, 74, 76, 74, 71, 72, 69, 67]
    assert all(isinstance(note, pretty_midi.Note) for note in notes)


@pytest.mark.parametrize(
    ("body", "signs"),
    [
        ("GABc dedB|]", 8),
        ("G5 A3|]", 3),
        ("[GBd]5 z3|]", 6),
        ('"Am"G4 [K:D]A4|]', 2),
        ("(3GAB c2 ^d2 =e2|]", 6),
    ],
)
def test_the_notes_that_are_written_are_counted(script, body, signs):
    tune = Tune.parse(TEXT.replace("GABc dedB|c2A2 G5 z|]", body))
    assert script["written_signs"](tune) == signs
    assert format_svg(tune).count('class="notehead"') == signs


def test_all_figures_are_printed(monkeypatch, capsys):
    monkeypatch.setattr(
        sys, "argv", [str(SCRIPT), "--tunes", "1", "--model", "session", "--corpus", "oldTunes", "--json"]
    )
    runpy.run_path(str(SCRIPT), run_name="__main__")
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"session", "oldTunes"}
    for parts in found.values():
        assert parts.keys() == {"sound, built in", "sound, FluidSynth", "score", "midi"}
        if not shutil.which("fluidsynth"):
            assert "install FluidSynth" in parts.pop("sound, FluidSynth")
        for figures in parts.values():
            assert figures["exceptions"] == []
        for name in ("in tune", "as long", "below full scale", "unclipped", "ends in silence"):
            assert parts["sound, built in"][name] == 1
        assert parts["score"]["note heads"] == parts["score"]["musicxml read back"] == 1
        assert parts["midi"]["read back"] == 1
