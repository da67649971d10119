"""Bits per character in bulk: the same as summing what each tune's logits say, one by one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError, VocabularyError
from abclm.evaluation import bits
from abclm.evaluation.bits import evaluate, evaluate_both
from abclm.evaluation.bulk import packed_batches, padded_batches
from abclm.evaluation.figures import FIGURES
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tune import Tune

LM = LanguageModel.create(ModelConfig(embedding_dimension=4, units=8, layers=2), seed=1)
TUNES = Corpus.load("oldTunes").normalize()


def nats(text):
    """By the definition: after one newline from a zero state, every character counted."""
    logits = LM.logits("\n" + text[:-1]).astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(text)), LM.tokenizer.encode(text)].sum()


def test_the_figures_are_those_of_the_definition():
    evaluation = evaluate(LM, TUNES)
    total = sum(nats(tune.text) for tune in TUNES.tunes)
    characters = sum(len(tune.text) for tune in TUNES.tunes)
    assert all(tune.text.endswith("\n\n") for tune in TUNES.tunes)
    assert (evaluation.tunes, evaluation.characters) == (len(TUNES), characters)
    assert evaluation.bits_per_character == pytest.approx(total / math.log(2) / characters, rel=1e-5)
    assert evaluation.bits_per_tune == pytest.approx(total / math.log(2) / len(TUNES), rel=1e-5)


def test_each_tune_is_measured_by_itself():
    alone = [evaluate(LM, [tune]).bits_per_tune for tune in TUNES.tunes[:3]]
    together = evaluate(LM, TUNES.tunes[:3])
    assert together.bits_per_tune == pytest.approx(np.mean(alone), rel=1e-6)


def test_tunes_are_brought_to_the_canonical_form_first():
    raw = [Tune.parse(tune.text.replace("X:1", "X:9")) for tune in TUNES.tunes[:3]]
    assert evaluate(LM, raw) == evaluate(LM, TUNES.tunes[:3])


def test_no_tunes_are_refused():
    with pytest.raises(ConfigError, match="no held-out tunes"):
        evaluate(LM, [])


def test_a_tune_with_other_symbols_is_refused():
    other = LanguageModel.create(ModelConfig(units=2), CharacterTokenizer.from_text("\nXK:1"))
    with pytest.raises(VocabularyError):
        evaluate(other, TUNES)


@settings(max_examples=50)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=20), st.integers(1, 200))
def test_batches_hold_every_sequence_once_within_the_bound(lengths, bound):
    sequences = [np.full(length, number + 1, np.uint8) for number, length in enumerate(lengths)]
    seen = []
    for inputs, targets, counted, places in padded_batches(sequences, bound):
        assert inputs.shape == targets.shape
        assert inputs.size <= bound or len(inputs) == 1
        for row, target, length in zip(inputs, targets, counted, strict=True):
            assert (row[:length] == target[:length]).all()
            assert not row[length + 1 :].any()
            seen.append((row[0], length + 1))
        assert [row[0] - 1 for row in inputs] == places
    assert sorted(seen) == [(number + 1, length) for number, length in enumerate(lengths)]


@settings(max_examples=50)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=20), st.integers(1, 200))
def test_packed_batches_hold_every_sequence_once_and_nothing_else(lengths, bound):
    sequences = [np.arange(length, dtype=np.uint8) + number for number, length in enumerate(lengths)]
    seen = []
    for batch in packed_batches(sequences, bound):
        assert len(batch.inputs) == len(batch.targets) == batch.sizes.sum()
        assert (np.diff(batch.sizes) <= 0).all()
        inputs, targets = batch.inputs[batch.where], batch.targets[batch.where]
        np.testing.assert_array_equal(batch.spread(inputs), batch.inputs)
        begin = 0
        for place in batch.places:
            end = begin + lengths[place] - 1
            np.testing.assert_array_equal(inputs[begin:end], sequences[place][:-1])
            np.testing.assert_array_equal(targets[begin:end], sequences[place][1:])
            begin = end
            seen.append(place)
        assert [len(sequences[place]) - 1 for place in batch.places] == sorted(
            (len(sequences[place]) - 1 for place in batch.places), reverse=True
        )
    assert sorted(seen) == list(range(len(lengths)))


@pytest.mark.parametrize("most", [0, 10**9], ids=["in bulk", "by NumPy"])
def test_a_model_and_its_network_alone_are_measured_together_as_one_by_one(monkeypatch, most):
    monkeypatch.setattr(bits, "_MOST_FOR_NUMPY", most)
    lm = LanguageModel.create(ModelConfig(embedding_dimension=4, units=8, structure=True), seed=1)
    for weight in lm.weights.values():
        weight *= 2
    tunes = TUNES.tunes[:4]
    both = evaluate_both(lm, tunes)
    for found, expected in zip(both, (evaluate(lm, tunes), evaluate(lm, tunes, copies=False)), strict=True):
        for name in FIGURES:
            assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-6)
    assert both[0].body_bits_per_character != both[1].body_bits_per_character
    assert evaluate_both(LM, tunes)[1] is None
