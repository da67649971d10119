"""The Keras network that reads a tune's context and mixes in copies."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError
from abclm.evaluation.bulk import packed_batches
from abclm.language_model import LanguageModel
from abclm.models.architecture import read_config
from abclm.models.context import (
    COLUMNS,
    COPIES,
    COPY_COLUMNS,
    GATE,
    GATE_COLUMNS,
    INPUT_COLUMNS,
    INPUTS,
    with_context,
)
from abclm.models.keras_network import Dropout, weights_of
from abclm.models.lstm.config import ModelConfig
from abclm.models.lstm.structure import mixture
from abclm.models.recall import WEIGHTS
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.default()
CONFIG = ModelConfig(embedding_dimension=6, units=8, structure=True)
TUNES = Corpus.load("oldTunes").normalize().tunes


@pytest.fixture
def weights():
    """Weights that are far from those of a new model, so that no part counts for nothing."""
    random = np.random.default_rng(1)
    return {
        name: random.normal(0, 0.5, shape).astype(np.float32)
        for name, shape in CONFIG.weight_shapes(len(TOKENIZER)).items()
    }


@pytest.fixture(scope="module")
def inputs():
    return with_context(TOKENIZER, TOKENIZER.encode_piece(TUNES[2].text))[None]


def softmax(scores):
    chances = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return chances / chances.sum(axis=-1, keepdims=True)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def plain_mixture(weights, inputs):
    """The probabilities by the equations, symbol by symbol."""
    h, c = np.zeros(8), np.zeros(8)
    context = np.split(weights["context/embeddings"], np.cumsum(list(INPUTS.values()))[:-1])
    gate_tables = np.split(weights["gate/embeddings"], np.cumsum(list(GATE.values()))[:-1])
    found = []
    for token_id, *row in inputs[0].tolist():
        x = weights["embedding/embeddings"][token_id]
        x = x + sum(table[row[column]] for table, column in zip(context, INPUT_COLUMNS, strict=True))
        sums = x @ weights["lstm/kernel"] + h @ weights["lstm/recurrent_kernel"] + weights["lstm/bias"]
        i, f, g, o = np.split(sums, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        hidden = h @ weights["gate/hidden/kernel"] + weights["gate/hidden/bias"]
        hidden = hidden + sum(
            table[row[column]] for table, column in zip(gate_tables, GATE_COLUMNS, strict=True)
        )
        scores = np.tanh(hidden) @ weights["gate/dense/kernel"] + weights["gate/dense/bias"]
        copies = [row[column] for column in COPY_COLUMNS]
        scores[1:][np.array(copies) == 0] = -np.inf
        shares = softmax(scores)
        chances = shares[0] * softmax(h @ weights["dense/kernel"] + weights["dense/bias"])
        for share, copy in zip(shares[1:], copies, strict=True):
            if copy:
                chances[copy - 1] += share
        found.append(chances)
    return np.array(found)


def test_the_network_gives_the_logarithms_of_the_mixture(weights, inputs):
    logits = CONFIG.network(len(TOKENIZER), weights)(inputs)
    assert logits.dtype == tf.float32
    np.testing.assert_allclose(np.exp(logits[0]), plain_mixture(weights, inputs), atol=1e-5)


def test_probabilities_add_up_to_one_however_small_they_are():
    random = np.random.default_rng(0)
    logits = random.normal(0, 300, (2, 3, 9)).astype(np.float32)
    gate = random.normal(0, 300, (2, 3, 1 + len(COPIES))).astype(np.float32)
    copies = random.integers(0, 10, (2, 3, len(COPIES)))
    with tf.GradientTape() as tape:
        values = [tf.constant(logits), tf.constant(gate)]
        tape.watch(values)
        found = mixture(*values, tf.constant(copies, tf.int32))
        loss = tf.reduce_sum(found[..., 0])
    np.testing.assert_allclose(np.exp(found).sum(axis=-1), 1, rtol=1e-5)
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(loss, values))


def test_without_copies_the_mixture_is_the_networks_softmax():
    logits = np.random.default_rng(0).normal(0, 3, (1, 2, 9)).astype(np.float32)
    gate = np.full((1, 2, 1 + len(COPIES)), 3.0, np.float32)
    found = mixture(logits, gate, np.zeros((1, 2, len(COPIES)), np.int32))
    np.testing.assert_allclose(found, np.log(softmax(logits)), atol=1e-5)


def test_gradients_are_those_of_differences(weights, inputs):
    """In float64 differences would be exact; in float32 they agree to a few digits."""
    network = CONFIG.network(len(TOKENIZER), weights)
    inputs, targets = inputs[:, :-1], inputs[:, 1:, 0].astype(np.int32)

    @tf.function(autograph=False)  # called twice for each variable
    def loss():
        logits = network.logits(inputs)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))

    with tf.GradientTape() as tape:
        value = loss()
    variables = network.named_variables()
    gradients = tape.gradient(value, [variable.value for variable in variables.values()])
    random = np.random.default_rng(2)
    for (name, variable), gradient in zip(variables.items(), gradients, strict=True):
        gradient, before = np.array(tf.convert_to_tensor(gradient)), np.array(variable)
        step = random.normal(0, 1, before.shape) * (gradient != 0)
        step *= 1e-2 / np.linalg.norm(step)
        ends = []
        for sign in (1, -1):
            variable.assign(before + sign * step)
            ends.append(float(loss()))
        variable.assign(before)
        expected = np.sum(gradient * step)
        assert (ends[0] - ends[1]) / 2 == pytest.approx(expected, rel=0.05, abs=2e-6), name


def test_dropout_and_products_in_bfloat16_change_little(weights, inputs):
    network = CONFIG.network(len(TOKENIZER), CONFIG.initial_weights(len(TOKENIZER), seed=1))
    plain = network.logits(inputs)
    dropout = Dropout(0.2, 0.2, 0.2, (1, 2))
    np.testing.assert_array_equal(network.logits(inputs, dropout), network.logits(inputs, dropout))
    np.testing.assert_allclose(network.logits(inputs, dropout), plain, atol=0.5)
    np.testing.assert_allclose(network.logits(inputs, product_type=tf.bfloat16), plain, atol=0.02)


def test_sequences_of_one_batch_do_not_touch_each_other(weights, inputs):
    network = CONFIG.network(len(TOKENIZER), weights)
    other = with_context(TOKENIZER, TOKENIZER.encode_piece(TUNES[3].text))[None]
    length = min(inputs.shape[1], other.shape[1])
    both = network(np.concatenate([inputs[:, :length], other[:, :length]]))
    np.testing.assert_allclose(both[1], network(other)[0, :length], atol=1e-5)
    drop = Dropout(embedding=0.5, seed=(0, 1))
    twice = network.logits(np.concatenate([inputs, inputs]), drop)
    assert not np.allclose(twice[0], twice[1])  # each sequence has its own mask


def test_weights_come_back_and_the_network_survives_saving(weights, inputs, tmp_path):
    network = CONFIG.network(len(TOKENIZER), weights)
    assert list(weights_of(network)) == list(weights)
    for name, weight in weights_of(network).items():
        np.testing.assert_array_equal(weight, weights[name])
    network.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(inputs), network(inputs))


def test_a_model_folder_keeps_the_structure_and_older_ones_have_none(tmp_path):
    lm = LanguageModel.create(CONFIG, seed=1)
    lm.save(tmp_path)
    again = LanguageModel.load(tmp_path)
    assert again.config == CONFIG
    assert again.config.columns == len(COLUMNS)
    for name, weight in lm.weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)
    old = '{"format_version": 2, "architecture": "lstm", "embedding_dimension": 6, "units": 8, "layers": 1, "cache": []}'
    assert read_config(old) == ModelConfig(embedding_dimension=6, units=8)
    assert read_config(old).columns == 0


def test_structure_has_its_own_recall_and_takes_no_cache():
    with pytest.raises(ConfigError, match="cache is for models without structure"):
        ModelConfig(structure=True, cache=WEIGHTS)


def test_a_second_layer_reads_the_first(inputs):
    config = ModelConfig(embedding_dimension=6, units=8, layers=2, structure=True)
    network = config.network(len(TOKENIZER), config.initial_weights(len(TOKENIZER), seed=0))
    np.testing.assert_allclose(np.exp(network(inputs)).sum(axis=-1), 1, rtol=1e-5)


def test_first_embeddings_are_wide_enough_to_tell_places_apart():
    config = ModelConfig(units=8, embedding_dimension=16, structure=True)
    weights = config.initial_weights(83, seed=1)
    deviations = {
        name: weights[name].std()
        for name in ("embedding/embeddings", "context/embeddings", "gate/embeddings")
    }
    assert deviations == pytest.approx(
        {"embedding/embeddings": 0.5, "context/embeddings": 0.3, "gate/embeddings": 0.1}, rel=0.05
    )
    again, other = (config.initial_weights(83, seed) for seed in (1, 2))
    assert all(np.array_equal(each, again[name]) for name, each in weights.items())
    assert not np.array_equal(weights["context/embeddings"], other["context/embeddings"])
    plain = ModelConfig(units=8, embedding_dimension=16).initial_weights(83, seed=1)
    assert all(np.array_equal(plain[name], weights[name]) for name in plain if name != "embedding/embeddings")


@pytest.mark.parametrize(
    "config", [CONFIG, ModelConfig(embedding_dimension=6, units=8, layers=2)], ids=["structure", "plain"]
)
def test_packed_sequences_are_scored_as_each_by_itself(config):
    random = np.random.default_rng(1)
    shapes = config.weight_shapes(len(TOKENIZER))
    network = config.network(
        len(TOKENIZER),
        {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()},
    )
    pieces = [TOKENIZER.encode_piece(tune.text) for tune in TUNES[:5]]
    if config.structure:
        pieces = [with_context(TOKENIZER, ids) for ids in pieces]
    (batch,) = packed_batches(pieces)
    found = [
        logits.numpy()[batch.where]
        for logits in network.packed_logits(tf.constant(batch.inputs), batch.sizes)
    ]
    begin = 0
    for place in batch.places:
        ids = pieces[place][:-1]
        alone = [network.logits(ids[None])[0]]
        if config.structure:
            ids = ids.copy()
            ids[:, 1 + len(INPUTS) :] = 0  # the network alone
            alone.append(network.logits(ids[None])[0])
        for logits, expected in zip(found, alone, strict=True):
            np.testing.assert_allclose(
                tf.nn.log_softmax(logits[begin : begin + len(ids)]), tf.nn.log_softmax(expected), atol=2e-5
            )
        begin += len(ids)
    assert begin == len(found[0])
