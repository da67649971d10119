"""A model keeps the engine that writes with its weights, as long as they are the same."""

import copy
import gc
import weakref

import numpy as np
import pytest

from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.models.recurrent import products
from abclm.models.recurrent.products import IntegerProduct


@pytest.fixture
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=4, units=8), seed=1)


def test_an_engine_is_made_once(lm):
    assert lm.engine() is lm.engine()
    assert copy.deepcopy(lm).engine() is not lm.engine()


@pytest.mark.parametrize("name", ["embedding/embeddings", "lstm/recurrent_kernel", "dense/bias"])
def test_a_weight_changed_in_place_makes_another(lm, name):
    before, tune = lm.engine(), lm.generate(seed=1, max_length=200)[0]
    lm.weights[name][...] += np.random.default_rng(1).normal(size=lm.weights[name].shape)
    assert lm.engine() is not before
    fresh = LanguageModel(lm.config, lm.tokenizer, lm.weights)
    assert lm.generate(seed=1, max_length=200)[0] == fresh.generate(seed=1, max_length=200)[0] != tune


def test_another_product_makes_another(lm, monkeypatch):
    before = lm.engine()

    class Other(IntegerProduct):
        pass

    monkeypatch.setattr(products, "integer_product", lambda: Other)
    assert lm.engine() is not before
    monkeypatch.undo()
    assert type(lm.engine()) is type(before)


def test_what_was_kept_goes_with_the_model():
    lm = LanguageModel.create(ModelConfig(embedding_dimension=4, units=8))
    kept = weakref.ref(lm.engine())
    del lm
    gc.collect()
    assert kept() is None
