"""The Keras network: its weights by name, its logits, its dropout."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from abclm.errors import ModelError
from abclm.models.keras_network import Dropout, weights_of
from abclm.models.lstm.config import ModelConfig

CONFIG = ModelConfig(embedding_dimension=6, units=5, layers=2)
IDS = np.random.default_rng(0).integers(0, 9, (3, 7)).astype(np.uint8)


@pytest.fixture
def weights():
    return CONFIG.initial_weights(9, seed=1)


def stock_network(weights):
    """The same network of Keras' own layers."""
    model = keras.Sequential(
        [
            keras.layers.Embedding(9, 6),
            keras.layers.LSTM(5, return_sequences=True),
            keras.layers.LSTM(5, return_sequences=True),
            keras.layers.Dense(9),
        ]
    )
    model.build((None, None))
    model.set_weights(list(weights.values()))
    return model


def test_the_default_network_has_the_papers_number_of_parameters():
    assert ModelConfig().network(83).count_params() == 5_353_299


def test_logits_are_those_of_keras_layers(weights):
    logits = CONFIG.network(9, weights)(IDS)
    assert logits.dtype == tf.float32
    np.testing.assert_allclose(logits, stock_network(weights)(IDS), atol=1e-6)


def test_weights_come_back_as_they_were_given(weights):
    returned = weights_of(CONFIG.network(9, weights))
    assert list(returned) == list(weights)
    for name, weight in returned.items():
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(weight, weights[name])


def test_any_length_and_batch_size_will_do(weights):
    network = CONFIG.network(9, weights)
    long = network.predict(np.tile(IDS, (2, 3)), verbose=0)
    assert long.shape == (6, 21, 9)
    np.testing.assert_allclose(long[:3, :7], network(IDS), atol=1e-6)


def test_the_network_survives_saving(weights, tmp_path):
    network = CONFIG.network(9, weights)
    network.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(IDS), network(IDS))


@pytest.mark.parametrize("change", [{"dense/bias": np.zeros(8)}, {"lstm_2/bias": np.zeros(20)}])
def test_weights_that_do_not_fit_are_refused(weights, change):
    with pytest.raises(ModelError, match="weights do not fit the network"):
        CONFIG.network(9, {**weights, **change})


def test_dropout_depends_on_its_seed_alone(weights):
    network = CONFIG.network(9, weights)

    def logits(*seed):
        return network.logits(IDS, Dropout(0.3, 0.3, 0.3, seed)).numpy()

    np.testing.assert_array_equal(logits(1, 2), logits(1, 2))
    assert not np.array_equal(logits(1, 2), logits(1, 3))
    assert not np.array_equal(logits(1, 2), logits(2, 2))


def test_dropout_keeps_the_mean(weights):
    network = ModelConfig(embedding_dimension=6, units=5).network(9)
    network.dense.kernel.assign(np.random.default_rng(0).normal(size=(5, 9)))
    drawn = network.logits(np.repeat(IDS[:1], 2000, axis=0), Dropout(output=0.5, seed=(0, 1)))
    np.testing.assert_allclose(np.mean(drawn, axis=0), network(IDS)[0], atol=0.03)
