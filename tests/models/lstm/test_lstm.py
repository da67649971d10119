"""The fast LSTM layer against Keras' own: the same weights give the same states and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from abclm.errors import ConfigError
from abclm.models.lstm.layer import LSTM

NAMES = ("batch", "time", "features", "units", "seed")
shapes = st.fixed_dictionaries(
    {
        "batch": st.integers(1, 5),
        "time": st.integers(1, 9),
        "features": st.integers(1, 6),
        "units": st.integers(1, 8),
        "seed": st.integers(0, 1000),
    }
)
dtypes = st.sampled_from(["float32", "float64"])


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def pair(features, units, seed, **options):
    """A stock and a fast layer with the same weights, none of them zero."""
    stock, fast = keras.layers.LSTM(units, **options), LSTM(units, **options)
    for layer in (stock, fast):
        layer.build((None, None, features))
        shapes = [weight.shape for weight in layer.weights]
        layer.set_weights([normal([seed, n], *shape) / shape[0] ** 0.5 for n, shape in enumerate(shapes)])
    return stock, fast


def close(found, expected):
    """To a part of the largest value: single values near 0 are sums in which large ones cancel."""
    found, expected = tf.convert_to_tensor(found).numpy(), tf.convert_to_tensor(expected).numpy()
    part = 1e-12 if expected.dtype == np.float64 else 1e-5
    np.testing.assert_allclose(found, expected, rtol=0, atol=part * np.abs(expected).max() + 1e-30)


def results(layer, inputs, states, weights, compiled):
    """Outputs, last states and the gradients of a random projection of them all."""

    def run(inputs, *states):
        with tf.GradientTape() as tape:
            tape.watch([inputs, *states])
            outputs = layer(inputs, initial_state=list(states))
            loss = sum(tf.reduce_sum(each * weight) for each, weight in zip(outputs, weights, strict=True))
        variables = [variable.value for variable in layer.trainable_variables]
        return outputs, tape.gradient(loss, [inputs, *states, *variables])

    return (tf.function(run) if compiled else run)(tf.constant(inputs), *map(tf.constant, states))


@settings(max_examples=10, deadline=None, phases=[Phase.generate])  # shrinking would take minutes
@given(shapes, dtypes, st.booleans(), st.booleans())
def test_states_and_gradients_are_those_of_keras(shape, dtype, return_sequences, compiled):
    batch, time, features, units, seed = (shape[name] for name in NAMES)
    stock, fast = pair(
        features, units, seed, return_sequences=return_sequences, return_state=True, dtype=dtype
    )
    inputs = normal(seed, batch, time, features).astype(dtype)
    states = normal(seed + 1, 2, batch, units).astype(dtype)
    first = (batch, time, units) if return_sequences else (batch, units)
    weights = [normal(seed + 2, *first), *normal(seed + 3, 2, batch, units)]
    weights = [weight.astype(dtype) for weight in weights]
    for found, expected in zip(
        tf.nest.flatten(results(fast, inputs, states, weights, compiled)),
        tf.nest.flatten(results(stock, inputs, states, weights, compiled)),
        strict=True,
    ):
        close(found, expected)


@settings(max_examples=10, deadline=None, phases=[Phase.generate])  # shrinking would take minutes
@given(shapes, dtypes, st.integers(1, 6), st.booleans())
def test_looking_up_is_embedding_and_running(shape, dtype, symbols, a_table_for_each):
    batch, time, features, units, seed = (shape[name] for name in NAMES)
    stock, fast = pair(features, units, seed, return_sequences=True, dtype=dtype)
    ids = tf.constant(np.random.default_rng(seed).integers(0, symbols, (batch, time)), tf.int32)
    tables = tf.Variable(
        normal(seed, *([batch] if a_table_for_each else []), symbols, features).astype(dtype)
    )
    weights = normal(seed + 2, batch, time, units).astype(dtype)

    def gradients(layer, run):
        with tf.GradientTape() as tape:
            outputs = run()
            loss = tf.reduce_sum(outputs * weights)
        variables = [variable.value for variable in layer.trainable_variables]
        return outputs, *tape.gradient(loss, [tables, *variables])

    depth = 1 if a_table_for_each else 0
    expected = gradients(stock, lambda: stock(tf.gather(tables, ids, axis=-2, batch_dims=depth)))
    found = gradients(fast, lambda: fast.look_up(ids, tf.convert_to_tensor(tables)))
    for one, other in zip(found, expected, strict=True):
        close(one, other)


@pytest.mark.parametrize("batch", [3, 40])  # few sequences are multiplied the other way round
def test_products_in_bfloat16_come_close(batch):
    time, features, units, symbols = 12, 6, 24, 5
    _, fast = pair(features, units, 0, return_sequences=True)
    ids = tf.constant(np.random.default_rng(0).integers(0, symbols, (batch, time)), tf.int32)
    table = tf.Variable(normal(1, symbols, features))
    weights = normal(2, batch, time, units)

    def gradients(**options):
        with tf.GradientTape() as tape:
            states = fast.look_up(ids, tf.convert_to_tensor(table), **options)
            sequences = fast.run(tf.gather(table, ids), **options)
            loss = tf.reduce_sum((states + 2 * sequences) * weights)
        variables = [variable.value for variable in fast.trainable_variables]
        return states, sequences, *tape.gradient(loss, [table, *variables])

    for found, exact in zip(gradients(product_type=tf.bfloat16), gradients(), strict=True):
        found, exact = tf.convert_to_tensor(found), tf.convert_to_tensor(exact)
        assert found.dtype == exact.dtype == tf.float32
        assert 1e-5 < tf.norm(found - exact) / tf.norm(exact) < 0.02


def test_weights_have_the_names_and_first_values_of_keras():
    keras.utils.set_random_seed(1)
    stock = keras.layers.LSTM(4, name="lstm")
    stock.build((None, None, 3))
    keras.utils.set_random_seed(1)
    fast = LSTM(4, name="lstm")
    fast.build((None, None, 3))
    assert [w.path for w in fast.weights] == [w.path for w in stock.weights]
    for found, expected in zip(fast.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_layers_stack_in_a_keras_model_that_trains():
    model = keras.Sequential([LSTM(5, return_sequences=True, dropout=0.3), LSTM(3), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    inputs = normal(0, 16, 7, 2)
    losses = model.fit(inputs, inputs[:, 0, :1], epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_dropout_is_the_same_at_all_steps_and_absent_when_not_training():
    _, fast = pair(4, 3, 0, return_sequences=True, dropout=0.5)
    inputs = np.ones((8, 1, 4), np.float32)
    np.testing.assert_array_equal(fast(inputs), fast(inputs, training=False))
    dropped = fast(np.repeat(inputs, 2, axis=1), training=True)
    assert len(np.unique(np.round(dropped[:, 0], 6), axis=0)) > 1


def test_a_layer_survives_saving(tmp_path):
    model = keras.Sequential([keras.Input((None, 2)), LSTM(3, return_sequences=True)])
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert isinstance(again.layers[0], LSTM)
    inputs = normal(0, 2, 5, 2)
    np.testing.assert_array_equal(again(inputs), model(inputs))


@pytest.mark.parametrize(
    "option",
    [{"activation": "relu"}, {"use_bias": False}, {"recurrent_dropout": 0.1}, {"go_backwards": True}],
)
def test_what_the_layer_can_not_do_is_refused(option):
    (name,) = option
    with pytest.raises(ConfigError, match=f"does not take {name}.*use keras.layers.LSTM"):
        LSTM(3, **option)


def test_a_mask_is_refused():
    with pytest.raises(ConfigError, match="does not take a mask"):
        LSTM(3)(np.ones((1, 2, 3), np.float32), mask=np.ones((1, 2), bool))
