import base64
import io
import re
import wave

from abclm.notation import Tune

TEXT = "X:1\nT:<b>Test\nM:4/4\nL:1/8\nK:G\nGABc d4|]\n"


def test_a_notebook_shows_score_and_player():
    html = Tune.parse(TEXT)._repr_html_()
    assert html.count('class="notehead"') == 5
    assert "<script" not in html
    assert "<b>" not in html
    data = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 22_050)
        assert 2 < sound.getnframes() / 22_050 < 3


def test_what_can_not_be_shown_is_said():
    html = Tune.parse(TEXT.replace("GABc d4", "z8"))._repr_html_()
    assert "No score: " in html
    assert "No sound: " in html
    assert "z8|]" in html
