"""What is recalled of a tune, against a plain search, and what becomes of probabilities."""

import json

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError
from abclm.evaluation import bits
from abclm.evaluation.bits import evaluate
from abclm.evaluation.bulk import Evaluator
from abclm.evaluation.figures import FIGURES, EncodedTunes
from abclm.language_model import LanguageModel
from abclm.models.architecture import read_config
from abclm.models.lstm.config import ModelConfig
from abclm.models.recall import SHORTEST, WEIGHTS, Cache, mix, recall
from abclm.tokenizers.characters import CharacterTokenizer

HEADER = "X:1\nT:GABc GABc\nK:G\n"
TUNES = Corpus.load("oldTunes").normalize().tunes[:20]
LM = LanguageModel.create(ModelConfig(embedding_dimension=4, units=8), seed=1)


def body_of(text):
    _, key, body = text.partition("\nK:")
    return body.partition("\n")[2] if key else ""


def following(text, weights=WEIGHTS):
    """A cache that has followed a tune, of which it looks at the body; each symbol is its code point."""
    cache = Cache(weights, begin=len(text) - len(body_of(text)))
    for symbol in text:
        cache.add(ord(symbol))
    return cache


def recalled(cache):
    """The symbol that is recalled, and its weight."""
    return cache.recalled and chr(cache.recalled), cache.weight


def searched(text, weights=WEIGHTS):
    """What `Cache` should find after a text, looked for from the beginning."""
    body = body_of(text)
    for length in range(min(SHORTEST + len(weights) - 1, len(body) - 1), SHORTEST - 1, -1):
        places = [at for at in range(len(body) - length) if body[at : at + length] == body[-length:]]
        if places:
            return body[places[-1] + length], weights[length - SHORTEST]
    return None, 0.0


@pytest.mark.parametrize("tune", TUNES[:5], ids=lambda tune: tune.title)
def test_the_longest_passage_that_comes_again_is_found_where_it_came_last(tune):
    cache = Cache(WEIGHTS, tune.body_start)
    found = 0
    for end, symbol in enumerate(tune.text, start=1):
        cache.add(ord(symbol))
        assert recalled(cache) == searched(tune.text[:end])
        found += cache.recalled is not None
    assert found > 10


def test_a_header_is_not_looked_at():
    assert following(HEADER + "GAB").recalled is None
    assert recalled(following(HEADER + "GABc dBGA|GAB"))[0] == "c"
    assert following("X:1\nT:GABc GAB").recalled is None
    cache = Cache(WEIGHTS, begin=None)
    for token_id in [1, 2, 3, 4, 1, 2, 3]:
        cache.add(token_id)
    assert cache.recalled is None


def test_a_longer_passage_counts_more_and_its_last_place_counts():
    assert recalled(following(HEADER + "ABCd|FABd|ABC", (0.1, 0.2, 0.3))) == ("d", 0.1)
    # With the bar line before it.
    assert recalled(following(HEADER + "|ABCd|FABd|ABC", (0.1, 0.2, 0.3))) == ("d", 0.2)
    assert recalled(following(HEADER + "ABCd|ABCe|ABC", (0.1, 0.2)))[0] == "e"


def test_a_copy_goes_on_by_itself():
    cache = following(HEADER + "GABc|GAB")
    other = cache.copy()
    other.add(ord("d"))
    assert (recalled(cache)[0], other.recalled) == ("c", None)
    cache.add(ord("c"))
    assert recalled(cache)[0] == "|"


def test_recall_is_what_the_cache_finds_after_each_token():
    tokenizer = CharacterTokenizer.default()
    text = "\n" + TUNES[0].text
    tokens, begin = tokenizer.encode(text).tolist(), 1 + TUNES[0].body_start
    ids, weights = recall(tokens, WEIGHTS, begin)
    assert ids.shape == weights.shape == (len(text),)
    for place in range(len(text)):
        symbol, weight = searched(text[1 : place + 1])
        assert weights[place] == weight
        assert symbol is None or tokenizer.symbols[ids[place]] == symbol
    assert not recall(tokens, (), begin)[1].any()


def softmax(logits):
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    return chances / chances.sum(axis=1, keepdims=True)


