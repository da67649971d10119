"""Chords for a tune: its beats, the chords that are found, and where they go in the text."""

import re

import pytest

from abclm.analysis.harmony.beats import PHRASES, PLACES, beats_of
from abclm.analysis.harmony.model import TONES, find_chords, read_table
from abclm.analysis.harmony.symbols import add_chords
from abclm.notation.check import check
from abclm.notation.keys import SEMITONES
from abclm.tune import Tune


def tune(body, key="D", meter="6/8", more=""):
    return Tune.parse(f"X:1\nM:{meter}\nL:1/8\n{more}K:{key}\n{body}\n")


JIG = "A|d2f fdA|e2A cAG|FAd dAF|E3 E2:|\n|:A|F2A dAF|G2B A2F|EFG Ace|d3 d2:|"


def symbols_of(found):
    return re.findall(r'"([^"]*)"', found.body)


def test_beats_have_what_sounds_in_them_and_where_they_stand():
    found = beats_of(tune('A|"D"d2f a3|"A7"e6|d3 "G"z/d5/2|]'))
    assert [(PLACES[beat.place], beat.chord, beat.is_pick_up) for beat in found] == [
        ("middle", None, True), ("first", "D", False), ("middle", "D", False), ("first", "A7", False),
        ("middle", "A7", False), ("first", "A7", False), ("middle", "G", False),
    ]  # fmt: skip
    assert [beat.at >= 0 for beat in found] == [True, True, True, True, False, True, True]
    eighth = sum(found[0].sounding)
    assert {place: time / eighth for place, time in enumerate(found[1].sounding) if time} == {2: 2, 6: 1}
    assert found[1].onsets == {2}
    assert [PHRASES[beat.phrase] for beat in found[-2:]] == ["last", "last"]


def test_a_bar_that_a_second_half_completes_is_one_bar():
    found = beats_of(tune("A2|:d2d2 e2e2|f4:|A4|]", meter="4/4"))
    assert [PLACES[beat.place] for beat in found if beat.section == 1] == [
        "first", "other", "middle", "other", "first", "other",
    ]  # fmt: skip
    assert [PLACES[beat.place] for beat in found if beat.section == 2] == ["middle", "other"]


@pytest.mark.parametrize("meter", ["4/4", "C", "C|", "2/2"])
def test_a_whole_note_has_four_beats_however_its_meter_is_spelled(meter):
    assert len(beats_of(tune("d8|d8|]", meter=meter))) == 8


def test_every_meter_has_beats():
    meters = ["3/2", "2/4", "3/4", "6/4", "9/8", "12/8", "5/8", "7/8", "2+3/8", "3/8", "1/4", "6/16"]
    counts = {meter: len(beats_of(tune("d4 " * 12 + "|]", meter=meter))) for meter in meters}
    assert all(counts.values())
    assert (counts["6/4"], counts["3/2"]) == (8, 12)


def test_chords_go_above_each_section_and_where_they_change_and_nothing_else_does():
    given = tune(JIG)
    found = add_chords(given)
    assert re.sub(r'"[^"]*"', "", found.text) == given.text
    assert isinstance(found, Tune)
    assert found.notes() == given.notes()
    assert check(found) == check(given)
    first, second = found.body.split("\n")[:2]
    assert first.startswith('A|"D"d2f')
    assert second.startswith('|:A|"D"F2A')
    assert symbols_of(found)[-2:] == ["A7", "D"]


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [("G", "G", "G"), ("Am", "Am", "Am"), ("Bb", "Bb", "Bb"), ("F#m", "F#m", "F#m"), ("Eb", "Eb", "Eb")],
)
def test_a_scale_that_ends_on_the_tonic_begins_and_ends_with_its_chord(key, first, last):
    scale = {"G": "GBdB GBdB|ABcd G4|]", "Am": "Aceg aece|GABG A4|]", "Bb": "BdfdBdfd|cBAcB4|]",
             "F#m": "FAcA FAcA|^EFG^E F4|]", "Eb": "EGBG EGBG|FEDF E4|]"}[key]  # fmt: skip
    found = symbols_of(add_chords(tune(scale, key, "4/4")))
    assert (found[0], found[-1]) == (first, last)


