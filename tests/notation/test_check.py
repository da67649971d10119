"""What is found wrong in a tune, where, and how severe; most of it is in features/."""

import pytest

from abclm.notation.check import check
from abclm.notation.problems import MOST_PROBLEMS
from abclm.tune import Tune


def problems(text):
    return [(p.line, p.column, p.severity, p.message) for p in check(Tune.parse(text))]


def in_body(body, meter="4/4", unit="1/4"):
    return problems(f"X:1\nT:t\nM:{meter}\nL:{unit}\nK:C\n{body}\n")


def test_a_tune_without_fault_has_no_problems():
    assert in_body("C|D2E2|FGA:|") == []


def test_problems_have_their_place_and_come_in_its_order():
    assert in_body('CDEF|GAB|@c4|\n"') == [
        (6, 6, "warning", "the bar is 3/4 long, and the meter is 4/4"),
        (6, 10, "warning", "'@' has no meaning here and is passed over"),
        (7, 1, "error", 'a text is not closed; the " is passed over'),
    ]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("K:C", [(1, 1, "warning", "the tune has no title (T:)")]),
        ("T:t\nM:x\nK:C", [(3, 1, "error", "'x' is no meter; give one such as 6/8, 4/4, C, C| or none")]),
        ("T:t\nL:x\nK:C", [(3, 1, "error", "'x' is no unit note length; give one such as 1/8 or 1/16")]),
        ("T:t\nK:x", [(3, 1, "error", "'x' is no key; give one such as G, Em, Ador, Dmix, Bb or F#m")]),
        ("T:t\nM:C\nM:C|\nK:C", [(4, 1, "warning", "the field M: stands twice in the header")]),
        ("T:t\nw:words\nK:C", [(3, 1, "warning", "w: is no field of a tune header")]),
        ("T:t\nhello\nK:C", [(3, 1, "warning", "the line is no information field, and the header goes on")]),
        ("T:t\n% hello\n%%hello\nQ:1/4=90\nP:AB\n+:more\n\nK:C", []),
    ],
)
def test_the_header_is_checked(header, found):
    assert problems(f"X:1\n{header}\nC4|\n") == found


def test_a_tune_without_notes_is_an_error():
    assert in_body("z4|")[0][2:] == ("error", "the tune has no notes")
    assert problems("X:1\nT:t\nK:C")[0][2:] == ("error", "the tune has no notes")


@pytest.mark.parametrize(
    "body",
    [
        "G|CDEF|GABc|",  # a pick-up
        "G|CDEF|GAB:|",  # its complement before a repeat
        "G|CDEF|GAB:|C|CDEF|GAB:|",
        "G|CDEF|1GAB:|2GABc|]",  # and before an ending
        "CDEF|GA||Bc|CDEF|",  # a double bar line inside a bar
        "GA|CDEF|GA:|Bc|CDEF|",  # a repeat inside a bar
        "CDEF|G4-|G4|",
        "C4|z4|Z|Z2|D4|",
        "CDEF|GAB",  # the tune may end where it likes
        "CDEF|[M:3/4]GAB|[M:C]CDEF|",
        "[CEG]4|(3CDEF2|C>DE<F|",
    ],
)
def test_these_bars_are_full(body):
    assert [found for found in in_body(body) if "the bar is" in found[3]] == []


@pytest.mark.parametrize(
    ("body", "column", "words"),
    [
        ("CDEF|GAB|C4|", 6, "the bar is 3/4 long, and the meter is 4/4"),
        ("CDEF|G/4C4|C4|", 6, "the bar is 17/16 long, and the meter is 4/4"),
        ("G|CDEF|GABc:|", 1, "the bar is 1/4 long, and the meter is 4/4 (when repeated)"),
        ("CDEF|G||AB|C4|", 6, "the bar is 3/4 long, and the meter is 4/4"),
        ("CDEF|[M:3/4]GABc|", 13, "the bar is 4/4 long, and the meter is 3/4"),
        ("CDEF|(3GABc|C4|", 8, "the bar is 3/4 long, and the meter is 4/4"),
    ],
)
def test_these_bars_are_not(body, column, words):
    assert [found[1:] for found in in_body(body) if "the bar is" in found[3]] == [(column, "warning", words)]


def test_a_bar_is_measured_once_however_often_it_is_heard():
    assert len(in_body("|:CDEF|GAB|c4:|")) == 1


def test_free_meter_has_no_wrong_bars():
    assert in_body("C|DE|FGAB", meter="none") == []


def test_a_part_is_measured_by_the_meter_that_it_is_written_in():
    header = "X:1\nT:t\nP:ABA\nM:3/4\nL:1/4\nK:C\n"
    assert problems(header + "P:A\nCDE|FGA|\nP:B\nM:2/4\nCD|EF|\n") == []


def test_problems_are_told_up_to_a_limit():
    assert len(in_body("@" * 5000)) == MOST_PROBLEMS
    assert len(in_body("C|" * 5000)) == MOST_PROBLEMS


def test_carriage_returns_do_not_move_problems():
    assert problems("X:1\r\nT:t\r\nK:C\r\nC@|\r\n") == problems("X:1\nT:t\nK:C\nC@|\n")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("CD|EF|GA|cc!D.C.!|]", "D.C. is not played out, as it is not plain where it leads and ends"),
        ("CD|EF!fine!|GA!D.C.!|cc|]", "D.C. is not played out"),
        ("CD|1EF!D.S.!:|2GA!fine!|]", "D.S. is not played out"),
        ('CD|EF|GA|cc"_D.C. al Fine"|]', "D.C. is a text and not played out; write !D.C.!"),
    ],
)
def test_what_is_not_played_out_is_told(body, words):
    (problem,) = Tune.parse(f"X:1\nT:t\nM:2/4\nL:1/4\nK:C\n{body}\n").check()
    assert problem.severity == "warning"
    assert words in problem.message


def test_repeats_with_different_numbers_at_both_ends_are_told():
    (problem,) = Tune.parse("X:1\nT:t\nM:2/4\nL:1/4\nK:C\n|:CD::|\n").check()
    assert problem.message == "the repeat begins for 2 times, as it is played"
