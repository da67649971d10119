"""What is said of a set of tunes by itself: valid, in key, in form, varied, copied."""

import json

import pytest

from abclm.analysis.forms import ends_on_tonic
from abclm.analysis.novelty import NoveltyIndex
from abclm.analysis.sections import is_in_form, is_in_key, section_lengths, share_in_scale
from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError
from abclm.evaluation.quality import Share, distinct_bars, distinct_openings, judge, nearest_overlap
from abclm.tune import Tune

HEAD = "X:1\nT:Test\nM:2/4\nL:1/8\nK:G\n"
FOUR = "GBdB|cAFA|Bdgd|cAFG"


def body(music, head=HEAD):
    return Tune.parse(f"{head}{music}\n")


# Key


@pytest.mark.parametrize(
    ("head", "music", "share"),
    [
        ("K:G", "GABc|defg|]", 1),
        ("K:G", "G=FG=F|]", 0.5),
        ("K:Ador", "AB^c2|]", 0.5),  # in time, not in notes
        ("K:Am", "A^GAB|]", 0.75),
        ("K:G", "GABc|[K:F]F_BAF|]", 1),
        ("K:G", "GABc|[K:F]=BFAF|]", 7 / 8),
        ("K:G", "z8|]", 0),
    ],
)
def test_the_share_in_scale_is_of_the_time_and_of_the_key_in_force(head, music, share):
    assert share_in_scale(Tune.parse(f"X:1\nL:1/8\n{head}\n{music}\n")) == pytest.approx(share)


def test_a_tune_is_in_key_with_a_tenth_outside():
    assert is_in_key(body("GABc|defg|^A2G6|G4|]"))
    assert not is_in_key(body("G=F^A_B|]"))


@pytest.mark.parametrize(
    ("music", "ends"),
    [("GABG|]", True), ("GABA|]", False), ("GB[Gdg]4|]", True), ("G2[K:Am]A2|]", True), ("z4|]", False)],
)
def test_the_last_note_is_the_tonic_or_not(music, ends):
    assert ends_on_tonic(body(music)) == ends


# Form


@pytest.mark.parametrize(
    ("music", "lengths"),
    [
        (f"{FOUR}|]", [4]),
        (f"{FOUR}:|", [4, 4]),
        (f"{FOUR}|{FOUR}:|:{FOUR}:|", [8, 8, 4, 4]),
        (f"D|{FOUR[:-1]}:|", [4, 4]),  # a pick-up, made up for by the last bar
        (f"{FOUR}||D2|{FOUR}|]", [4, 4.5]),
        ("GBdB|1cAFA:|2cAG2|]", [2, 2]),
        ("GBdB|[M:3/4]GBdBGB|]", [2]),
        ("z4|]", [1]),
    ],
)
def test_sections_have_the_lengths_that_are_heard(music, lengths):
    assert section_lengths(body(music)) == lengths


def test_without_a_meter_what_stands_between_bar_lines_is_a_bar():
    assert section_lengths(body("GABc|d|efg||e3|d2", "X:1\nM:none\nL:1/8\nK:G\n")) == [3, 2]


@pytest.mark.parametrize(
    ("music", "is_in"),
    [
        (f"{FOUR}:|", True),
        (f"{FOUR}|{FOUR}:|:{FOUR}|{FOUR}:|", True),
        (f"D|{FOUR}:|", True),
        (f"{FOUR}|]", False),  # four bars in all
        ("GBdB|cAFA|Bdgd:|:GBdB|]", False),  # 3 + 3 + 1
        (f"{FOUR}|GBdB||cAFA|Bdgd|]", False),  # eight, in sections of five and three
        ("", False),
    ],
)
def test_form_is_eights_of_bars_in_fours(music, is_in):
    assert is_in_form(body(music)) == is_in


