"""Figures of models of pieces, of counts beside them, and of the distance of two sets of pieces."""

import numpy as np
import pytest

from abclm.corpora.pieces import Pieces
from abclm.datasets.pieces import encode_pieces
from abclm.errors import ConfigError
from abclm.evaluation.drift import PIECE_STATISTICS, compare_pieces, measure_piece
from abclm.evaluation.pieces import count_keys, evaluate_pieces
from abclm.generation.pieces.past import PastEngine
from abclm.language_model import LanguageModel
from abclm.latent_model import LatentModel
from abclm.midi.file import MidiNote
from abclm.models.gru.config import GRUConfig
from abclm.models.vae.config import VAEConfig
from abclm.piece import Piece
from abclm.tokenizers.notes import NoteTokenizer
from abclm.tokenizers.rolls import RollTokenizer


def piece(start, step=1, length=96):
    notes = [
        MidiNote(96 * place, 96 * place + length, start + step * (place % 5), 80, 0, 0) for place in range(20)
    ]
    return Piece.of_notes(notes, 96, title=f"from {start}")


PIECES = Pieces("x", (piece(60), piece(62)))


def test_a_models_figures_are_those_that_training_measures():
    tokenizer = NoteTokenizer.fit(PIECES)
    lm = LanguageModel.create(GRUConfig(embedding_dimension=4, units=6), tokenizer, seed=1)
    lm.fit(PIECES, PIECES, sequence_length=10, batch_size=2, steps=3)
    found = evaluate_pieces(lm, encode_pieces(PIECES, tokenizer))
    measured = lm.metadata["training"]["held_out"]
    assert found.bits == pytest.approx(measured["bits_per_character"], rel=1e-5)
    assert found.accuracy == measured["accuracy"]
    assert (found.pieces, found.units, found.to_dict()["unit"]) == (2, 42, "token")
    with_cache = evaluate_pieces(lm.with_cache(), encode_pieces(PIECES, tokenizer))
    assert with_cache.nats < found.nats  # the pieces go round in circles


def test_the_past_of_a_piece_is_mixed_in_as_pieces_are_written():
    tokenizer = NoteTokenizer.fit(PIECES)
    lm = LanguageModel.create(GRUConfig(embedding_dimension=4, units=6), tokenizer, seed=1)
    engine = PastEngine(lm.config.exact_engine(lm.weights), len(tokenizer), tokenizer.start, 0.4)
    nats = []
    for each in PIECES:
        ids = tokenizer.encode_piece(tokenizer.read(each))
        logits = engine.logits(ids[:-1])
        nats += list(
            -logits[np.arange(len(ids) - 1), ids[1:]]
        )  # which are logarithms of mixtures, save the first
        nats[-len(ids) + 1] += np.log(np.exp(logits[0]).sum())
    corpus = encode_pieces(PIECES, tokenizer)
    found = evaluate_pieces(lm, corpus, 0.4)
    assert found.nats == pytest.approx(np.mean(nats), rel=1e-5)
    assert found.nats < evaluate_pieces(lm, corpus).nats
    frames = LatentModel.create(VAEConfig(latent=2, hidden=8), RollTokenizer(), seed=1)
    with pytest.raises(ConfigError, match="does not have past"):
        evaluate_pieces(frames, encode_pieces(PIECES, RollTokenizer()), 0.4)


def test_figures_of_frames_are_those_that_training_measures():
    tokenizer = RollTokenizer()
    lm = LatentModel.create(VAEConfig(latent=2, hidden=8), tokenizer, seed=1)
    lm.fit(PIECES, PIECES, steps=1)
    found = evaluate_pieces(lm, encode_pieces(PIECES, tokenizer))
    measured = lm.metadata["training"]["held_out"]
    assert found.bits == pytest.approx(measured["bits_per_character"], rel=1e-5)
    assert (found.accuracy, found.units) == (measured["accuracy"], 160)
    assert 0 < found.nats - found.reconstruction < found.nats


def test_counts_of_keys_are_what_the_frames_say():
    encoded = encode_pieces(PIECES, RollTokenizer(1))
    frames = encoded.text[encoded.targets[:, None] + np.arange(128)]
    chances = (frames.sum(axis=0) + 2) / (len(frames) + 4)
    wanted = -np.log(np.where(frames > 0, chances, 1 - chances)).sum(axis=1).mean()
    found = count_keys(encoded, encoded)
    assert found["keys"] == pytest.approx(wanted)
    assert found["keys after themselves"] < found["keys"]
    loud = encode_pieces(PIECES, RollTokenizer(1, "velocity"))
    with pytest.raises(ConfigError, match="counts of keys are for binary frames"):
        count_keys(loud, loud)


def test_the_drift_of_pieces_is_from_0_to_1_and_in_the_statistics_that_differ():
    same = compare_pieces(PIECES, PIECES)
    assert (same.mean_distance, same.pieces, same.others) == (0, 2, 2)
    shorter = compare_pieces(PIECES, [piece(60, length=48), piece(62, length=48)])
    assert {name for name, each in shorter.distances.items() if each.distance} == {"length"}
    assert shorter.distances["length"].in_units == 0.5
    assert shorter.distances["length"].distance == 0.125
    far = [Piece.of_notes([MidiNote(0, 9999, 0, 80, 0, 0), MidiNote(9999, 29999, 127, 80, 0, 0)], 96)] * 2
    found = compare_pieces(far, PIECES)
    assert all(0 <= each.distance <= 1 for each in found.distances.values())
    assert found.to_dict()["mean_distance"] == found.mean_distance > 0.2
    assert set(measure_piece(piece(60))) == {each.name for each in PIECE_STATISTICS}
    with pytest.raises(ConfigError, match="the second of the two sets has no piece of two onsets"):
        compare_pieces(PIECES, [Piece.of_notes([MidiNote(0, 96, 60, 80, 0, 0)], 96)])
