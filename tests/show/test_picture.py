import struct

import pytest
from IPython.core.formatters import DisplayFormatter

from abclm.errors import ConfigError
from abclm.show.picture import Picture, dress, format_png, new_figure, shorten


def test_a_picture_is_saved_as_png_and_as_nothing_else(tmp_path):
    picture = Picture(b"\x89PNG", "A reel")
    picture.save(tmp_path / "reel.PNG")
    assert (tmp_path / "reel.PNG").read_bytes() == b"\x89PNG"
    with pytest.raises(ConfigError, match=r"saved as \.png; received 'reel\.jpg'"):
        picture.save("reel.jpg")


def test_a_notebook_shows_it_with_words_for_those_who_can_not_see_it():
    data, metadata = DisplayFormatter().format(Picture(b"\x89PNG", "A reel"))
    assert data == {"image/png": b"\x89PNG", "text/plain": "Picture(description='A reel')"}
    assert metadata == {"image/png": {"alt": "A reel"}}


@pytest.mark.parametrize("title", ["$x^$", "a_$\\frac$", "日本の歌", "<b>", ""])
def test_a_title_may_be_anything(title):
    figure = new_figure(3, 2)
    dress(figure.subplots(), title)
    png = format_png(figure)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (360, 240)


def test_what_is_too_long_is_cut_and_what_is_no_letter_replaced():
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
    assert shorten("bad\udcff", 6) == "bad?"
