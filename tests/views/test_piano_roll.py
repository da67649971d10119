"""The piano roll: where notes and bar lines stand in it."""

import io
from fractions import Fraction

import numpy as np
import pytest

from abclm.errors import ConvertError
from abclm.tune import Tune
from abclm.views.piano_roll import heard_bar_lines

HEAD = "X:1\nT:Test\nM:4/4\nL:1/4\nK:G\n"
BLUE, RED = (0x3B, 0x6E, 0xA5), (0xB3, 0x56, 0x3C)


def tune(body, head=HEAD):
    return Tune.parse(f"{head}{body}\n")


def where(picture, colour):
    """The pixels of a colour, bool (height, width)."""
    from matplotlib.image import imread

    pixels = (imread(io.BytesIO(picture.png))[:, :, :3] * 255 + 0.5).astype(np.uint8)
    return (pixels == colour).all(axis=2)


def runs(row):
    """How often a row of pixels becomes true."""
    return int((np.diff(row.astype(int), prepend=0) == 1).sum())


def test_each_note_stands_by_itself_one_after_another_and_higher_where_it_is_higher():
    notes = where(tune("GABc|dddd|]").piano_roll(), BLUE)
    assert runs(notes.any(axis=0)) == 8
    columns = np.flatnonzero(notes.any(axis=0))
    heights = [np.flatnonzero(notes[:, column]).min() for column in columns]
    assert heights == sorted(heights, reverse=True)
    assert runs(notes.any(axis=1)) == 5


def test_repeats_are_played_out():
    once, twice = (where(tune(body).piano_roll(), BLUE) for body in ("GABc|]", "GABc:|"))
    assert (runs(once.any(axis=0)), runs(twice.any(axis=0))) == (4, 8)


def test_what_is_not_in_the_scale_is_red():
    picture = tune("GA^cd|]").piano_roll()
    assert runs(where(picture, RED).any(axis=0)) == 1
    assert not where(tune("GABc|]").piano_roll(), RED).any()
    assert not where(tune("GA^Bc|]").piano_roll(), RED).any()  # which is c


def test_a_row_has_sixteen_bars_and_there_are_no_more_than_eight():
    heights = [
        where(tune("GABc|" * bars).piano_roll(), BLUE).shape[0] for bars in (1, 16, 17, 32, 128, 129, 2000)
    ]
    assert heights[0] == heights[1] < heights[2] == heights[3] < heights[4] == heights[5] == heights[6]


def test_a_pick_up_makes_no_row_of_its_own():
    heights = [where(tune(body).piano_roll(), BLUE).shape[0] for body in ("G|" + "GABc|" * 16, "GABc|" * 16)]
    assert heights[0] == heights[1]


def test_bar_lines_are_where_they_are_heard():
    assert heard_bar_lines(tune("d|GABc|d3:|efga|]")) == [Fraction(each) for each in (1, 5, 8, 9, 13, 16, 20)]
    assert heard_bar_lines(tune("GABc")) == []


def test_a_notebook_shows_it_under_its_name():
    picture = Tune.parse(HEAD.replace("Test", "<b>$x$") + "G4|]\n").piano_roll()
    assert picture.description == "Piano roll of <b>$x$"
    assert picture.png[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_tune_without_a_note_can_not_be_drawn():
    for draw in (Tune.piano_roll, Tune.pitch_histogram):
        with pytest.raises(ConvertError, match="no note to draw"):
            draw(tune("z4|]"))


@pytest.mark.parametrize(
    "body",
    ["GABc" * 2500, "GABc|" * 2500, "G/64|" * 5000, "G999999999 A|", "[C,,,,G'''']|", "G|" * 100 + "Z9999999 A|"],
    ids=["one bar", "many bars", "tiny bars", "a long note", "a wide range", "a long rest"],
)  # fmt: skip
@pytest.mark.parametrize("meter", ["4/4", "none", "1/64", "999/1"])
def test_any_tune_makes_a_picture_of_a_size_that_can_be_looked_at(body, meter):
    picture = tune(body, HEAD.replace("4/4", meter)).piano_roll()
    width, height = (int.from_bytes(picture.png[at : at + 4], "big") for at in (16, 20))
    assert width == 1440
    assert 100 < height < 2600
    assert len(picture.png) < 500_000
