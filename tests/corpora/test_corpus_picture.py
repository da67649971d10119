import io
import struct

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.corpora.picture import draw_corpus

BLUE, RED, GREY = (0x3B, 0x6E, 0xA5), (0xB3, 0x56, 0x3C), (0xA9, 0xB4, 0xBF)


@pytest.fixture(scope="module")
def corpus():
    return Corpus.load("oldTunes").normalize()


def draw(corpus, name="oldTunes", **changes):
    return draw_corpus(name, corpus.tunes, {**corpus.statistics(), **changes})


def count_pixels(png, colour):
    from matplotlib.image import imread

    pixels = (imread(io.BytesIO(png))[:, :, :3] * 255 + 0.5).astype(np.uint8)  # (height, width, 3)
    return int((pixels == colour).all(axis=2).sum())


def test_the_picture_is_a_png_of_one_size(corpus):
    png = draw(corpus)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1680, 1080)


def test_bars_are_blue_those_of_problems_red_and_those_of_what_has_no_name_grey(corpus):
    flawless = draw(corpus)
    assert count_pixels(flawless, BLUE) > 50_000
    assert count_pixels(flawless, RED) == count_pixels(flawless, GREY) == 0
    faulty = draw(corpus, problems={"duplicate": 30}, rhythms={"reel": 10, "none": 20})
    assert count_pixels(faulty, RED) > 2_000
    assert count_pixels(faulty, GREY) > 2_000


def test_many_values_are_drawn_as_the_commonest_and_the_others_together(corpus):
    many = {f"{number}/8": 100 - number for number in range(1, 40)}
    assert count_pixels(draw(corpus, meters=many), GREY) > 2_000
    findings = {"something found that takes many words " * 4 + str(number): 9 for number in range(20)}
    assert struct.unpack(">II", draw(corpus, check=findings)[16:24]) == (1680, 1080)


@pytest.mark.parametrize("name", ["$x^$", "a_$\\frac$", "日本の歌", "bad\udcff", "folder/" * 60, ""])
def test_a_file_may_have_any_name(corpus, name):
    assert draw(corpus, name)


def test_few_tunes_and_none_are_drawn_too(corpus):
    assert draw(Corpus("one", corpus.tunes[:1]))
    assert draw(Corpus("none", ()))