def test_the_chords_of_a_tune_that_is_moved_are_the_same_moved():
    for semitones in (-5, -1, 2, 6):
        one = symbols_of(add_chords(tune(JIG)).transpose(semitones))
        other = symbols_of(add_chords(tune(JIG).transpose(semitones)))
        assert [root(each) for each in one] == [root(each) for each in other]


def root(symbol):
    letter, sign, kind = re.fullmatch(r"([A-G])([#b]?)(m?7?)", symbol).groups()
    return (SEMITONES[letter] + {"": 0, "#": 1, "b": -1}[sign]) % 12, kind


def test_chords_that_are_there_stay_and_a_section_without_gets_some():
    found = add_chords(tune(JIG.replace("e2A", '"Bm"e2A')))
    first, second = found.body.split("\n")[:2]
    assert symbols_of(found).count("Bm") == 1
    assert re.findall(r'"[^"]*"', first) == ['"Bm"']
    assert second.startswith('|:A|"D"F2A')
    assert add_chords(found).text == found.text


def test_a_symbol_stands_before_what_is_attached_to_its_note():
    found = add_chords(tune('!trill!{c}"^slow"~d2f fdA|(3efg (.A3 G)|FAd dAF|D6|]'))
    assert found.body.startswith('"D"!trill!{c}"^slow"~d2f')
    assert '"A7"(3efg' in found.body or '"A"(3efg' in found.body
    assert [problem for problem in check(found) if problem.severity == "error"] == []


def test_modes_get_chords_of_their_own_scale():
    mixolydian = add_chords(tune("d2fd A2FA|=c2ec G2EG|=c2ec A2GA|d2d2 d4|]", "Dmix", "4/4"))
    assert "C" in symbols_of(mixolydian)
    assert not {"A", "A7", "F#m"} & set(symbols_of(mixolydian))
    dorian = add_chords(tune("A2cA e2cA|G2BG d2BG|A2cA e2fe|d2BG A4|]", "Ador", "4/4"))
    assert set(symbols_of(dorian)) <= {"Am", "G", "D", "D7", "Em", "C"}


def test_changes_of_key_and_free_meter_and_no_notes_are_no_trouble():
    found = symbols_of(add_chords(tune("d2f fdA|d6||[K:F]f2a agf|f6|]")))
    assert (found[0], found[-1]) == ("D", "F")
    assert symbols_of(add_chords(tune("CEGc GEC4|]", "C", "none"))) == ["C"]
    assert add_chords(tune("z6|]")).body == tune("z6|]").body or symbols_of(add_chords(tune("z6|]")))
    assert add_chords(tune("")).body == tune("").body
    assert beats_of(tune("[K:H]d3|[M:foo]e3|]"))


def test_of_several_voices_the_first_gets_chords():
    found = add_chords(tune("V:1\nd2f fdA|d6|]\nV:2\nD6|D6|]"))
    upper, lower = found.body.split("V:2")
    assert symbols_of(Tune.parse(f"X:1\nK:D\n{upper}"))
    assert '"' not in lower


@pytest.mark.parametrize("is_minor", [False, True])
def test_the_figures_are_of_chords_that_have_notes_and_shares_that_add_up(is_minor):
    table = read_table(is_minor)
    assert table.weights.shape == (12 * 4 + len(PHRASES) * len(PLACES) + 1, len(table.chords))
    assert all(degree.kind in TONES for degree in table.chords)
    for row, own in zip(table.change, range(len(table.chords)), strict=True):
        assert sum(2.718282**each for place, each in enumerate(row) if place != own) == pytest.approx(
            1, abs=0.02
        )


def test_no_beats_have_no_chords():
    assert find_chords([]) == []
