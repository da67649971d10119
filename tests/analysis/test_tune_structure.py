"""What comes back in a tune and how its parts end, against values worked out by hand."""

import pytest

from abclm.analysis.line import leaps, motifs
from abclm.analysis.parts import parts_of
from abclm.analysis.structure import FEATURES, FIGURES, structure, structure_features
from abclm.notation.tune import Tune

HEAD = "X:1\nT:Test\nR:polka\nM:2/4\nL:1/8\nK:D\n"
A = "dfaf|edef|gfed|e2A2|dfaf|edef|gfec|d4"  # bars 5 and 6 are bars 1 and 2
B = "afdf|gece|fdBd|cAce|abag|fdfa|gfec|d4"  # bar 5 is not bar 1; ends like A


def of(music, head=HEAD):
    return Tune.parse(f"{head}{music}\n")


@pytest.mark.parametrize(
    ("music", "lengths"),
    [
        (f"{A}:|{B}:|", [8, 8]),
        (f"{A}:||:{B}:|", [8, 8]),
        (f"|:{A}::{B}:|", [8, 8]),
        (f"{A}||{B}|]", [8, 8]),
        (f"A|{A[:-1]}3:|f|{B[:-1]}3:|", [8, 8]),  # pick-ups are no bars
        (f"{A[:-3]}|1d4:|2d2f2||{B}:|", [8, 8]),  # the second ending belongs to the first part
        (f"{A}|\n{B}|]", [16]),  # an end of a line divides nothing
        ("dfaf||edef|gfed|e2A2|]", [4]),  # a bar is no part
        ("dfaf:|edef|gfed|e2A2|]", [1, 3]),  # but one that is repeated
        ("dfaf|ed||ef|gfed|e2A2|]", [4]),
    ],
)
def test_parts_are_divided_at_repeats_and_double_bars(music, lengths):
    assert [part.length for part in parts_of(of(music))] == lengths


def test_two_halves_of_a_bar_are_one_bar():
    (part,) = parts_of(of("dfaf|ed\n||ef|gfed|e2A2|]"))
    assert [len(bar.notes) for bar in part.bars] == [4, 4, 4, 2]
    assert part.bars[1].content == parts_of(of("dfaf|edef|]"))[0].bars[1].content


def test_what_comes_back_in_eight_bars():
    found = structure(of(f"{A}:|{B}:|"))
    assert found["bar_5_is_1"] == found["bars_5_6_are_1_2"] == 0.5
    assert found["last_bars_alike"] == 1
    assert found["parts_of_four"] == 1
    # Of 16 bars, five of A are different twice over, and "gfec" and "d4" are in both parts; d4 has one note.
    assert found["distinct_bars"] == pytest.approx(11 / 14)


@pytest.mark.parametrize(
    ("music", "share"),
    [
        ("dfed|egfe|]", None),  # no bar has five notes
        ("d2fed2|e2gfe2|]", None),
        ("defga|]", 0),
        ("defgab|]", 1 / 2),  # two shapes of four steps
        ("dfgab|egabc'|]", 1 / 2),  # thirds of four and three semitones, then steps
        ("dfgab|dagab|]", 0),  # a third, a leap
        ("dfgab|fdedc|]", 0),  # upwards, downwards
        ("dfgab|dfgab|]", 0),  # a bar that comes again counts once
        ("ddefg|ddeef|]", 0),
    ],
)
def test_a_shape_that_comes_again_at_another_degree_is_a_motif(music, share):
    (part,) = parts_of(of(music, HEAD.replace("2/4", "5/8")))
    found = motifs(part.bars)
    assert found == (None if share is None else pytest.approx(share))


def test_leaps_in_one_direction_and_sevenths_are_counted():
    assert leaps([62, 67, 74, 69, 64, 62]) == {"leaps": 4 / 5, "leaps_in_line": 2, "sevenths": 0}
    assert leaps([62, 66, 70, 62, 61])["leaps_in_line"] == 0  # thirds are no leaps
    assert leaps([62, 72])["sevenths"] == leaps([73, 62])["sevenths"] == 1
    assert leaps([62, 74])["sevenths"] == 0


