"""Networks of layers from the papers: their parameters, what they read, what they drop, and what they write with."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from abclm.errors import ConfigError
from abclm.language_model import LanguageModel
from abclm.models.architecture import ARCHITECTURES, find_architecture, read_config
from abclm.models.keras_network import Dropout, weights_of
from abclm.models.layered.attention import SelfAttention
from abclm.models.layered.config import LayeredConfig
from abclm.models.layered.network import trainable_parameters
from abclm.models.layered.parts import BATCH_NORM, dropout, recurrent
from abclm.models.layered.rocco import Rocco1, Rocco2b
from abclm.models.layered.voorhis_allen import Baseline
from abclm.tokenizers.notes import NoteTokenizer

LAYERED = [name for name in ARCHITECTURES.names() if issubclass(find_architecture(name), LayeredConfig)]
FEW = ("conv1d-256-3lstm-128", "separable-2lstm-256", "hopkins-rnn", "kankanala-gru")  # of each kind of layer
LSTM_256 = 4 * 256 * (1 + 256 + 1)  # on a scaled index; weights of input, of state, and a bias a gate


@dataclass(frozen=True, kw_only=True)
class Small(LayeredConfig):
    """A network with all that is drawn at random, in which a test costs little."""

    name = "small"
    source = "a network of the tests"
    window: int = 5
    tokens_ahead = 2

    def layers(self):
        return [
            recurrent("LSTM", 4, bidirectional=True, recurrent_dropout=0.3),
            BATCH_NORM,
            dropout(0.5),
            recurrent("GRU", 3, last=True),
        ]


@pytest.mark.parametrize(
    ("name", "tokens", "parameters", "trainable"),
    [
        ("rocco-0", 313, 5_467_961, 5_467_961 - 2 * (512 + 256)),  # the statistics of two layers
        ("kankanala-lstm", 65, 2_709_057, 2_709_057),
        ("kankanala-lstm-text", 65, 1_038_913, 1_037_633),
        ("kankanala-gru", 225, 835_297, 834_017),
        ("lstm-256", 100, LSTM_256 + 256 * 100 + 100, LSTM_256 + 256 * 100 + 100),
        ("hopkins-rnn", 128, 128 * (128 + 128 + 1) + 128 * 128 + 128, 128 * 257 + 128 * 129),
    ],
)
def test_a_network_has_the_parameters_that_its_paper_states(name, tokens, parameters, trainable):
    config = find_architecture(name)()
    assert config.parameters(tokens) == parameters
    assert trainable_parameters(config, tokens) == trainable


@pytest.mark.parametrize(
    "name", [each if each in FEW else pytest.param(each, marks=pytest.mark.slow) for each in LAYERED]
)
def test_every_network_reads_windows_and_predicts_what_follows(name):
    config = find_architecture(name)(window=6)
    weights = config.initial_weights(7, seed=1)
    logits = config.network(7, weights).logits(np.array([[0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 0, 6]]))
    assert logits.shape == (2, 1, 7)
    assert np.ptp(logits.numpy()) > 0
    assert read_config(config.to_json()) == config
    assert name in ARCHITECTURES.known
    assert str(config.window) in config.describe()


def test_every_build_of_the_papers_is_there():
    assert len(LAYERED) == 8 + 8 + 3 + 1


def test_the_seed_alone_says_which_weights_are_drawn():
    config = Baseline(window=3)
    first, again, other = (config.initial_weights(5, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["logits/kernel"], other["logits/kernel"])
    with pytest.raises(ConfigError, match="seed is an integer from 0"):
        config.initial_weights(5, -1)


@pytest.mark.parametrize(("inputs", "width"), [("scaled", 1), ("one-hot", 5), ("embedding", 8)])
def test_a_token_is_read_as_is_asked_for(inputs, width):
    config = Rocco1(window=3, inputs=inputs, embedding_dimension=8)
    assert config.weight_shapes(5)["lstm/lstm_cell/kernel"] == (width, 4 * 512)


def test_a_scaled_index_is_the_id_divided_by_the_number_of_tokens():
    network = Baseline(window=2).network(8)
    assert network.core.get_layer("input")(np.array([[2, 6]])).numpy().ravel().tolist() == [0.25, 0.75]


def test_attention_gives_means_of_the_sequence_by_its_scores():
    layer = SelfAttention("relu", units=3)
    inputs = np.random.default_rng(0).normal(size=(2, 4, 5)).astype(np.float32)
    found = layer(inputs).numpy()
    w, u, b, v, c = (np.array(each, np.float64) for each in layer.get_weights())
    for row, result in zip(inputs.astype(np.float64), found, strict=True):
        scores = [[max(0, (v[:, 0] @ np.tanh(x @ w + y @ u + b)) + c[0]) for y in row] for x in row]
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(result, shares @ row, atol=1e-5)


def test_dropout_depends_on_the_seed_of_the_step_alone_and_batch_statistics_move():
    config = Small()
    weights = config.initial_weights(6, seed=1)
    networks = [config.network(6, weights) for _ in range(2)]
    ids = np.array([[0, 1, 2, 3, 4], [5, 4, 3, 2, 1]])
    networks[1].logits(ids, Dropout(seed=[7, 1]))  # what was drawn before makes no difference
    networks[1] = config.network(6, weights)
    runs = [network.logits(ids, Dropout(seed=[7, 3])).numpy() for network in networks]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert runs[0].shape == (2, 2, 6)
    assert not np.array_equal(runs[0], config.network(6, weights).logits(ids, Dropout(seed=[7, 4])).numpy())
    plain = config.network(6, weights)
    np.testing.assert_array_equal(plain.logits(ids).numpy(), plain.logits(ids).numpy())
    moved = weights_of(networks[0])
    changed = {name for name in weights if not np.array_equal(weights[name], moved[name])}
    assert changed == {"batchnormalization/moving_mean", "batchnormalization/moving_variance"}


def test_rates_of_dropout_from_outside_are_refused():
    network = Baseline(window=2).network(4)
    with pytest.raises(ConfigError, match="its own dropout"):
        network.logits(np.array([[0, 1]]), Dropout(output=0.1))


def test_a_network_with_dropout_can_be_compiled():
    network = Small().network(6)
    step = tf.function(lambda ids, seed: network.logits(ids, Dropout(seed=[1, seed])), autograph=False)
    ids = tf.constant([[0, 1, 2, 3, 4]])
    assert not np.array_equal(step(ids, tf.constant(1)).numpy(), step(ids, tf.constant(2)).numpy())


def test_the_engine_reads_windows_that_are_filled_up_with_the_first_token():
    config = Small()
    weights = config.initial_weights(6, seed=1)
    engine, network = config.engine(weights), config.network(6, weights)
    ids = [0, 3, 1, 4, 2, 5, 3]
    rows = engine.logits(np.array(ids))
    state = engine.start(2)
    for place, token in enumerate(ids):
        window = ([0] * 5 + ids[: place + 1])[-5:]
        wanted = network.logits(np.array([window])).numpy()[0, 0]
        np.testing.assert_allclose(rows[place], wanted, atol=1e-6)
        if place % 2 == 0:  # of two tokens ahead the first
            np.testing.assert_allclose(engine.step(state, [token, 5])[0], wanted, atol=1e-6)
        else:
            engine.step(state, [token, 5])
    kept, column = state.only([1]), state.column(0)
    kept.put(0, column)
    assert kept.batch == 1
    assert kept.windows.tolist() == [ids[-5:]]


def test_a_layered_model_is_saved_and_loaded(tmp_path):
    tokenizer = NoteTokenizer.of_names([["C4", "0.4.7"]])
    lm = LanguageModel.create(find_architecture("hopkins-rnn")(units=4, window=5, ahead=2), tokenizer, seed=3)
    lm.save(tmp_path / "m")
    loaded = LanguageModel.load(tmp_path / "m")
    assert loaded.config == lm.config
    np.testing.assert_array_equal(loaded.logits(["C4"]), lm.logits(["C4"]))


def test_model_2b_is_model_2_with_both_ways_first():
    assert Rocco2b().layers() == find_architecture("rocco-2")(bidirectional=True).layers()


def test_an_unknown_architecture_is_one_line_with_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean conv1d-2lstm-256"):
        find_architecture("conv1d-2lstm")


def test_several_tokens_ahead_are_written_before_the_window_is_read_again():
    config = find_architecture("hopkins-rnn")(units=4, window=3, ahead=2)
    weights = config.initial_weights(6, seed=1)
    engine, network = config.engine(weights), config.network(6, weights)
    state = engine.start(2)
    read = {0: [[1, 1, 1], [5, 5, 5]], 2: [[1, 3, 4], [5, 5, 5]]}
    for place, token in enumerate([1, 3, 4, 2]):
        if place in read:
            wanted = network.logits(np.array(read[place])).numpy()
        np.testing.assert_allclose(engine.step(state, [token, 5]), wanted[:, place % 2], atol=1e-6)
    alone = state.column(0)
    state.put(1, alone)
    assert state.only([0, 1]).used.tolist() == [1, 1]
