from abclm.corpora.holdout import choose

TITLES = [f"Tune {number}" for number in range(40)]
BODIES = [f"body {number}" for number in range(40)]


def test_without_relatives_the_choice_is_the_same_as_ever():
    assert choose(TITLES, BODIES, 6, seed=0) == choose(TITLES, BODIES, 6, seed=0, related=[])
    # A model's held-out tunes rest on it.
    assert sorted(choose(TITLES, BODIES, 6, seed=0)) == [1, 7, 16, 19, 24, 37]


def test_relatives_of_relatives_stand_on_one_side():
    family = {3, 9, 17, 30}
    pairs = [(3, 17), (9, 30), (9, 17)]
    sides = [family & choose(TITLES, BODIES, 12, seed, pairs) for seed in range(40)]
    assert all(side in (set(), family) for side in sides)
    assert 0 < sum(map(bool, sides)) < 40


def test_relatives_take_settings_of_their_titles_along():
    titles = ["A Reel", "Other Name", "The Reel (2nd Setting)", *TITLES[3:]]
    for seed in range(20):
        held_out = choose(titles, BODIES, 12, seed, [(1, 2)])
        assert held_out & {0, 1, 2} in (set(), {0, 1, 2})


def test_a_family_larger_than_what_is_held_out_is_trained_on():
    pairs = [(number, number + 1) for number in range(10)]
    for seed in range(10):
        held_out = choose(TITLES, BODIES, 5, seed, pairs)
        assert len(held_out) == 5
        assert not held_out & set(range(11))


def test_large_families_are_chosen_no_more_often_than_single_tunes():
    pairs = [(0, 1), (1, 2), (2, 3)]
    seeds = range(200)
    held_out = [choose(TITLES, BODIES, 10, seed, pairs) for seed in seeds]
    family = sum(0 in chosen for chosen in held_out)
    others = sum(len(chosen & set(range(4, 40))) for chosen in held_out) / 36
    assert 0.6 * others < family < 1.4 * others