def test_a_mixture_gives_what_is_recalled_its_weight_and_leaves_the_rest_in_proportion():
    logits = np.random.default_rng(0).normal(0, 3, (4, 7)).astype(np.float32)
    before, weights, ids = softmax(logits), np.array([0.5, 0.0, 0.9, 0.1]), np.array([2, 3, 0, 6])
    mixed = logits.copy()
    mix(mixed, ids, weights)
    wanted = before * (1 - weights)[:, None]
    wanted[np.arange(4), ids] += weights
    np.testing.assert_allclose(softmax(mixed), wanted, rtol=1e-5)
    np.testing.assert_array_equal(mixed[1], logits[1])


def test_numpy_and_tensorflow_give_the_same_figures_with_a_cache(monkeypatch):
    lm = LM.with_cache()
    by_numpy = evaluate(lm, TUNES)
    network = lm.config.network(len(lm.tokenizer), lm.weights)
    found = Evaluator(network, EncodedTunes(lm.tokenizer, TUNES), lm.config.cache)()
    monkeypatch.setattr(bits, "_MOST_FOR_NUMPY", 0)
    found.append(evaluate(lm, TUNES))
    for other in found:
        for name in FIGURES:
            assert getattr(other, name) == pytest.approx(getattr(by_numpy, name), rel=1e-5)


def test_a_cache_saves_bits_where_tunes_come_back_to_what_they_had():
    plain, cached = evaluate(LM, TUNES), evaluate(LM.with_cache(), TUNES)
    assert cached.body_bits_per_character < 0.8 * plain.body_bits_per_character
    assert cached.header_bits_per_character == plain.header_bits_per_character
    assert cached.accuracy > plain.accuracy
    assert evaluate(LM.with_cache().with_cache(()), TUNES) == plain


def test_a_tune_costs_what_the_mixture_says():
    """Beside the mixture of probabilities, added up by hand."""
    lm, tune = LM.with_cache((0.3, 0.6)), TUNES[0]
    text = "\n" + tune.text.rstrip() + "\n\n"
    chances = softmax(LM.logits(text).astype(np.float64))
    nats = 0.0
    for place, symbol in enumerate(text[1:]):
        likely, weight = searched(text[1 : place + 1], (0.3, 0.6))
        chance = (1 - weight) * chances[place, LM.tokenizer.char_to_id[symbol]]
        nats -= np.log(chance + weight * (likely == symbol))
    assert evaluate(lm, [tune]).bits_per_tune == pytest.approx(nats / np.log(2), rel=1e-6)


def test_tunes_come_back_to_their_bars():
    options = {"n": 8, "seed": 1, "key": "G", "title": "Asked", "temperature": 0.8, "max_length": 300}

    def repeated(lm):
        return sum(cache_hits(tune.text) for tune in lm.generate(**options))

    def cache_hits(text):
        cache, hits = Cache((0.5,) * 6, begin=len(text) - len(body_of(text))), 0
        for symbol in text:
            hits += cache.recalled == ord(symbol) and cache.weight > 0
            cache.add(ord(symbol))
        return hits

    assert repeated(LM.with_cache()) > 2 * repeated(LM)


@pytest.mark.parametrize("changes", [{}, {"bar_repetition": 0.2}, {"bar_redraws": 3}, {"constrained": False}])
def test_tunes_are_the_same_in_batches_of_any_size_with_a_cache(changes):
    lm = LM.with_cache()
    options = {"n": 8, "seed": 1, "title": "Asked", "max_length": 250, "attempts": 1, **changes}
    one_by_one = [str(tune) for tune in lm.generate(batch_size=1, **options)]
    assert [str(tune) for tune in lm.generate(batch_size=8, **options)] == one_by_one


def test_bars_that_are_held_back_are_not_brought_again_by_the_cache():
    options = {"n": 2, "seed": 1, "title": "Asked", "max_length": 250, "bar_repetition": 0.5}
    assert LM.with_cache().generate(**options) == LM.generate(**options)


def test_a_model_folder_keeps_the_cache_and_one_without_has_none(tmp_path):
    LM.with_cache((0.25, 0.5)).save(tmp_path)
    assert LanguageModel.load(tmp_path).config.cache == (0.25, 0.5)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config.pop("cache") == [0.25, 0.5]
    assert read_config(json.dumps(config)).cache == ()


@pytest.mark.parametrize("weights", [(1.0,), (-0.1,), (1,), ("0.5",), [0.5]])
def test_weights_are_probabilities_below_one(weights):
    with pytest.raises(ConfigError, match="cache is a tuple of numbers from 0 to below 1, received"):
        ModelConfig(cache=weights)
