"""The NumPy step against the equations, written out plainly in float64."""

import numpy as np
import pytest

from abclm.errors import VocabularyError
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.models.recurrent.products import FEW, Pace, Product

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


@pytest.mark.parametrize(
    "shape", [(4096, 1024), (83, 1024), (5, 3), (1, 1), (83, 200), (100, 2310), (3, 20_000)]
)
def test_one_state_and_many_are_multiplied_alike(shape):
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=shape).astype(np.float32)
    states = generator.normal(size=(shape[1], FEW + 2)).astype(np.float32)
    pace = Pace()
    product = Product(matrix, pace)
    for batch in (1, 2, FEW, FEW + 2):
        for pace.in_strips in (False, True):
            found = product.times(states[:, :batch].copy())
            assert found.shape == (shape[0], batch)
            np.testing.assert_allclose(found, matrix @ states[:, :batch], atol=1e-3)


def test_a_few_states_give_the_bits_of_one_in_strips_or_not():
    generator = np.random.default_rng(0)
    pace = Pace()
    product = Product(generator.normal(size=(1024, 256)).astype(np.float32), pace)
    states = generator.normal(size=(256, FEW)).astype(np.float32)
    alone = np.hstack([product.times(states[:, place : place + 1].copy()) for place in range(FEW)])
    for pace.in_strips in (True, False):
        np.testing.assert_array_equal(product.times(states), alone)


def test_the_faster_way_to_multiply_is_found_and_the_other_tried_again():
    pace = Pace()
    seconds = {False: 1.0, True: 2.0}  # shared out among threads, in strips
    ways = []
    for step in range(6000):
        if step == 3000:
            seconds[False] = 5.0  # other processes came
        ways.append(pace.in_strips)
        pace.note(seconds[pace.in_strips])
    assert 0 < np.mean(ways[100:3000]) < 0.05
    assert 0.8 < np.mean(ways[3500:]) < 1


@pytest.mark.parametrize("layers", [1, 2])
def test_texts_of_a_batch_do_not_touch_each_other(layers):
    lm = random_model(layers)
    texts = ["GABcdefg", "X:1\nK:G\n", "||||||||"]
    engine = lm.config.engine(lm.weights)
    state = engine.start(batch=3)
    assert state.batch == 3
    for time in range(8):
        logits = engine.step(state, lm.tokenizer.encode("".join(text[time] for text in texts)))
        assert logits.shape == (3, 83)
    for column, text in enumerate(texts):
        np.testing.assert_array_equal(logits[column], lm.logits(text)[-1])


@pytest.mark.parametrize("layers", [1, 2])
def test_texts_of_a_large_batch_differ_from_one_alone_in_the_last_bits_only(layers):
    lm = random_model(layers)
    engine = lm.config.engine(lm.weights)
    state = engine.start(batch=FEW + 1)
    for symbol in TEXT:
        logits = engine.step(state, lm.tokenizer.encode(symbol * (FEW + 1)))
    np.testing.assert_allclose(logits, np.tile(lm.logits(TEXT)[-1], (FEW + 1, 1)), atol=1e-5)


def test_columns_of_a_state_are_taken_put_back_and_left_out():
    lm = random_model(2)
    engine = lm.config.engine(lm.weights)
    state = engine.start(batch=3)
    engine.step(state, lm.tokenizer.encode("GAB"))
    second = state.column(1)
    engine.step(state, lm.tokenizer.encode("ccc"))
    state.put(0, second)
    logits = engine.step(state.only([0]), lm.tokenizer.encode("d"))
    np.testing.assert_array_equal(logits[0], lm.logits("Ad")[-1])


def test_the_engine_keeps_its_weights_while_the_model_is_trained():
    lm = random_model(2)
    before = lm.logits(TEXT)
    engine = lm.config.engine(lm.weights)
    for weight in lm.weights.values():
        weight[:] = 0
    np.testing.assert_array_equal(engine.logits(lm.tokenizer.encode(TEXT)), before)


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
