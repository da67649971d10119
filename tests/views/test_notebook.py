"""What a notebook shows of a tune."""

import base64
import io
import re
import sys
import time
import wave
from xml.etree import ElementTree

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from abclm.midi.performance import play
from abclm.sound.wav import midi_to_wav
from abclm.tune import Tune

TEXT = "X:1\nT:<b>Test\nM:4/4\nL:1/8\nK:G\nGABc d4|]\n"
LONG = TEXT.replace("GABc d4|]", "GABc dedB|" * 1250)


def shown(text):
    data, _ = DisplayFormatter().format(Tune.parse(text))
    return data


def part(html, kind):
    return base64.b64decode(re.search(rf'src="data:{re.escape(kind)};base64,([^"]+)"', html)[1])


def test_a_notebook_shows_score_player_and_abc():
    data = shown(TEXT)
    assert data["text/plain"] == "Tune('T:<b>Test, M:4/4, K:G')"
    html = data["text/html"]
    score = ElementTree.fromstring(part(html, "image/svg+xml"))
    assert len([each for each in score.iter() if each.get("class") == "notehead"]) == 5
    assert score[0].get("fill") == "#fff"  # a notebook may be dark
    assert 'alt="Score of &lt;b&gt;Test"' in html
    assert 'aria-label="Sound of &lt;b&gt;Test"' in html
    assert f"<pre>{TEXT.strip().replace('<', '&lt;').replace('>', '&gt;')}</pre>" in html


def test_nothing_runs_and_nothing_of_the_tune_is_markup():
    html = shown(TEXT)["text/html"]
    assert "<script" not in html
    assert "<b>" not in html
    assert "<svg" not in html  # which notebooks that are not trusted leave out


def test_the_sound_is_small_and_is_what_is_heard():
    import soundfile

    mp3 = part(shown(TEXT)["text/html"], "audio/mpeg")
    sound, rate = soundfile.read(io.BytesIO(mp3))
    assert rate == 22_050
    assert sound.ndim == 1
    with wave.open(io.BytesIO(midi_to_wav(play(Tune.parse(TEXT))))) as file:
        seconds = file.getnframes() / file.getframerate()
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 4).mean(axis=1) / 32768
    assert len(sound) / rate == pytest.approx(seconds, abs=0.1)
    assert len(mp3) < 6000 * (seconds + 1)
    # The encoder may begin late.
    alike = np.fft.irfft(np.conj(np.fft.rfft(heard, 1 << 18)) * np.fft.rfft(sound, 1 << 18))
    assert alike.max() > 0.95 * np.linalg.norm(heard) * np.linalg.norm(sound)


def test_without_the_library_for_mp3_the_sound_is_wav(monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with wave.open(io.BytesIO(part(shown(TEXT)["text/html"], "audio/wav"))) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 22_050)
        assert 2 < sound.getnframes() / 22_050 < 3


def test_what_can_not_be_shown_is_said():
    html = shown(TEXT.replace("GABc d4", "z8"))["text/html"]
    assert "No score: " in html
    assert "No sound: " in html
    assert "z8|]" in html


def test_what_is_too_long_for_a_notebook_is_said_and_takes_no_time():
    began = time.process_time()
    data = shown(LONG.replace("dedB|", "dedB|%" + "%" * 100 + "\n"))
    html = data["text/html"]
    assert "No score: 10,000 notes are too many for a notebook" in html
    assert re.search(r"No sound: \d+ s are too long for a notebook", html)
    assert " more characters</pre>" in html
    assert sum(map(len, data.values())) < 25_000
    assert time.process_time() - began < 20


def test_a_list_of_tunes_is_a_list_of_names():
    tune = Tune.parse(LONG.replace("<b>Test", "A" * 1000).replace("M:4/4", "R:reel\nM:C|"))
    assert repr([tune]) == f"[Tune('T:{'A' * 60}, R:reel, M:C|, K:G')]"