def test_most_real_tunes_are_in_form_and_in_key():
    tunes = Corpus.load("oldTunes").normalize()
    assert sum(map(is_in_form, tunes)) / len(tunes) > 0.9
    assert all(map(is_in_key, tunes))


# Diversity


def test_distinct_bars_are_counted_over_all_tunes():
    assert distinct_bars([body("GBdB|cAFA|]"), body("GBdB|BdBd|]")]) == pytest.approx(3 / 4)
    assert distinct_bars([body("GBdB|G4|]")]) == 1  # a bar of one note says nothing
    assert distinct_bars([body("G4|]")]) == 0


def test_openings_are_the_same_in_any_key():
    first, moved, other = body("GBdB|cAFA|BdBd|]"), body("Aceg|gecA|]"), body("GBdB|cAFA|gdBG|]").transpose(3)
    assert distinct_openings([first, moved, other]) == pytest.approx(2 / 3)


def test_the_nearest_overlap_is_with_another_tune_of_the_set():
    one, other = body("GBdB|cAFA|BdBd|gdBG|]"), body("GBdB|cAFA|]")
    assert nearest_overlap([one, other]) == pytest.approx((2 / 4 + 2 / 2) / 2)
    assert nearest_overlap([one]) == 0
    assert nearest_overlap([one, one]) == 1


# All together


def test_the_shares_are_counted():
    good, bad = body(f"{FOUR}|cAFA|BdBd|dBGB|AFG2|]"), body("GBdB|cA=FA^G|(3GB:|")
    found = judge([good, bad, good])
    assert found.valid == found.strict == found.in_form == Share(2, 3)
    assert found.ends_on_tonic == Share(2, 3)
    assert found.copied is None
    assert found.tunes == found.diversity_of == 3
    json.dumps(found.to_dict())


def test_copies_are_counted_where_the_training_tunes_are_known():
    mine, new = body(f"{FOUR}|]"), body("efge|dcBA|GFED|EFGA|]")
    found = judge([mine.transpose(2), new], NoveltyIndex.create([mine]), ask_abc2midi=False)
    assert found.copied == Share(1, 2)
    assert (found.median_overlap, found.longest_run) == (0.5, 4)
    assert [each.title for each in found.overlaps] == ["Test", ""]
    assert found.strict is None
    assert "overlaps" not in found.to_dict()


def test_the_diversity_is_of_as_many_tunes_as_asked_for():
    same = [body(f"{FOUR}|]")] * 8
    assert judge(same, diversity_of=2, ask_abc2midi=False).distinct_openings == 1 / 2
    assert judge(same, diversity_of=100, ask_abc2midi=False).diversity_of == 8


def test_an_interval_has_a_width_where_all_count():
    assert Share(10, 10).interval == pytest.approx((0.722, 1.0), abs=1e-3)
    assert Share(0, 10).interval == pytest.approx((0.0, 0.278), abs=1e-3)


def test_no_tunes_are_refused_and_one_without_notes_is_not():
    with pytest.raises(ConfigError, match="received none"):
        judge([])
    found = judge([body("z4|]")], NoveltyIndex.create([body(FOUR)]))
    assert found.valid == found.strict == found.in_key == Share(0, 1)
    assert found.copied == Share(0, 1)


# Structure


def test_the_means_of_structure_are_over_the_tunes_that_have_a_figure():
    eight = f"{FOUR}|{FOUR}:|"
    means = judge(
        [body(eight), body(f"{FOUR}:|"), body(f"{FOUR}|cAFA|GBdB|Bdgd|A4:|")], ask_abc2midi=False
    ).structure
    assert (means["bar_5_is_1"].mean, means["bar_5_is_1"].of) == (0.5, 2)
    assert (means["ends_on_tonic"].mean, means["ends_on_tonic"].of) == (pytest.approx(2 / 3), 3)
    low, high = means["ends_on_tonic"].interval
    assert 0 <= low < 2 / 3 < high <= 1
    assert "names_another_dance" not in means
