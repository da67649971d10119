"""The autoencoder of frames: its parameters, its three losses, and that it learns to give frames back."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from abclm.errors import ConfigError
from abclm.models.vae.config import LOSSES, VAEConfig
from abclm.models.vae.network import VAENetwork

FRAMES = np.array([[0, 90, 0, 0], [20, 0, 0, 127], [0, 0, 0, 0]], np.uint8)


def network(loss):
    keras.utils.set_random_seed(1)
    return VAENetwork(VAEConfig(keys=4, hidden=8, latent=2, loss=loss))


@pytest.mark.parametrize("loss", LOSSES)
def test_its_parameters_are_those_of_four_layers_and_a_fifth(loss):
    outputs = {"classes": 4 * 128}.get(loss, 4)
    wanted = 5 * 8 + 2 * 9 * 2 + 3 * 8 + 9 * outputs
    found = network(loss)
    assert found.config.parameters() == wanted == found.count_params()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_what_the_equations_say(loss):
    vae = network(loss)
    cost, divergence = (np.asarray(each, np.float64) for each in vae.losses_of(FRAMES, [3, 4]))
    mean, log_variance = (np.asarray(each, np.float64) for each in vae.encode(FRAMES))
    wanted = -(1 + log_variance - mean**2 - np.exp(log_variance)).sum(axis=1) / 2
    np.testing.assert_allclose(divergence, wanted, rtol=1e-4)
    noise = tf.random.stateless_normal((3, 2), [3, 4]).numpy()
    logits = (
        vae.decode((mean + np.exp(log_variance / 2) * noise).astype(np.float32)).numpy().astype(np.float64)
    )
    if loss == "classes":
        chances = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
        wanted = -np.log(np.take_along_axis(chances, FRAMES[..., None].astype(int), 2))[..., 0].sum(axis=1)
    else:
        chances = 1 / (1 + np.exp(-logits))
        sounds = FRAMES > 0
        wanted = (FRAMES / 127 - chances) ** 2
        if loss == "binary":
            wanted = -np.log(np.where(sounds, chances, 1 - chances))
        wanted = wanted.sum(axis=1)
    np.testing.assert_allclose(cost, wanted, rtol=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_it_learns_to_give_frames_back(loss):
    vae, optimizer = network(loss), keras.optimizers.Adam(0.03)

    @tf.function
    def step(number):
        with tf.GradientTape() as tape:
            cost, divergence = vae.losses_of(tf.constant(FRAMES), [0, number])
            total = tf.reduce_mean(cost + 1e-3 * divergence)
        weights = vae.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(total, weights), weights, strict=True))
        return total

    for number in range(200):
        total = step(tf.constant(number))
    assert np.isfinite(total)
    found = vae.frames(vae(FRAMES)).numpy()
    assert (
        ((found > 0) == (FRAMES > 0)).all()
        if loss != "mse"
        else np.abs(found - FRAMES.astype(int)).max() < 30
    )


def test_it_is_made_again_of_what_keras_keeps():
    vae = network("mse")
    assert VAENetwork.from_config(vae.get_config()).config == vae.config


def test_sizes_out_of_range_are_one_line():
    with pytest.raises(ConfigError, match="latent is an integer from 1 to 4,096, received 0; loss is one of"):
        VAEConfig(latent=0, loss="l1")
