"""The engine against the equations, written out plainly in float64."""

import numpy as np
import pytest

from abclm.errors import VocabularyError
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig

TEXT = "X:1\nT:The Lost Badger\nM:6/8\nL:1/8\nK:G\n|:GFG DEF|G2A B2d|"


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain_logits(lm, text):
    """Hochreiter & Schmidhuber 1997 with Gers et al.'s forget gate, gates in Keras' order i, f, c, o."""
    weights = {name: weight.astype(np.float64) for name, weight in lm.weights.items()}
    x = weights["embedding/embeddings"][lm.tokenizer.encode(text)]
    for layer in lm.config.layer_names():
        h = c = np.zeros(lm.config.units)
        outputs = []
        for row in x:
            sums = row @ weights[f"{layer}/kernel"] + h @ weights[f"{layer}/recurrent_kernel"]
            i, f, g, o = np.split(sums + weights[f"{layer}/bias"], 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            outputs.append(h)
        x = np.array(outputs)
    return x @ weights["dense/kernel"] + weights["dense/bias"]


def random_model(layers):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=7, units=70, layers=layers))
    generator = np.random.default_rng(0)
    for name, weight in lm.weights.items():  # biases too, and large enough to open and shut the gates
        lm.weights[name] = generator.normal(0, 0.4, weight.shape).astype(np.float32)
    return lm


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_logits_are_those_of_the_equations(layers):
    lm = random_model(layers)
    logits = lm.logits(TEXT)
    assert logits.shape == (len(TEXT), 83)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, plain_logits(lm, TEXT), atol=1e-4)


@pytest.mark.parametrize("layers", [1, 2])
def test_texts_of_a_batch_do_not_touch_each_other(layers):
    lm = random_model(layers)
    texts = ["GABcdefg", "X:1\nK:G\n", "||||||||"]
    engine = lm.config.engine(lm.weights)
    for copies in (1, 12):
        state = engine.start(batch=3 * copies)
        assert state.batch == 3 * copies
        for time in range(8):
            logits = engine.step(state, lm.tokenizer.encode("".join(text[time] for text in texts) * copies))
            assert logits.shape == (3 * copies, 83)
        for row, text in zip(logits, texts * copies, strict=True):
            np.testing.assert_array_equal(row, engine.logits(lm.tokenizer.encode(text))[-1])


def test_columns_of_a_state_are_taken_put_back_and_left_out():
    lm = random_model(2)
    engine = lm.config.engine(lm.weights)
    state = engine.start(batch=3)
    engine.step(state, lm.tokenizer.encode("GAB"))
    second = state.column(1)
    engine.step(state, lm.tokenizer.encode("ccc"))
    state.put(0, second)
    logits = engine.step(state.only([0]), lm.tokenizer.encode("d"))
    np.testing.assert_array_equal(logits[0], engine.logits(lm.tokenizer.encode("Ad"))[-1])


def test_the_engine_keeps_its_weights_while_the_model_is_trained():
    lm = random_model(2)
    ids = lm.tokenizer.encode(TEXT)
    before, engine = lm.config.engine(lm.weights).logits(ids), lm.config.engine(lm.weights)
    for weight in lm.weights.values():
        weight[:] = 0
    np.testing.assert_array_equal(engine.logits(ids), before)


def test_no_text_gives_no_logits():
    assert random_model(1).logits("").shape == (0, 83)


def test_saturated_gates_give_no_warning():
    lm = random_model(1)
    lm.weights["lstm/bias"][:] = 1e4
    with np.errstate(all="raise"):
        assert np.isfinite(lm.logits(TEXT)).all()


def test_logits_of_an_unknown_character_are_an_error():
    with pytest.raises(VocabularyError, match="'~'"):
        random_model(1).logits("GA~")