def test_lag_counts_points_of_a_grid_with_the_same_pitch():
    found = structure(of("d4|e4|f4|g4|d4|e4|f4|a4|]", HEAD.replace("D\n", "C\n")))
    assert found["lag_4_over_3"] == pytest.approx(3 / 4)
    assert structure(of("d4|e4|f4|d4|e4|f4|d4|e4|]"))["lag_4_over_3"] == -1
    half = structure(of("d4|e4|f4|g4|d2A2|A4|B4|c4|]"))
    assert half["lag_4_over_3"] == pytest.approx(1 / 8)


@pytest.mark.parametrize(
    ("music", "parts", "tune"),
    [
        (f"{A}:|{B}:|", 1, 1),
        (f"{A}:|{B[:-2]}e4:|", 0.5, 0),
        (f"{A[:-2]}e4:|{B}:|", 0.5, 1),
        (f"{A[:-3]}|1d4:|2d2e2||{B}:|", 0.5, 1),  # the last note as written
        (f"[K:A]{A[:-2]}A4:|[K:D]{B}:|", 1, 1),  # each in its key
        (f"{A[:-2]}[dfa]4:|{B}:|", 0.5, 1),  # of a chord the highest note
    ],
)
def test_parts_and_tunes_end_on_the_tonic_or_not(music, parts, tune):
    found = structure(of(music))
    assert (found["parts_on_tonic"], found["ends_on_tonic"]) == (parts, tune)


def test_a_last_note_is_long_against_the_median():
    assert structure(of(f"{A}|]"))["long_last_note"] == 1
    assert structure(of("dfaf|edef|gfed|efed|]"))["long_last_note"] == 0
    assert structure(of("dfaf|edef|gfed|efed-|d4|]"))["long_last_note"] == 1  # a tie is one note


def test_compass_and_leaps():
    found = structure(of(f"{A}:|"))
    assert found["outside_g3_e6"] == found["leap_over_octave"] == 0
    assert structure(of(f"{A}|e'2e2:|"))["outside_g3_e6"] == 0
    assert structure(of(f"{A}|f'2f2:|"))["outside_g3_e6"] == 1
    assert structure(of(f"{A}|F,2D2:|"))["outside_g3_e6"] == 1
    assert structure(of(f"{A}|d'2D2:|"))["leap_over_octave"] == 1


@pytest.mark.parametrize(
    ("title", "rhythm", "names", "another"),
    [
        ("The Lost Badger", "reel", 0, None),
        ("The Badger's Reel", "reel", 1, 0),
        ("The Badger's Jig", "reel", 1, 1),
        ("The Badger's Jig", "slip jig", 1, 0),
        ("The Badger's Hop Jig", "slip jig", 1, 0),
    ],
)
def test_a_title_names_a_dance_or_another_one(title, rhythm, names, another):
    found = structure(of(f"{A}|]", HEAD.replace("Test", title).replace("polka", rhythm)))
    assert (found["names_a_dance"], found.get("names_another_dance")) == (names, another)


def test_what_a_tune_does_not_have_is_left_out():
    found = structure(of("dfaf|edef|gfed|e2A2|]", "X:1\nM:2/4\nL:1/8\nK:D\n"))
    assert not {"bar_5_is_1", "last_bars_alike", "names_a_dance"} & set(found)
    assert structure(of("d4|e4|]")) == {}
    assert structure_features(of("d4|e4|]")).tolist() == [0] * len(FEATURES)
    free = structure(of("dfaf edef|gfed e2A2|]", "X:1\nM:none\nL:1/8\nK:D\n"))
    assert free["parts_of_four"] == 0


def test_features_are_figures_in_their_units():
    tune = of(f"{A}:|{B}:|")
    found = structure(tune)
    expected = [found[name] / unit for name, unit in FEATURES.items()]
    assert structure_features(tune) == pytest.approx(expected)
    assert set(FEATURES) <= {each.name for each in FIGURES}
