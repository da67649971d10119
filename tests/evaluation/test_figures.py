"""Bits, perplexity and accuracy against models whose figures are known, and their intervals."""

import math
import subprocess
import sys

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError, VocabularyError
from abclm.evaluation import bits
from abclm.evaluation.bits import evaluate
from abclm.evaluation.bulk import Evaluator
from abclm.evaluation.figures import FIGURES, Costs, EncodedTunes, Evaluation
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tune import Tune

LM = LanguageModel.create(ModelConfig(embedding_dimension=4, units=8), seed=1)
TUNES = Corpus.load("oldTunes").normalize()
TUNE = Tune.parse("X:1\nT:Up\nM:C\nL:1/8\nK:C\nCDEFGABc|]\n").normalize()


def model_with(bias):
    """A model that always predicts what its last bias says."""
    lm = LanguageModel.create(ModelConfig(embedding_dimension=2, units=2))
    lm.weights["dense/kernel"] *= 0
    lm.weights["dense/bias"] = np.asarray(bias, np.float32)
    return lm


def test_a_model_that_knows_nothing_needs_log2_of_the_vocabulary():
    found = evaluate(model_with(np.zeros(83)), [TUNE])
    for name in ("bits_per_character", "header_bits_per_character", "body_bits_per_character"):
        assert getattr(found, name) == pytest.approx(math.log2(83))
    assert found.perplexity == pytest.approx(83)
    assert found.bits_per_tune == pytest.approx(math.log2(83) * len(TUNE.text))


def test_a_model_that_is_sure_of_one_symbol_is_right_where_it_stands():
    symbol = LM.tokenizer.char_to_id["C"]
    found = evaluate(model_with(np.where(np.arange(83) == symbol, 0.0, -2.0)), [TUNE])
    assert found.accuracy == pytest.approx(TUNE.text.count("C") / len(TUNE.text))
    log_sum = math.log(1 + 82 * math.exp(-2))
    nats = [log_sum + (0 if character == "C" else 2) for character in TUNE.text]
    header = len(TUNE.text) - len(TUNE.body)
    assert found.bits_per_tune == pytest.approx(sum(nats) / math.log(2))
    assert found.header_bits_per_character == pytest.approx(sum(nats[:header]) / header / math.log(2))
    assert found.body_bits_per_character == pytest.approx(sum(nats[header:]) / len(TUNE.body) / math.log(2))


def test_a_model_that_knows_the_tune_needs_no_bits():
    costs = Costs(
        np.zeros(2), np.zeros(2), np.array([10, 12]), np.array([50, 60]), np.array([60, 72]), np.zeros(2)
    )
    found = Evaluation.of(costs)
    assert [getattr(found, name) for name in FIGURES] == [0, 0, 0, 0, 1, 1]
    assert (found.tunes, found.characters) == (2, 132)
    assert found.intervals()["bits_per_character"] == (0, 0)


def test_numpy_and_tensorflow_give_the_same_figures(monkeypatch):
    by_numpy = evaluate(LM, TUNES)
    network = LM.config.network(len(LM.tokenizer), LM.weights)
    for other in (*Evaluator(network, EncodedTunes(LM.tokenizer, TUNES))(), _in_bulk(monkeypatch)):
        for name in FIGURES:
            assert getattr(other, name) == pytest.approx(getattr(by_numpy, name), rel=1e-5)
        for name in ("header_nats", "body_nats", "header_characters", "body_characters"):
            np.testing.assert_allclose(getattr(other.costs, name), getattr(by_numpy.costs, name), rtol=1e-5)


def _in_bulk(monkeypatch):
    monkeypatch.setattr(bits, "_MOST_FOR_NUMPY", 0)
    return evaluate(LM, TUNES)


def test_a_handful_of_tunes_loads_no_tensorflow(tmp_path):
    LM.save(tmp_path / "m")
    code = (
        "import abclm, sys; lm = abclm.load('m'); tunes = abclm.Corpus.load('oldTunes').tunes[:3]\n"
        "from abclm.evaluation.comparison import compare\nfrom abclm.evaluation.quality import judge\n"
        "lm.bits_per_character(tunes); compare(tunes, tunes); judge(tunes)\n"
        "heavy = {'tensorflow', 'keras', 'music21', 'matplotlib', 'scipy'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    root = bits.__file__.removesuffix("abclm/evaluation/bits.py")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={"PYTHONPATH": root}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "[]\n", done.stderr


# Intervals


def test_the_interval_is_that_of_the_mean_where_that_is_known():
    generator = np.random.default_rng(3)
    bits = generator.normal(200, 20, size=400)
    characters = np.full(400, 100)
    none = np.zeros(400)
    costs = Costs(none, bits * math.log(2), none.astype(int), characters, none.astype(int), told_nats=none)
    low, high = Evaluation.of(costs).intervals()["bits_per_tune"]
    half = 1.96 * bits.std() / 20
    assert (low, high) == pytest.approx((bits.mean() - half, bits.mean() + half), abs=0.15 * half)


def test_the_intervals_hold_the_figures_and_follow_the_seed():
    found = evaluate(LM, TUNES)
    one, again, other = found.intervals(seed=1), found.intervals(seed=1), found.intervals(seed=2)
    assert one == again != other
    for name in FIGURES:
        low, high = one[name]
        assert low < getattr(found, name) < high
    narrow = found.intervals(confidence=0.5)["bits_per_tune"]
    assert one["bits_per_tune"][0] < narrow[0] < narrow[1] < one["bits_per_tune"][1]


def test_one_tune_has_an_interval_without_width():
    found = evaluate(LM, [TUNE])
    assert found.intervals()["bits_per_tune"] == pytest.approx((found.bits_per_tune,) * 2)


@pytest.mark.parametrize("most", [0, 12_000])
def test_what_can_not_be_measured_is_refused_by_both_engines(monkeypatch, most):
    monkeypatch.setattr(bits, "_MOST_FOR_NUMPY", most)
    with pytest.raises(ConfigError, match="no held-out tunes"):
        evaluate(LM, [Tune.parse("X:1\nK:nonsense\nz|]\n")])
    other = LanguageModel.create(ModelConfig(units=2), CharacterTokenizer.from_text("\nXK:1"))
    with pytest.raises(VocabularyError):
        evaluate(other, TUNES)
