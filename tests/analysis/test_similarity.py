"""Bars in common, whatever the key and however the repeats are written."""

import random
from itertools import combinations

import pytest

from abclm.analysis.similarity import TuneIndex, bar_patterns
from abclm.errors import ConfigError
from abclm.tune import Tune

KESH = (
    "X:1\nT:One\nM:6/8\nL:1/8\nK:G\nG3 GAB|A3 ABd|edd gdd|edB dBA|GAG GAB|ABA ABd|edd gdB|AGF G3:|\n"
    "|:B2B d2d|ege dBA|B2B dBG|ABA AGA|BAB d^cd|ege dBd|gfg aga|bgg g3:|\n"
)
OTHER = "X:2\nT:Two\nM:6/8\nL:1/8\nK:D\nF2A d2f|e2c A3|B2d g2f|e3 c3|d2e f2g|a2f d2B|A2d c2e|d3 d3|]\n"


def tune(text: str) -> Tune:
    return Tune.parse(text)


def random_tunes(count: int, seed: int) -> list[Tune]:
    source = random.Random(seed)
    bars = ["".join(source.choice("GABcde") for _ in range(6)) for _ in range(40)]
    bodies = ("|".join(source.sample(bars, 8)) for _ in range(count))
    return [tune(f"X:1\nM:6/8\nL:1/8\nK:G\n{body}|]\n") for body in bodies]


@pytest.mark.parametrize("semitones", [-5, 1, 6, 12])
def test_a_tune_in_another_key_has_all_its_bars_in_common(semitones: int) -> None:
    match = TuneIndex([tune(OTHER), tune(KESH)]).nearest(tune(KESH).transpose(semitones))
    assert match is not None
    assert (match.index, match.overlap) == (1, 1.0)
    assert (match.semitones - semitones) % 12 == 0


def test_repeats_written_out_change_nothing() -> None:
    written_out = KESH.replace(":|\n|:", "|").replace(":|", "|]")
    part = "G3 GAB|A3 ABd|edd gdd|edB dBA|GAG GAB|ABA ABd|edd gdB|AGF G3|"
    doubled = KESH[: KESH.index("G3 GAB")] + 2 * part
    assert bar_patterns(tune(written_out)).keys() == bar_patterns(tune(KESH)).keys()
    match = TuneIndex([tune(KESH)]).nearest(tune(doubled))
    assert match is not None
    assert match.overlap == 1.0


def test_another_unit_note_length_and_meter_change_nothing() -> None:
    reel = tune("X:1\nM:C|\nL:1/8\nK:D\ndBAF ABde|fdec dBAF|]\n")
    in_two_four = tune("X:1\nM:2/4\nL:1/16\nK:D\ndBAF ABde|fdec dBAF|]\n")
    assert bar_patterns(reel) == bar_patterns(in_two_four)


def test_a_bar_moved_by_itself_is_another_bar() -> None:
    moved = tune(KESH.replace("A3 ABd", "B3 B^ce"))
    match = TuneIndex([tune(KESH)]).nearest(moved)
    assert match is not None
    assert match.bars == len(bar_patterns(tune(KESH))) - 1


def test_bars_that_say_nothing_do_not_count() -> None:
    assert bar_patterns(tune("X:1\nM:3/4\nL:1/4\nK:C\nG3|z3|c3|]\n")) == {}
    assert TuneIndex([tune(KESH)]).nearest(tune("X:1\nL:1/4\nK:C\nG3|]\n")) is None


def test_different_tunes_have_little_in_common() -> None:
    match = TuneIndex([tune(OTHER)]).nearest(tune(KESH))
    assert match is None or match.overlap < 0.2


@pytest.mark.parametrize("least", [0.25, 0.5, 1.0])
def test_near_copies_are_those_that_comparing_every_pair_finds(least: float) -> None:
    tunes = random_tunes(60, seed=3)
    index = TuneIndex(tunes)
    expected = []
    for one, other in combinations(range(len(tunes)), 2):
        found = [match for match in index.matches(tunes[one], least) if match.index == other]
        expected += [(one, other, match.overlap) for match in found]
    assert index.near_copies(least) == expected


def test_a_threshold_out_of_range_is_an_error() -> None:
    with pytest.raises(ConfigError, match="least"):
        TuneIndex([]).near_copies(0)
