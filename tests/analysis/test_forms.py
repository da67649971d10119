"""The forms of tunes, counted and drawn."""

from collections import Counter

import numpy as np
import pytest

from abclm.analysis.forms import TuneForm, count_forms, draw_form, form_of
from abclm.tune import Tune

HEAD = "X:1\nR:polka\nM:2/4\nL:1/8\nK:D\n"
A, B = "d2f2|a2f2|e2c2|d2a2", "A2F2|E2F2|E2C2|D2E2"


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (f"{A}:|\n", (1, 4)),
        (f"{A}:|\n{B}:|\n", (2, 4)),
        (f"{A}::{B}:|\n", (2, 4)),
        (f"A2|{A[:-2]}:|\nA2|{B[:-2]}:|\n", (2, 4)),
        (f"{A}|{B[:-5]}|1E2C2:|2D2E2|]\n", (1, 8)),
        (f"{A}|]\n", (None, 4)),
        (f"{A}:|\n{A}|{B}|]\n", (None, 12)),
        (f"{A}:|\n{A}|{B}:|\n", (None, 12)),
        ("|".join([A] * 17) + "|]\n", (None, None)),  # more than can be asked for
    ],
)
def test_the_form_of_a_tune_can_be_asked_for(body, form):
    tune = Tune.parse(HEAD + body).normalize()
    assert form_of(tune) == TuneForm(*form)


def test_what_the_grammar_does_not_take_has_no_form():
    assert form_of(Tune.parse("X:1\nL:1/8\nM:none\nK:C\nC D E\n")) == TuneForm()


def test_forms_are_counted_by_rhythm_and_drawn_as_often():
    polka = Tune.parse(f"{HEAD}{A}:|\n{B}:|\n").normalize()
    long_polka = Tune.parse(f"{HEAD}{A}|{B}|]\n").normalize()
    reel = Tune.parse("X:1\nR:reel\nM:C\nL:1/8\nK:D\n" + "d8|" * 7 + "d8:|\n").normalize()
    shapeless = Tune.parse("X:1\nL:1/8\nM:none\nK:C\nC D E\n")
    counted = count_forms([polka] * 3 + [long_polka] + [reel] * 4 + [shapeless])
    assert counted == [
        {"rhythm": "reel", "parts": 1, "bars": 8, "tunes": 4},
        {"rhythm": "polka", "parts": 2, "bars": 4, "tunes": 3},
        {"rhythm": "polka", "parts": None, "bars": 8, "tunes": 1},
    ]
    random = np.random.default_rng(0)
    of_polkas = Counter(draw_form(counted, "polka", random) for _ in range(400))
    assert of_polkas.keys() == {(2, 4), (None, 8)}
    assert 260 < of_polkas[2, 4] < 340
    for rhythm in (None, "jig"):  # of none that was counted
        assert {draw_form(counted, rhythm, random) for _ in range(100)} == {(1, 8), (2, 4), (None, 8)}
