"""How the parts of tunes end, counted by rhythm and drawn."""

import json

import numpy as np
import pytest

from abclm.analysis.ends import EVEN, LONG, SHORT, End, EndCounts, ends_of
from abclm.errors import ModelError
from abclm.tune import Tune

HEAD = "X:1\nR:{}\nM:2/4\nL:1/8\nK:D\n"
HOME, AWAY, BRIEF = "fdec|d4", "fdec|e2B2", "fdec|dfeB/d/"
FIRST = "A2FA|B2d2|"


def tune_of(*parts, rhythm="polka"):
    return Tune.parse(
        HEAD.format(rhythm) + ":|\n".join(FIRST.lower() * part + end for part, end in parts) + ":|\n"
    )


def ends(*parts):
    return [end.code for end in ends_of(tune_of(*parts))]


def test_an_end_is_the_tonic_or_not_on_a_note_of_some_length_after_bars_of_the_part_before():
    assert ends((1, HOME)) == ["120"]
    assert ends((1, AWAY), (1, BRIEF)) == ["020", "100"]
    assert ends((1, HOME), (2, HOME)) == ["120", "124"]  # four bars are the same, and no more are there
    assert ends((1, HOME), (1, "gece|d4")) == ["120", "121"]
    assert ends((1, "d2e2|fdfd"), (1, "f2e2|dfdf")) == ["110", "010"]


def test_the_second_of_two_endings_is_how_a_part_ends():
    body = "A2FA|B2d2|fdec|1e2B2:|2d4:|\n"
    assert [end.code for end in ends_of(Tune.parse(HEAD.format("polka") + body))] == ["120"]


def test_ends_are_drawn_as_often_as_they_were_counted_after_the_end_before():
    tunes = [tune_of((1, AWAY), (1, HOME))] * 3 + [tune_of((1, HOME), (1, HOME))]
    tunes += [tune_of((1, BRIEF), rhythm="march")]
    counts = EndCounts.of(tunes)
    random = np.random.default_rng(0)
    drawn = [counts.draw(random, "polka", 2) for _ in range(400)]
    away, alike = (End(False, LONG), End(True, LONG)), (End(True, LONG), End(True, LONG, 4))
    assert set(drawn) == {away, alike}
    assert 260 < drawn.count(away) < 340
    assert counts.draw(random, "march", 1) == (End(True, SHORT),)
    assert set(counts.draw(random, "march", 2)) <= {*away, *alike}  # no march has two parts
    assert len(counts.draw(random, "reel", 3)) == len(counts.draw(random, None, 3)) == 3
    assert EndCounts.of([]).draw(random, "reel", 2) == ()


def test_an_end_with_bars_of_the_part_before_has_its_last_note():
    counts = EndCounts({"reel": {"": {"110": 1}, "11.": {"021": 1}}})
    assert counts.draw(np.random.default_rng(0), "reel", 2) == (End(True, EVEN), End(True, EVEN, 1))


def test_counts_come_back_from_json():
    counts = EndCounts.of([tune_of((1, AWAY), (1, HOME))])
    record = json.loads(json.dumps(counts.to_dict()))
    assert EndCounts.in_metadata({"training": {"ends": record}}) == counts
    assert EndCounts.in_metadata({}) == EndCounts({})


@pytest.mark.parametrize("record", [[], {"reel": 1}, {"reel": {"": {"1": 1}}}, {"reel": {"": {"130": 1}}}])
def test_other_counts_are_refused(record):
    with pytest.raises(ModelError, match=r"training\.ends has counts of ends of parts by rhythm; copy"):
        EndCounts.in_metadata({"training": {"ends": record}})
