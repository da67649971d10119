"""Networks of piano pieces in the one training loop: they learn, stop, go on to the same bits, and are saved."""

import numpy as np
import pytest

import abclm
from abclm.corpora.pieces import Pieces
from abclm.datasets.pieces import PieceOptions, split_pieces
from abclm.errors import ModelError
from abclm.language_model import LanguageModel
from abclm.midi.file import MidiNote
from abclm.models.architecture import find_architecture
from abclm.models.gru.config import GRUConfig
from abclm.piece import Piece
from abclm.training.config import TrainingConfig
from abclm.training.run import train


def made(start):
    """A scale up and down, which a network of few units learns."""
    pitches = [start + each for each in (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0)] * 2
    notes = [MidiNote(96 * place, 96 * place + 96, pitch, 80, 0, 0) for place, pitch in enumerate(pitches)]
    return Piece.of_notes(notes, 96, title=f"from {start}")


PIECES = Pieces("made", tuple(made(start) for start in range(48, 60)))
NOTES = PieceOptions().tokenizer("notes", PIECES)
CONFIG = TrainingConfig(batch_size=16, epochs=2, learning_rate=5e-3, checkpoint_minutes=1e-9)
# With recurrent layers and batch normalisation, and several tokens ahead; few units.
NETWORK = find_architecture("hopkins-rnn")(window=4, units=8, ahead=2)


def new(config=NETWORK):
    return LanguageModel.create(config, NOTES, seed=1)


@pytest.mark.parametrize("split", ["last", "piece", "random"])
def test_a_network_of_windows_learns_on_every_split(split):
    training, held_out = split_pieces(PIECES, NOTES, split, 0.25, 0, has_windows=True)
    lm = train(new(), training, held_out, CONFIG)
    bits = [each["validation_bits_per_character"] for each in lm.history]
    assert bits[1] < bits[0] < 1.1 * np.log2(len(NOTES))
    assert lm.metadata["training"]["held_out"]["characters"] == held_out.characters


def test_what_is_measured_is_what_the_engine_writes_by():
    training, held_out = split_pieces(PIECES, NOTES, "piece", 0.25, 0, has_windows=True)
    lm = train(new(), training, held_out, CONFIG)
    engine, nats = lm.config.engine(lm.weights), []
    for ids in held_out.pieces():
        for piece in ids:
            logits = engine.logits(piece[:-1]).astype(np.float64)
            nats += list(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), piece[1:]])
    found = lm.metadata["training"]["held_out"]["bits_per_character"]
    np.testing.assert_allclose(np.mean(nats) / np.log(2), found, rtol=1e-5)


def test_a_network_that_predicts_every_token_learns_from_pieces_too():
    lm = train(
        new(GRUConfig(embedding_dimension=8, units=16)), PIECES.split(0.25)[0], PIECES.split(0.25)[1],
        TrainingConfig(sequence_length=20, batch_size=4, epochs=4, learning_rate=1e-2),
    )  # fmt: skip
    assert lm.history[-1]["loss"] < lm.history[0]["loss"]


@pytest.mark.parametrize("name", ["hopkins-rnn", pytest.param("kankanala-gru", marks=pytest.mark.slow)])
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(name, tmp_path):
    training, held_out = split_pieces(PIECES, NOTES, "last", 0.25, 0, has_windows=True)
    config = NETWORK if name == "hopkins-rnn" else find_architecture(name)(window=4)
    whole = train(new(config), training, held_out, CONFIG, folder=tmp_path / "whole")

    def stop(now):
        if now.step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(new(config), training, held_out, CONFIG, folder=tmp_path / "begun", progress=stop)
    resumed = train(new(config), training, held_out, CONFIG, folder=tmp_path / "begun", resume=True)
    for each, weight in whole.weights.items():
        np.testing.assert_array_equal(resumed.weights[each], weight)
    loaded = LanguageModel.load(tmp_path / "begun")
    assert loaded.config == config
    np.testing.assert_array_equal(loaded.weights["logits/bias"], whole.weights["logits/bias"])


def test_a_window_longer_than_a_piece_is_filled_up():
    config = find_architecture("hopkins-rnn")(window=200, units=2)
    lm = train(new(config), PIECES, None, TrainingConfig(batch_size=16, steps=1))
    assert lm.history[0]["steps"] == 1


def test_tunes_and_pieces_are_not_mixed():
    with pytest.raises(ModelError, match="the model's tokens are characters, not those of MIDI pieces"):
        train(LanguageModel.create(GRUConfig(embedding_dimension=2, units=2)), PIECES, None, CONFIG)


def test_nothing_said_means_the_network_s_own_settings(caplog):
    lm = new(GRUConfig(embedding_dimension=8, units=16))
    lm.fit(PIECES, epochs=1)
    said = lm.metadata["training"]["config"]
    assert (said["sequence_length"], said["schedule"], said["transposition"]) == (100, "cosine", 1)
    # 372 tokens make 2 windows of 100 at any offset, so that batches of 16 would make one step.
    assert said["batch_size"] == 1
    assert "the pieces make 2 windows: batches have 1, not 16, which makes 2 steps an epoch" in caplog.text


@pytest.mark.parametrize("how", [{"batch_size": 16}, {"steps": 1}, {"config": CONFIG}])
def test_batches_are_as_large_as_was_asked_for(how):
    lm = new(GRUConfig(embedding_dimension=8, units=16)).fit(PIECES, **how, sequence_length=20)
    assert lm.metadata["training"]["config"]["batch_size"] == 16


def test_few_tunes_make_some_steps_an_epoch(caplog):
    tunes = [
        abclm.Tune.parse(f"X:1\nT:Tune\nM:4/4\nL:1/8\nK:D\n{'D2FA d2AF|' * each}]\n") for each in range(8, 16)
    ]
    lm = abclm.LanguageModel.create(abclm.ModelConfig(embedding_dimension=4, units=4), seed=1)
    lm.fit(tunes, epochs=1, sequence_length=50)
    assert lm.metadata["training"]["config"]["batch_size"] < 32
    assert "which makes" in caplog.text
