"""The autoencoder of frames: its parameters, its three losses, and that it learns to give frames back."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from abclm.corpora.pieces import Pieces
from abclm.datasets.pieces import split_pieces
from abclm.errors import Cancelled, ConfigError, ModelError
from abclm.language_model import LanguageModel
from abclm.latent_model import LatentModel
from abclm.midi.file import MidiNote
from abclm.models.keras_network import weights_of
from abclm.models.lstm.config import ModelConfig
from abclm.models.vae.config import LOSSES, VAEConfig
from abclm.models.vae.network import VAENetwork
from abclm.models.vae.numpy_engine import LatentEngine
from abclm.piece import Piece
from abclm.tokenizers.rolls import RollTokenizer
from abclm.training.config import TrainingConfig

FRAMES = np.array([[0, 90, 0, 0], [20, 0, 0, 127], [0, 0, 0, 0]], np.uint8)


TOKENS = {"binary": 2, "mse": 128, "classes": 128}


def network(loss, units=0, after=False):
    keras.utils.set_random_seed(1)
    config = VAEConfig(keys=4, hidden=8, latent=2, loss=loss, units=units, window=3, after=after)
    return VAENetwork(config)


@pytest.mark.parametrize("loss", LOSSES)
def test_its_parameters_are_those_of_four_layers_and_a_fifth(loss):
    outputs = {"classes": 4 * 128}.get(loss, 4)
    wanted = 5 * 8 + 2 * 9 * 2 + 3 * 8 + 9 * outputs
    found = network(loss)
    assert found.config.parameters(TOKENS[loss]) == wanted == found.count_params()
    over = network(loss, units=5)
    assert over.count_params() == wanted + 3 * 5 * (2 + 5 + 2) + 6 * 4
    assert over.config.parameters(TOKENS[loss]) == over.count_params()
    after = network(loss, after=True)
    assert after.config.parameters(TOKENS[loss]) == after.count_params() == wanted + 4 * outputs


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


@pytest.mark.parametrize("loss", [pytest.param(each, marks=pytest.mark.slow) for each in LOSSES])
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


@pytest.mark.parametrize("loss", LOSSES)
def test_its_engine_says_what_the_network_says(loss):
    vae = network(loss, units=5)
    engine = LatentEngine(vae.config, weights_of(vae))
    mean, log_variance = engine.encode(FRAMES)
    np.testing.assert_allclose(mean, vae.encode(FRAMES)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log_variance, vae.encode(FRAMES)[1], rtol=1e-5, atol=1e-6)
    assert (engine.decode(mean) == vae.frames(vae(FRAMES)).numpy()).all()
    past = np.random.default_rng(1).integers(0, 2, (2, 3, 4))
    for found, wanted in zip(engine.expected(past), vae.expected(past.reshape(2, 12)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_decoder_that_reads_the_frame_before_gives_frames_in_turn(loss):
    vae = network(loss, after=True)
    engine = LatentEngine(vae.config, weights_of(vae))
    before = np.concatenate([np.full((1, 4), 1, np.uint8), FRAMES[:-1]])
    points = vae.encode(FRAMES)[0]
    wanted = vae.frames(vae.decode(points, before)).numpy()
    for place in range(3):
        assert (engine.decode(points[place : place + 1], before[place]) == wanted[place]).all()
    in_turn = engine.decode(points, before[0])
    again = before[0]
    for place in range(3):
        again = engine.decode(points[place : place + 1], again)[0]
        assert (in_turn[place] == again).all()
    likeliest = engine.decode(points, before[0], np.random.default_rng(1), 0)
    assert (likeliest == in_turn).all()
    drawn = [
        engine.decode(np.repeat(points, 9, 0), before[0], np.random.default_rng(1), heat) for heat in (1, 9)
    ]
    assert (drawn[0] != drawn[1]).any() == (loss != "mse")
    cost, other = (np.asarray(vae.losses_of(FRAMES, [3, 4], past)[0]) for past in (before, 0 * before))
    assert not np.allclose(cost, other)


def test_a_decoder_that_reads_the_frame_before_learns_that_frames_last():
    lasting = Pieces("x", tuple(Piece.of_notes(
        [MidiNote(384 * place, 384 * place + 384, pitch + place, 80, 0, 0) for place in range(12)], 96
    ) for pitch in (40, 50, 60, 70)))  # fmt: skip
    found = []
    for after in (False, True):
        lm = LatentModel.create(replace(SMALL, after=after), RollTokenizer(), seed=1)
        lm.fit(lasting, config=TrainingConfig(epochs=15, learning_rate=0.01, batch_size=64))
        found.append(lm.history[-1]["loss"])
    assert found[1] < found[0]


def test_with_a_recurrent_network_the_divergence_is_from_where_a_point_is_expected():
    vae = network("binary", units=5)
    past = np.ones((3, 12), np.uint8)
    _, divergence = vae.losses_of(FRAMES, [3, 4], past)
    mean, log_variance = (np.asarray(each, np.float64) for each in vae.encode(FRAMES))
    other, spread = (np.asarray(each, np.float64) for each in vae.expected(past))
    distance = (np.exp(log_variance) + (mean - other) ** 2) / np.exp(spread)
    wanted = (spread - log_variance + distance - 1).sum(axis=1) / 2
    np.testing.assert_allclose(divergence, wanted, rtol=1e-4)


def test_tokens_and_loss_that_do_not_go_together_are_one_line():
    with pytest.raises(ConfigError, match="take tokens of rolls with values unit"):
        LatentModel.create(VAEConfig(loss="mse"), RollTokenizer())
    with pytest.raises(ConfigError, match="the architecture vae and tokens of characters don't go together"):
        LanguageModel.create(VAEConfig())
    with pytest.raises(ConfigError, match="the architecture lstm and tokens of rolls don't go together"):
        LanguageModel.create(ModelConfig(), RollTokenizer())


# The public class


def piece(start=60):
    notes = [MidiNote(96 * each, 96 * each + 96, start + each, 80, 0, 0) for each in range(8)]
    return Piece.of_notes(notes, 96, title=f"from {start}")


SMALL = VAEConfig(latent=4, hidden=32)


def test_a_latent_model_samples_encodes_and_decodes():
    lm = LatentModel.create(SMALL, RollTokenizer(), seed=1)
    lm.fit(Pieces("x", (piece(),)), config=TrainingConfig(epochs=40, learning_rate=0.02, batch_size=32))
    assert lm.history[-1]["loss"] < lm.history[0]["loss"] / 4
    points = lm.encode(piece())
    assert points.shape == (32, 4)
    given_back = lm.reconstruct(piece())
    assert {note.pitch for note in given_back.notes()} <= set(range(60, 68))
    assert lm.compare(piece()).png.startswith(b"\x89PNG")
    assert (lm.sample(3, seed=2) == lm.sample(3, seed=2)).all()
    assert lm.sample(3, seed=2, temperature=0).any() == 0
    assert lm.decode(lm.sample(50, seed=2), "Mine").title == "Mine"
    with pytest.raises(ConfigError, match=r"points are \(frames, 4\)"):
        lm.decode([[1.0, 2.0]])
    with pytest.raises(ConfigError, match="n is from 1"):
        lm.sample(0)
    with pytest.raises(ModelError, match="this model has lstm"):
        LatentModel.create(ModelConfig(units=2, embedding_dimension=2))


@pytest.mark.parametrize(("units", "after"), [(0, False), (6, False), (6, True)])
def test_a_model_of_frames_writes_pieces_from_its_folder_the_same_from_the_same_seed(units, after, tmp_path):
    config = replace(SMALL, units=units, window=4, after=after)
    LatentModel.create(config, RollTokenizer(), seed=1).save(tmp_path / "m")
    lm = LatentModel.load(tmp_path / "m")
    first, second = lm.generate_pieces(events=10, n=2, seed=3)
    again = LanguageModel.load(tmp_path / "m").generate_pieces(events=10, n=2, seed=3, like=None)
    assert [each.notes() for each in again] == [first.notes(), second.notes()]
    assert first.notes() != second.notes()
    after = lm.generate_pieces(events=10, n=1, seed=3, like=piece())[0]
    assert (after.notes() == first.notes()) == (units == 0)
    with pytest.raises(ConfigError, match="does not have top_k"):
        lm.generate_pieces(top_k=3)


PIECES = Pieces("x", tuple(map(piece, range(50, 58))))


@pytest.mark.parametrize("split", ["last", "piece", "random"])
def test_frames_are_held_out_on_each_split(split):
    training, held_out = split_pieces(PIECES, RollTokenizer(), split, 0.25, 0, has_windows=True)
    assert (training.characters, held_out.characters) == (192, 64)
    if split != "piece":
        both = np.concatenate([training.targets, held_out.targets])
        assert sorted(both) == [
            begin + 128 * frame for begin in range(1, 8 * 4097, 4097) for frame in range(32)
        ]


@pytest.mark.parametrize("units", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_a_run_of_frames_goes_on_to_the_same_bits(units, tmp_path):
    tokenizer, config = RollTokenizer(), TrainingConfig(batch_size=64, epochs=2, learning_rate=0.01)
    training, held_out = split_pieces(PIECES, tokenizer, "last", 0.25, 0, has_windows=True)
    lm = LatentModel.create(replace(SMALL, units=units, window=2), tokenizer, seed=1)
    assert lm.fit(training, held_out, config).history[-1]["validation_accuracy"] >= 0

    def stop(now):
        return now.step < 4

    begun = LatentModel.create(lm.config, tokenizer, seed=1)
    with pytest.raises(Cancelled):
        begun.fit(training, held_out, config, folder=tmp_path, progress=stop)
    resumed = LatentModel.create(lm.config, tokenizer, seed=1)
    resumed.fit(training, held_out, config, folder=tmp_path, resume=True)
    for name, weight in lm.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], weight)
    with pytest.raises(ConfigError, match="has no output_dropout; leave that out"):
        lm.fit(training, output_dropout=0.1)
