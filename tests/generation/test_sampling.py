"""The sampler on logits written by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.generation.options import GenerationOptions
from abclm.generation.sampling import Sampler
from abclm.models.copies import GATE
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.from_text("badger")  # a b d e g r
SHARES = np.array([0.5, 0.25, 0.125, 0.0625, 0.0625])
HALVES = np.log(SHARES).astype(np.float32)


def sampler(**changes):
    return Sampler.of(GenerationOptions(**{"temperature": 1.0, **changes}))


def probabilities(logits, sampler, allowed=None):
    """Of one text."""
    chances = sampler.probabilities(logits[None], None if allowed is None else allowed[None])
    return chances[0]


def sample(logits, sampler, generator, allowed=None):
    """Draw for one text."""
    number = np.array([generator.random()])
    (token_id,) = sampler.draw(logits[None], number, None if allowed is None else allowed[None])
    return token_id


def spelled(**changes):
    """Logits that spell a word, each letter three times as likely as any other."""
    generator = np.random.default_rng(0)
    word = ""
    for letter in "badger":
        logits = np.where(np.arange(6) == TOKENIZER.char_to_id[letter], np.log(3), 0).astype(np.float32)
        word += TOKENIZER.symbols[sample(logits, sampler(**changes), generator)]
    return word


@pytest.mark.parametrize(
    "changes", [{"temperature": 0}, {"top_k": 1}, {"top_p": 0.01}, {"min_p": 1.0}, {"temperature": 1e-9}]
)
def test_what_leaves_only_the_likeliest_spells_the_word(changes):
    assert spelled(**changes) == "badger"


def test_the_models_own_distribution_is_that_of_temperature_1():
    np.testing.assert_allclose(probabilities(HALVES, sampler()), SHARES, atol=1e-7)


def test_draws_follow_the_distribution():
    generator = np.random.default_rng(0)
    drawn = [sample(HALVES, sampler(), generator) for _ in range(4000)]
    shares = np.bincount(drawn, minlength=5) / 4000
    np.testing.assert_allclose(shares, SHARES, atol=0.03)


def test_temperature_flattens_and_sharpens():
    for temperature, powers in ((2.0, np.sqrt(SHARES)), (0.5, np.square(SHARES))):
        chances = probabilities(HALVES, sampler(temperature=temperature))
        np.testing.assert_allclose(chances, powers / powers.sum(), atol=1e-7)


def test_top_k_keeps_the_likeliest_and_of_equals_the_first():
    np.testing.assert_allclose(probabilities(HALVES, sampler(top_k=2)), [2 / 3, 1 / 3, 0, 0, 0], atol=1e-7)
    assert np.flatnonzero(probabilities(HALVES, sampler(top_k=4))).tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(probabilities(HALVES, sampler(top_k=99)), probabilities(HALVES, sampler()))


@pytest.mark.parametrize(("top_p", "kept"), [(0.4, 1), (0.51, 2), (0.74, 2), (0.76, 3), (0.99, 5), (1.0, 5)])
def test_top_p_keeps_the_fewest_that_reach_it(top_p, kept):
    assert np.flatnonzero(probabilities(HALVES, sampler(top_p=top_p))).tolist() == list(range(kept))


@pytest.mark.parametrize(("min_p", "kept"), [(0.0, 5), (0.12, 5), (0.2, 3), (0.4, 2), (0.6, 1), (1.0, 1)])
def test_min_p_is_relative_to_the_likeliest(min_p, kept):
    assert np.flatnonzero(probabilities(HALVES, sampler(min_p=min_p))).tolist() == list(range(kept))


@pytest.mark.parametrize(
    ("typical_p", "kept"),
    [(0.2, [1]), (0.26, [0, 1]), (0.74, [0, 1]), (0.76, [0, 1, 2]), (1.0, [0, 1, 2, 3, 4])],
)
def test_typical_p_keeps_what_surprises_as_much_as_was_to_be_expected(typical_p, kept):
    # The symbols carry 1, 2, 3, 4 and 4 bits, 1.875 on average: the second is nearest to that.
    assert np.flatnonzero(probabilities(HALVES, sampler(typical_p=typical_p))).tolist() == kept


def test_temperature_comes_before_top_k_and_top_k_before_top_p():
    # At temperature ½ the first alone has 0.73 of the whole; of the first two it has 0.8.
    assert np.count_nonzero(probabilities(HALVES, sampler(temperature=0.5, top_p=0.7))) == 1
    assert np.count_nonzero(probabilities(HALVES, sampler(temperature=0.5, top_p=0.78))) == 2
    assert np.count_nonzero(probabilities(HALVES, sampler(temperature=0.5, top_k=2, top_p=0.78))) == 1


def test_the_mask_comes_before_everything_else():
    allowed = np.array([False, False, True, True, False])
    np.testing.assert_allclose(probabilities(HALVES, sampler(), allowed), [0, 0, 2 / 3, 1 / 3, 0], atol=1e-7)
    assert probabilities(HALVES, sampler(top_k=1), allowed).tolist() == [0, 0, 1, 0, 0]
    assert sample(HALVES, sampler(temperature=0), np.random.default_rng(0), allowed) == 2


@pytest.mark.parametrize("temperature", [1e-300, 1e-9, 0.5, 1, 100])
@pytest.mark.parametrize("scale", [1.0, 1e4, 1e37])
def test_extreme_logits_and_temperatures_stay_finite(temperature, scale):
    logits = np.array([1, 0.5, -1], np.float32) * np.float32(scale)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        chances = probabilities(logits, sampler(temperature=temperature))
    assert np.isfinite(chances).all()
    assert chances.sum() == pytest.approx(1)
    assert chances.argmax() == 0


class Fixed:
    """A generator that gives one number."""

    def __init__(self, number):
        self.number = number

    def random(self):
        return self.number


@given(
    st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=20),
    st.data(),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.05, 5),
    st.none() | st.integers(1, 25),
    st.none() | st.floats(0.01, 1),
    st.none() | st.floats(0, 1),
    st.none() | st.floats(0.01, 1),
)
def test_only_possible_symbols_are_drawn(logits, data, number, temperature, top_k, top_p, min_p, typical_p):
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(logits), max_size=len(logits))))
    allowed[data.draw(st.integers(0, len(logits) - 1))] = True
    chosen = sampler(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, typical_p=typical_p)
    logits = np.array(logits, np.float32)
    chances = probabilities(logits, chosen, allowed)
    assert chances.sum() == pytest.approx(1)
    assert not chances[~allowed].any()
    for drawn in (number, 0.0, np.nextafter(1, 0)):
        token_id = sample(logits, chosen, Fixed(drawn), allowed)
        assert chances[token_id] > 0


CHOICES = [
    {}, {"temperature": 0}, {"temperature": 0.3}, {"top_k": 3}, {"top_p": 0.8}, {"min_p": 0.1}, {"min_p": 1.0},
    {"typical_p": 0.2}, {"typical_p": 0.7, "top_k": 8}, {"typical_p": 1.0},
    {"top_k": 10, "top_p": 0.9, "min_p": 0.02, "temperature": 1.4},
]  # fmt: skip


@pytest.mark.parametrize("changes", CHOICES)
def test_texts_of_a_batch_are_drawn_as_each_alone(changes):
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 3, (50, 20)).astype(np.float32)
    allowed = generator.random((50, 20)) < 0.5
    allowed[:, 7] = True
    numbers = generator.random(50)
    together = sampler(**changes).draw(logits, numbers, allowed)
    for row in range(50):
        only = slice(row, row + 1)
        assert sampler(**changes).draw(logits[only], numbers[only], allowed[only])[0] == together[only]


# Copies


def with_copies(count=4000, tokens=12):
    """Scores of a network and of the gate behind them, and copies that are there or not, several of them alike."""
    generator = np.random.default_rng(4)
    scores = generator.normal(0, 3, (count, tokens + GATE)).astype(np.float32)
    copies = generator.integers(0, 4, (count, GATE - 1))
    scores[:, tokens + 1 :][copies == 0] = -np.inf
    return scores, copies, generator.random(count)


def test_temperature_and_filters_are_for_the_network_and_copies_come_as_the_gate_says():
    network = np.log([0.5, 0.3, 0.1, 0.1])
    gate = np.log([0.4, 0.3, 0.2, 0.1])
    scores = np.concatenate([network, gate, np.full(GATE - 4, -np.inf)]).astype(np.float32)
    copies = np.array([4, 3, 4] + [0] * (GATE - 4))
    allowed = np.array([True, True, False, True])  # the second copy is not allowed
    at_half = np.array([0.5, 0.3, 0.1]) ** 2
    kept = at_half[:2] / at_half[:2].sum()  # by top_k
    shares = np.array([0.4 * kept[0], 0.4 * kept[1], 0, 0.4]) / 0.8
    numbers = (np.arange(4000) + 0.5) / 4000
    rows = [np.repeat(each[None], 4000, axis=0) for each in (scores, allowed, copies)]
    ids = sampler(temperature=0.5, top_k=2).draw(rows[0], numbers, rows[1], copies=rows[2])
    np.testing.assert_allclose(np.bincount(ids) / 4000, shares, atol=0.001)


def test_at_temperature_0_the_likeliest_of_the_mixture_is_taken():
    network, gate = np.log([0.5, 0.3, 0.2]), np.log([0.6, 0.4])
    scores = np.concatenate([network, gate, np.full(GATE - 2, -np.inf)]).astype(np.float32)[None]
    copies = np.array([[2] + [0] * (GATE - 2)])
    greedy = sampler(temperature=0)
    assert greedy.draw(scores, np.zeros(1), copies=copies)[0] == [1]  # 0.18 + 0.4 over 0.3
    assert greedy.draw(scores, np.zeros(1), np.array([[True, False, True]]), copies=copies)[0] == [0]
