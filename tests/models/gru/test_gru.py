"""The GRU: its equations, Keras and NumPy alike, trained, stopped and resumed, and writing tunes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import abclm
from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError
from abclm.language_model import LanguageModel
from abclm.models.gru.config import GRUConfig
from abclm.models.keras_network import Dropout
from abclm.training.config import TrainingConfig

TUNES = Corpus.load("oldTunes").normalize()
TRAIN, HELD_OUT = TUNES.split(0.2, seed=0)
TEXT = "X:1\nT:The Lost Badger\nM:6/8\nL:1/8\nK:G\n|:GFG DEF|G2A B2d|"
IDS = np.random.default_rng(0).integers(0, 9, (3, 7)).astype(np.uint8)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain_logits(lm, text):
    """Cho et al. 2014 with the reset gate after the product, gates in Keras' order z, r, g."""
    weights = {name: weight.astype(np.float64) for name, weight in lm.weights.items()}
    x = weights["embedding/embeddings"][lm.tokenizer.encode(text)]
    for layer in lm.config.layer_names():
        h = np.zeros(lm.config.units)
        outputs = []
        for row in x:
            inputs = np.split(row @ weights[f"{layer}/kernel"] + weights[f"{layer}/bias"][0], 3)
            state = np.split(h @ weights[f"{layer}/recurrent_kernel"] + weights[f"{layer}/bias"][1], 3)
            z, r = sigmoid(inputs[0] + state[0]), sigmoid(inputs[1] + state[1])
            h = z * h + (1 - z) * np.tanh(inputs[2] + r * state[2])
            outputs.append(h)
        x = np.array(outputs)
    return x @ weights["dense/kernel"] + weights["dense/bias"]


def random_model(layers, units=70):
    lm = LanguageModel.create(GRUConfig(embedding_dimension=7, units=units, layers=layers))
    generator = np.random.default_rng(0)
    for name, weight in lm.weights.items():  # biases too, and large enough to open and shut the gates
        lm.weights[name] = generator.normal(0, 0.4, weight.shape).astype(np.float32)
    return lm


def test_the_parameters_are_counted_by_hand():
    # 83·256 embedding + 3·1024·(256 + 1024 + 2) GRU + 1024·83 + 83 dense
    assert GRUConfig().parameters(83) == 21_248 + 3_938_304 + 85_075
    assert GRUConfig(embedding_dimension=3, units=4, layers=2).weight_shapes(7) == {
        "embedding/embeddings": (7, 3),
        "gru/kernel": (3, 12),
        "gru/recurrent_kernel": (4, 12),
        "gru/bias": (2, 12),
        "gru_1/kernel": (4, 12),
        "gru_1/recurrent_kernel": (4, 12),
        "gru_1/bias": (2, 12),
        "dense/kernel": (4, 7),
        "dense/bias": (7,),
    }
    assert GRUConfig(embedding_dimension=3, units=4, layers=2).network(7).count_params() == GRUConfig(
        embedding_dimension=3, units=4, layers=2
    ).parameters(7)


def test_a_new_model_is_drawn_as_keras_draws_it():
    weights = GRUConfig(embedding_dimension=40, units=50).initial_weights(83, seed=0)
    limit = np.sqrt(6 / (40 + 150))
    assert 0.9 * limit < np.abs(weights["gru/kernel"]).max() <= limit
    recurrent = weights["gru/recurrent_kernel"]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(50), atol=1e-5)
    assert not weights["gru/bias"].any()
    layer = keras.layers.GRU(50)
    layer.build((None, None, 40))
    stock = dict(zip(("kernel", "recurrent_kernel", "bias"), layer.get_weights(), strict=True))
    for name, weight in stock.items():
        assert weight.shape == weights[f"gru/{name}"].shape
        np.testing.assert_allclose(weight.std(), weights[f"gru/{name}"].std(), rtol=0.05)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_keras_and_the_engine_give_the_logits_of_the_equations(layers):
    lm = random_model(layers)
    logits = lm.logits(TEXT)
    assert (logits.shape, logits.dtype) == ((len(TEXT), 83), np.float32)
    np.testing.assert_allclose(logits, plain_logits(lm, TEXT), atol=1e-4)
    np.testing.assert_allclose(lm.to_keras()(lm.tokenizer.encode(TEXT)[None])[0], logits, atol=1e-4)


