"""Distances between sets of tunes, against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.analysis.statistics import FEATURES, STATISTICS, features, measure, raw_features
from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError
from abclm.evaluation.comparison import _distances, _histograms, compare, frechet_distance
from abclm.tune import Tune

OLD = list(Corpus.load("oldTunes").normalize())
HEAD = "X:1\nM:2/4\nL:1/8\nK:G\n"
numbers = st.lists(st.integers(-20, 20), min_size=1, max_size=12)
degrees = st.lists(st.integers(0, 11), min_size=1, max_size=6)


def body(music, head=HEAD):
    return Tune.parse(f"{head}{music}\n")


# Statistics of one tune


def test_each_statistic_has_the_values_worked_out_by_hand():
    # G B d B | A2 [FA]2 | G4, repeated; MIDI: G 67, A 69, B 71, d 74.
    found = measure(body("GBdB|A2[FA]2|G4:|"))
    assert found.keys() == {each.name for each in STATISTICS}
    values = {name: row.tolist() for name, row in found.items()}
    assert values["pitch"] == [67, 71, 74, 71, 69, 69, 67]
    assert values["degree"] == [0, 4, 7, 4, 2, 2, 0]
    assert values["interval"] == [4, 3, -3, -2, 0, -2]
    assert values["duration"] == [0.5, 0.5, 0.5, 0.5, 1, 1, 2]
    assert values["onset"] == [0, 0.25, 0.5, 0.75, 0, 0.5, 0]
    assert values["bar_notes"] == [4, 2, 1]
    assert values["contour"] == [2, -2]
    assert values["turns"] == [1 / 4]  # + + - - -: one turn at four places
    assert values["range"] == [7]
    assert values["variety"] == [1]
    assert values["length"] == [6]


def test_variety_falls_where_bars_come_again():
    assert measure(body("GBdB|GBdB|GBdB|cAFA|]"))["variety"] == [0.5]
    assert measure(body("G4|A4|]"))["variety"] == [1]


def test_values_outside_the_range_count_as_its_ends():
    low = measure(body("G,,,,4|g''4|]"))
    assert low["pitch"].tolist() == [48, 96]
    assert low["interval"].tolist() == [24]
    assert low["range"].tolist() == [48]
    assert measure(body("G64|G2|]"))["duration"].tolist() == [4, 1]


@pytest.mark.parametrize("music", ["", "z4|]", "G4|]", "[GBd]4|]"])
def test_a_tune_of_fewer_than_two_notes_has_no_statistics(music):
    assert measure(body(music)) is None


def test_the_features_are_means_and_deviations_in_their_units():
    found = measure(body("GBdB|A2A2|G4:|"))
    raw = raw_features(found)
    assert raw.keys() == FEATURES.keys()
    assert raw["pitch_mean"] == pytest.approx(488 / 7)
    assert raw["bar_notes_deviation"] == pytest.approx(np.std([4, 2, 1]))
    assert raw["range"] == 7
    assert features(found) == pytest.approx([raw[name] / unit for name, unit in FEATURES.items()])


# Distances


def wasserstein_distance(one, other, period=0.0):
    values, shares = _histograms([np.array(one, float), np.array(other, float)])
    return float(_distances(shares[:1] - shares[1:], values, period)[0])


def test_the_wasserstein_distance_by_hand():
    assert wasserstein_distance([0, 1, 3], [5, 6, 8]) == 5
    assert wasserstein_distance([1], [4]) == 3
    assert wasserstein_distance([0, 1], [0, 1, 1, 1]) == pytest.approx(0.25)
    # a quarter of the weight goes from 0 to 2
    assert wasserstein_distance([0, 2], [0, 2, 2, 2]) == pytest.approx(0.5)


@given(numbers, numbers)
def test_the_wasserstein_distance_is_that_of_sorted_numbers(one, other):
    repeated = [sorted(one * len(other)), sorted(other * len(one))]
    expected = np.abs(np.subtract(*repeated)).mean()
    assert wasserstein_distance(one, other) == pytest.approx(expected)
    assert wasserstein_distance(other, one) == pytest.approx(expected)
    assert wasserstein_distance(one, one) == pytest.approx(0, abs=1e-12)


def test_on_a_circle_the_first_and_the_last_degree_are_neighbours():
    found = [wasserstein_distance([0], [each], 12) for each in range(12)]
    assert found == [0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1]
    # 11 goes to 0 and 0 to 1, each half of the weight; on the line 11 would go to 1.
    assert wasserstein_distance([0, 11], [0, 1], 12) == 1
    assert wasserstein_distance([0, 11], [0, 1]) == 5


@given(degrees, degrees, st.integers(1, 11))
def test_the_distance_on_a_circle_is_the_least_way_and_the_same_when_all_is_turned(one, other, turn):
    found = wasserstein_distance(one, other, 12)
    repeated = [sorted(one * len(other)), sorted(other * len(one))]
    # On a circle the best pairing keeps the order, with one set begun at some place.
    turned = (np.roll(repeated[1], place) for place in range(len(repeated[1])))
    steps = (np.abs(np.subtract(repeated[0], each)) for each in turned)
    assert found == pytest.approx(min(np.minimum(each, 12 - each).mean() for each in steps))
    assert found <= wasserstein_distance(one, other) + 1e-12
    moved = [[(each + turn) % 12 for each in some] for some in (one, other)]
    assert wasserstein_distance(*moved, 12) == pytest.approx(found)
    assert wasserstein_distance(one, one, 12) == pytest.approx(0, abs=1e-12)


def test_the_frechet_distance_by_hand():
    points = np.array([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
    assert frechet_distance(points, np.add(points, [3, 4])) == pytest.approx(25)
    assert frechet_distance(points, points) == pytest.approx(0, abs=1e-12)
    # deviations √½ and √2 become 3√½ and √2·3: (2√½)² + (2√2)²
    assert frechet_distance(points, 3 * points) == pytest.approx(2 + 8)
    # of one number, (m - n)² + (s - t)²
    assert frechet_distance([[0.0], [2.0]], [[3.0], [9.0]]) == pytest.approx(25 + 4)
    # turned by a right angle, the deviations change places
    assert frechet_distance(points, points[:, ::-1]) == pytest.approx(2 * (np.sqrt(2) - np.sqrt(0.5)) ** 2)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_the_frechet_distance_is_symmetric_and_never_negative(one, other, seed):
    generator = np.random.default_rng(seed)
    points, others = generator.normal(size=(one, 4)), generator.normal(size=(other, 4)) * 2
    distance = frechet_distance(points, others)
    assert distance >= 0
    assert distance == pytest.approx(frechet_distance(others, points), abs=1e-6)


def test_a_set_is_no_way_from_itself():
    found = compare(OLD, OLD)
    assert found.frechet == pytest.approx(0, abs=1e-9)
    assert [each.distance for each in found.distances.values()] == pytest.approx(
        [0] * len(STATISTICS), abs=1e-12
    )
    assert found.mean_distance == pytest.approx(0, abs=1e-12)
    assert (found.tunes, found.others) == (len(OLD), len(OLD))


def test_exchanging_the_sets_changes_no_distance():
    one, other = compare(OLD[:20], OLD[20:]), compare(OLD[20:], OLD[:20])
    assert one.frechet == pytest.approx(other.frechet)
    for name, distance in one.distances.items():
        assert distance.distance == pytest.approx(other.distances[name].distance)
        assert distance.mean == pytest.approx(other.distances[name].other_mean)


def test_every_tune_weighs_the_same_however_long():
    long = body("|".join(["GGGG"] * 50) + "|]")
    short = body("gg|]")
    found = compare([long, short], [long])
    # half of the weight lies 12 semitones higher
    assert found.distances["pitch"].in_units == pytest.approx(6)
    assert found.distances["pitch"].distance == pytest.approx(6 / 48)
    assert found.distances["pitch"].mean == pytest.approx(73)


def test_only_what_differs_is_apart_by_more_than_chance():
    higher = [tune.transpose(7) for tune in OLD[28:]]
    found = compare(OLD[:28], higher)
    assert found.distances["pitch"].distance > found.distances["pitch"].chance
    assert found.frechet > found.frechet_chance
    again = compare(OLD[::2], OLD[1::2])
    assert again.frechet < 2 * again.frechet_chance
    assert sum(each.distance > each.chance for each in again.distances.values()) <= 3


def test_the_seed_decides_what_chance_gives():
    one, two, three = (compare(OLD[:9], OLD[9:], seed=seed).frechet_chance for seed in (1, 1, 2))
    assert one == two != three


def test_one_tune_can_be_compared():
    found = compare(OLD[:1], OLD[1:2])
    assert np.isfinite(found.frechet)
    assert all(0 <= each.distance <= 1 for each in found.distances.values())


def test_sets_without_notes_are_refused():
    with pytest.raises(ConfigError, match="the second of the two sets has no tune"):
        compare(OLD, [body("z4|]")])
    with pytest.raises(ConfigError, match="the first of the two sets has no tune"):
        compare([], OLD)


def test_the_distance_with_structure_sees_bars_in_another_order():
    """The other figures don't: each note, each bar and the length stay the same."""
    phrase = "dfaf|edef|gfed|e2A2|dfaf|edef|gfec|d4"
    bars = phrase.split("|")
    shuffled = "|".join(bars[place] for place in (0, 4, 2, 6, 1, 5, 3, 7))
    real, mixed = ([body(f"{music}:|").transpose(by) for by in range(6)] for music in (phrase, shuffled))
    found = compare(mixed, real)
    assert found.structure_frechet > found.frechet + 5
    assert found.structure_frechet > found.structure_frechet_chance
