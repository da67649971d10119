"""Durations and pitches of symbols; most of it is in features/."""

from fractions import Fraction as F

import pytest

from abclm.midi.abc2midi import played_notes, run_abc2midi
from abclm.notation.fields import parse_meter
from abclm.notation.symbols import Change, Timed, Tuplet
from abclm.notation.timing import WHOLE, quarters, ticks, tuplet_time
from abclm.tune import Tune


def timed(body, header="L:1/4\n"):
    return [
        symbol
        for symbol in Tune.parse(f"X:1\n{header}K:C\n{body}\n").music.symbols
        if isinstance(symbol, Timed)
    ]


def test_ticks_and_quarters_are_exact_both_ways():
    assert ticks(F(1)) == WHOLE
    for length in (F(1, 4), F(1, 12), F(1, 1024), F(1, 11), F(3, 7)):
        assert quarters(ticks(length)) == 4 * length


def test_usual_lengths_are_whole_ticks_and_others_exact_fractions():
    assert all(type(symbol.duration) is int for symbol in timed("A/B//c/16(3ABc(5ABcde(7ABcdefg(9ABcdefgab"))
    assert [symbol.duration for symbol in timed("A/11")] == [F(WHOLE, 44)]


@pytest.mark.parametrize(
    ("meter", "times"),
    [("4/4", [3, 2, 3, 2, 2, 2, 3, 2]), ("6/8", [3, 2, 3, 3, 2, 3, 3, 3]), ("9/8", [3, 2, 3, 3, 2, 3, 3, 3])],
)
def test_the_time_of_a_tuplet_is_that_of_the_standard(meter, times):
    assert [tuplet_time(p, parse_meter(meter)) for p in range(2, 10)] == times


def test_a_tuplet_follows_the_meter_in_force():
    tune = Tune.parse("X:1\nM:4/4\nL:1/8\nK:C\n(5CDEFG[M:6/8](5CDEFG|\n")
    assert [symbol.q for symbol in tune.music.symbols if isinstance(symbol, Tuplet)] == [2, 3]


def test_a_rest_of_several_bars_ends_accidentals_and_one_of_one_bar_does_not():
    assert [note.pitch for note in Tune.parse("X:1\nK:C\n^GZG|^GZ2G|\n").notes()] == [68, 68, 68, 67]


def test_a_rest_of_whole_bars_ends_a_tuplet():
    assert [quarters(symbol.duration) for symbol in timed("(3CZDE|", "M:2/4\nL:1/4\n")] == [F(2, 3), 2, 1, 1]


def test_the_range_of_midi_is_all_there_is():
    tune = Tune.parse("X:1\nT:t\nK:C\nC,,,,,g''''|\n")
    assert [note.pitch for note in tune.notes()] == [0, 127]
    assert tune.check() == []
    tune = Tune.parse("X:1\nT:t\nK:C\n_C,,,,,^g''''|\n")
    assert [note.pitch for note in tune.notes()] == [0, 127]
    assert [problem.column for problem in tune.check()] == [1, 8]


def test_a_change_that_cannot_be_read_is_told_and_changes_nothing():
    tune = Tune.parse("X:1\nM:2/4\nL:1/4\nK:D\nF[K:Q]F|[M:x]FF|[L:7]FF|\n")
    assert [note.pitch for note in tune.notes()] == [66] * 6
    assert [note.duration for note in tune.notes()] == [1] * 6
    assert [
        (p.column, p.severity, p.message.split(";")[0]) for p in tune.check() if p.severity == "error"
    ] == [
        (2, "error", "'Q' is no key"),
        (9, "error", "'x' is no meter"),
        (17, "error", "'7' is no unit note length"),
    ]
    assert [symbol.letter for symbol in tune.music.symbols if isinstance(symbol, Change)] == ["N", "N", "N"]


def test_a_tie_holds_the_first_note_for_all_that_follow():
    first, *others = timed("A-A-A2|")
    assert (first.duration + first.held, [note.continued for note in others]) == (WHOLE, [True, True])


def test_a_tie_that_leads_nowhere_is_dropped_from_both_of_two_like_notes():
    assert Tune.parse("X:1\nL:1/4\nK:C\n[ff]-|A\n").normalize().body.rstrip() == "[ff]|A|]"
    assert Tune.parse("X:1\nL:1/4\nK:C\n[ff]-|f\n").normalize().body.rstrip() == "[f-f]|f|]"


def test_a_tie_joins_notes_of_one_pitch_however_they_are_spelled():
    notes = Tune.parse("X:1\nL:1/4\nK:C\n^F-_G|A-[K:Ab]A|^G-[K:Ab]A|\n").notes()
    assert [(note.onset, note.pitch, note.duration) for note in notes] == [(0, 66, 2), (2, 69, 2), (4, 68, 2)]


@pytest.mark.parametrize(
    ("body", "heard"),
    [
        ("^c4-|^c2c2|", [(73, 3), (73, 1)]),
        ("^c4-|c2c2|", [(73, 3), (72, 1)]),
        ("^c4-|=c2c2|", [(73, 3), (72, 1)]),
        ("_c4-|^c2c2|", [(71, 3), (73, 1)]),
        ("^c4-=c2c2|", [(73, 2), (72, 1), (72, 1)]),
        ("c2-^c2-|c2c2|", [(72, 1), (73, 2), (72, 1)]),
        ("[^ce]4-|^c2c2|", [(73, 3), (76, 2), (73, 1)]),
    ],
)
def test_an_accidental_written_at_a_tied_note_holds_and_within_the_bar_breaks_the_tie(body, heard):
    tune = Tune.parse(f"X:1\nM:4/4\nL:1/8\nK:C\n{body}\n")
    assert [(note.pitch, note.duration) for note in tune.notes()] == heard
    assert [(note.pitch, note.duration) for note in tune.normalize().notes()] == heard
    assert [(p, d) for _, d, p in played_notes(run_abc2midi(tune).midi)] == heard
