"""A compass: of an instrument, of two pitches, of the tunes of a rhythm."""

import pytest

from abclm.analysis.compass import INSTRUMENTS, Compass, compass_in, compasses_of
from abclm.errors import ModelError, NotationError
from abclm.tune import Tune


def tunes(rhythm, low, high, number):
    return [Tune.parse(f"X:1\nR:{rhythm}\nM:4/4\nL:1/8\nK:C\nC{low} {high}c|\n")] * number


@pytest.mark.parametrize("text", sorted(INSTRUMENTS))
def test_every_instrument_has_a_compass(text):
    assert Compass.of(text.upper()) == Compass.of(INSTRUMENTS[text])


@pytest.mark.parametrize(
    ("text", "compass"), [("D4-B5", (62, 83)), ("g3 - e6", (55, 88)), ("Bb3-C#6", (58, 85)), ("C4-C5", None)]
)
def test_two_pitches_are_a_compass_with_room_for_every_key(text, compass):
    if compass:
        assert Compass.of(text) == compass
    else:
        with pytest.raises(
            NotationError, match=r"an octave or more, with G4 to C#5 in it, .* received 'C4-C5'"
        ):
            Compass.of(text)


@pytest.mark.parametrize("text", ["", "piano", "D4", "B5-D4", "H4-B5"])
def test_anything_else_is_refused(text):
    with pytest.raises(NotationError, match="compass"):
        Compass.of(text)


def test_a_rhythm_has_the_compass_that_nearly_all_of_its_tunes_keep():
    counted = compasses_of(
        [*tunes("reel", "G,", "e'", 400), *tunes("reel", "C,", "a'", 1), *tunes("air", "C,", "f", 29)]
    )
    assert counted == {"": [48, 88], "reel": [55, 88]}
    metadata = {"training": {"compass": counted}}
    assert compass_in(metadata, "reel") == (55, 88)
    assert compass_in(metadata, "air") == compass_in(metadata, None) == (48, 88)
    assert compass_in({}, "reel") is None


def test_other_counts_are_refused():
    with pytest.raises(ModelError, match=r"training\.compass has two pitches for each rhythm; copy"):
        compass_in({"training": {"compass": {"reel": [1]}}}, None)
