import pytest

from abclm.corpora.problems import CorpusProblem, count_reasons, not_strict, without_particulars
from abclm.tune import Tune

WRONG_BAR = "Track 0 Bar 5 has 9/4 time units while the time signature has 2"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("the bar is 5/8 long, and the meter is 2/4", "the bar is … long, and the meter is …"),
        (
            "the bar is 9/8 long, and the meter is C| (when repeated)",
            "the bar is … long, and the meter is … (when repeated)",
        ),
        ("the bar is 1 long, and the meter is C", "the bar is … long, and the meter is …"),
        ("line 7:3: 'H' is no key; give one such as G or Em", "… is no key"),
        ("'Can't' can't be read", "… can't be read"),
        ("Missing :| at end of tune", "Missing :| at end of tune"),
    ],
)
def test_what_differs_from_tune_to_tune_is_taken_out(message, reason):
    assert without_particulars(message) == reason


def test_check_finds_one_kind_of_wrong_bar_whatever_the_bar():
    tune = Tune.parse("X:1\nT:Odd\nM:C|\nL:1/8\nK:D\nAdfa ad|fdAF D2 EF G|ABAG FDED|d8|]\n")
    assert {without_particulars(problem.message) for problem in tune.check()} == {
        "the bar is … long, and the meter is …"
    }


def test_a_tune_that_is_not_strict_quotes_the_first_complaint_and_counts_the_others():
    one = not_strict("a.abc, X:1", [f"line 7, column 3: {WRONG_BAR}"])
    assert str(one) == f"a.abc, X:1: abc2midi on the canonical tune: line 7, column 3: {WRONG_BAR}"
    assert str(not_strict("a.abc, X:1", ["a", "b", "c"])).endswith(": a (and 2 more)")


def test_wrong_bars_are_one_reason_in_whatever_track_bar_and_repeat():
    said = [
        f"line 7, column 3: {WRONG_BAR}",
        f"line 8: {WRONG_BAR} in repeat",
        WRONG_BAR.replace("9/4", "3"),
    ]
    problems = [not_strict("a", [one, *said]) for one in said]
    assert {problem.reason for problem in problems} == {
        "Bar … has … time units while the time signature has …"
    }


def test_reasons_are_counted_by_kind_the_commonest_first():
    problems = [
        CorpusProblem("a", "not canonical", "'H' is no key"),
        CorpusProblem("b", "duplicate", "has the same tune body as a"),
        CorpusProblem("c", "not canonical", "there are no notes"),
        CorpusProblem("d", "not canonical", "'J' is no key"),
    ]
    reasons = count_reasons(problems)
    assert reasons == {
        "not canonical": {"… is no key": 2, "there are no notes": 1},
        "duplicate": {"has the same tune body as another": 1},
    }
    assert list(reasons) == ["not canonical", "duplicate"]
    assert list(reasons["not canonical"]) == ["… is no key", "there are no notes"]
    assert count_reasons([]) == {}