def test_texts_of_a_batch_do_not_touch_each_other():
    lm = random_model(2)
    texts = ["GABcdefg", "X:1\nK:G\n", "||||||||"]
    engine = lm.config.engine(lm.weights)
    for copies in (1, 7):
        state = engine.start(3 * copies)
        for time in range(8):
            logits = engine.step(state, lm.tokenizer.encode("".join(text[time] for text in texts * copies)))
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


def test_the_network_survives_saving(tmp_path):
    config = GRUConfig(embedding_dimension=6, units=5, layers=2)
    network = config.network(9, config.initial_weights(9, seed=1))
    network.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(IDS), network(IDS))


def test_dropout_depends_on_its_seed_alone_and_each_rate_does_something():
    network = GRUConfig(embedding_dimension=6, units=5, layers=2).network(9)

    def logits(*seed, rates=(0.3, 0.3, 0.3)):
        return network.logits(IDS, Dropout(*rates, seed)).numpy()

    np.testing.assert_array_equal(logits(1, 2), logits(1, 2))
    assert not np.array_equal(logits(1, 2), logits(1, 3))
    plain = network(IDS).numpy()
    np.testing.assert_array_equal(logits(1, 2, rates=(0.0, 0.0, 0.0)), plain)
    for rates in np.eye(3) * 0.1:  # each of them does something
        assert not np.array_equal(logits(1, 2, rates=tuple(rates)), plain)
    np.testing.assert_array_equal(network(IDS), plain)  # the layers have their own weights again


def test_dropped_recurrent_weights_are_learned_through():
    network = GRUConfig(embedding_dimension=6, units=5).network(9)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network.logits(IDS, Dropout(recurrent=0.5, seed=(0, 1))) ** 2)
    gradient = tape.gradient(loss, network.recurrent[0].cell.recurrent_kernel.value).numpy()
    assert 0.2 < np.mean(gradient == 0) < 0.8


def test_products_in_bfloat16_are_refused():
    with pytest.raises(ConfigError, match="a GRU is trained in float32 on a processor"):
        GRUConfig(embedding_dimension=6, units=5).network(9).logits(IDS, product_type=tf.bfloat16)


def test_a_gru_trains_resumes_to_the_same_bits_and_writes_under_the_grammar(tmp_path):
    config = TrainingConfig(
        sequence_length=40, batch_size=16, epochs=3, learning_rate=1e-2, clip_norm=1.0,
        embedding_dropout=0.1, output_dropout=0.2, recurrent_dropout=0.2, checkpoint_minutes=1e-9,
    )  # fmt: skip

    def new():
        return LanguageModel.create(GRUConfig(embedding_dimension=8, units=16, layers=2), seed=1)

    def stop(now):
        if now.step == whole.metadata["training"]["steps"] // 2:
            raise KeyboardInterrupt

    whole = new().fit(TRAIN, HELD_OUT, config)
    bits = [entry["validation_bits_per_character"] for entry in whole.history]
    assert bits[2] < bits[1] < bits[0] < np.log2(83)

    with pytest.raises(KeyboardInterrupt):
        new().fit(TRAIN, HELD_OUT, config, folder=tmp_path, progress=stop)
    resumed = new().fit(TRAIN, HELD_OUT, config, folder=tmp_path, resume=True)
    for name, weight in whole.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], weight)

    loaded = abclm.load(tmp_path)
    assert loaded.config == whole.config
    np.testing.assert_array_equal(loaded.logits(TEXT), whole.logits(TEXT))
    (tune,) = loaded.generate(title="The Lost Badger", key="G", meter="6/8", bars=4, seed=7)
    assert tune.check() == []
    assert (tune.title, tune.key, tune.meter) == ("The Lost Badger", "G", "6/8")
    # In bulk by Keras, and tune by tune by the engine.
    many = loaded.evaluate(TUNES).bits_per_character
    few = loaded.evaluate(HELD_OUT.tunes[:3]).bits_per_character
    assert 2 < few < 6
    assert 2 < many < 6
