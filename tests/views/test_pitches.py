"""How long each pitch sounds, as numbers and as pictures."""

import io

import numpy as np
import pytest

from abclm.notation.keys import parse_key
from abclm.tune import Tune
from abclm.views.pitches import is_in_key, pitch_class_histogram, pitch_name

HEAD = "X:1\nT:Test\nM:4/4\nL:1/4\nK:G\n"
BLUE, RED, GREY = (0x3B, 0x6E, 0xA5), (0xB3, 0x56, 0x3C), (0xA9, 0xB4, 0xBF)


def tune(body, key="G"):
    return Tune.parse(f"{HEAD.replace('K:G', f'K:{key}')}{body}\n")


def bars(picture, colour):
    """The heights in pixels of the bars of a colour, from left to right."""
    from matplotlib.image import imread

    pixels = (imread(io.BytesIO(picture.png))[:, :, :3] * 255 + 0.5).astype(np.uint8)
    heights = (pixels == colour).all(axis=2).sum(axis=0)
    edges = np.flatnonzero(np.diff((heights > 0).astype(int), prepend=0, append=0)).reshape(-1, 2)
    return [int(heights[(begin + end) // 2]) for begin, end in edges]


def test_a_pitch_that_sounds_longer_has_a_higher_bar():
    heights = bars(tune("G A2 B|c4|]").pitch_histogram(), BLUE)
    assert np.array(heights) / heights[0] == pytest.approx([1, 2, 1, 4], rel=0.03)


def test_what_is_not_in_the_scale_is_red():
    picture = tune("GA^cd|]").pitch_histogram()
    assert (len(bars(picture, BLUE)), len(bars(picture, RED))) == (3, 1)


def test_degrees_are_counted_from_the_tonic_whatever_the_key_and_each_tune_counts_as_much():
    tunes = [tune("G2 B2|d4|]"), tune("A2 c2|e4|]" * 50, "A"), tune("D4|]", "D")]
    heights = bars(pitch_class_histogram(tunes, "three"), BLUE)
    # Tonic, third and fifth: (25 + 25 + 100) / 3, 50 / 3, 100 / 3 %.
    assert np.array(heights) / heights[0] == pytest.approx([1, 1 / 3, 2 / 3], rel=0.03)


def test_modes_stand_beside_each_other_and_what_is_not_in_one_is_grey():
    tunes = [tune("G4|]"), tune("G4|]"), tune("A2 ^c2|]", "Am"), tune("D4|]", "Ddor"), tune("D4|]", "Dmix"),
             tune("D4|]", "Dlyd")]  # fmt: skip
    picture = pitch_class_histogram(tunes, "five modes")
    assert len(bars(picture, BLUE)) == 4
    assert len(bars(picture, GREY)) == 1


@pytest.mark.parametrize("tunes", [[], ["z4|]"]])
def test_where_there_is_nothing_to_draw_there_is_an_empty_picture(tunes):
    assert bars(pitch_class_histogram(map(tune, tunes), "$x$ <b>"), BLUE) == []


def test_a_key_that_can_not_be_read_is_passed_over():
    assert bars(pitch_class_histogram([tune("G4|]", "H"), tune("G4|]")], "two"), BLUE) != []
    assert bars(pitch_class_histogram([tune("G4|]", "H")], "one"), BLUE) == []


def test_pitches_are_named_as_the_key_spells_them():
    assert [pitch_name(pitch, parse_key("Eb")) for pitch in (60, 63, 70)] == ["C4", "E♭4", "B♭4"]
    assert [pitch_name(pitch, parse_key("E")) for pitch in (0, 68, 127)] == ["C-1", "G♯4", "G9"]


def test_the_scale_is_that_of_the_signature():
    dorian = parse_key("Ador")
    assert [pitch for pitch in range(60, 72) if is_in_key(pitch, dorian)] == [60, 62, 64, 66, 67, 69, 71]


def test_a_tune_of_all_pitches_can_be_drawn():
    every = "".join(f"{sign}{letter}{octave}" for octave in (",,,,", ",,", "", "''", "''''")
                    for letter in "CDEFGAB" for sign in ("", "^"))  # fmt: skip
    assert tune(f"{every}|]").pitch_histogram().png[:8] == b"\x89PNG\r\n\x1a\n"
