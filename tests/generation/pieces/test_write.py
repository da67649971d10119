"""Pieces that a model of notes, events or lowest keys writes: how long, after what, and the same from the same seed."""

import numpy as np
import pytest

from abclm.errors import ConfigError, ConvertError, ModelError
from abclm.generation.pieces.options import PieceWriting
from abclm.generation.pieces.write import write_pieces
from abclm.language_model import LanguageModel
from abclm.midi.file import MidiNote
from abclm.models.architecture import find_architecture
from abclm.models.lstm.config import ModelConfig
from abclm.piece import Piece
from abclm.tokenizers.events import EventTokenizer
from abclm.tokenizers.notes import NoteTokenizer
from abclm.tokenizers.rolls import LowestTokenizer

NAMES = ["C4", "D4", "E4", "0.4.7", "2.5.9"]
TOKENIZERS = [NoteTokenizer.of_names([NAMES]), EventTokenizer(4), LowestTokenizer()]
LSTM = ModelConfig(embedding_dimension=3, units=4)


def model(tokenizer, config=LSTM):
    return LanguageModel.create(config, tokenizer, seed=2)


def write(lm, like=None, **changes):
    return list(write_pieces(lm, PieceWriting(seed=5, **changes), like))


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda each: each.kind)
def test_a_piece_has_as_many_tokens_as_were_asked_for_and_none_between_pieces(tokenizer):
    pieces = write(model(tokenizer), events=30, n=2)
    assert [len(each.ids) for each in pieces] == [30, 30]
    assert all(tokenizer.start not in each.ids for each in pieces)
    assert pieces[0].ids != pieces[1].ids
    assert [each.number for each in pieces] == [1, 2]
    read = tokenizer.read(pieces[0].piece)
    assert np.array_equal(read, tokenizer.decode(pieces[0].ids)) or tokenizer.kind == "lowest"


@pytest.mark.parametrize("config", [LSTM, find_architecture("hopkins-rnn")(window=3, units=4)])
def test_a_piece_is_the_same_from_the_same_seed_in_a_batch_of_any_size(config):
    lm = model(TOKENIZERS[0], config)
    together, alone = (write(lm, events=12, n=4, batch_size=size) for size in (4, 1))
    assert [each.ids for each in together] == [each.ids for each in alone]
    other = next(write_pieces(lm, PieceWriting(seed=6, events=12)))
    assert other.ids != alone[0].ids


def test_the_opening_of_a_piece_is_read_and_not_written():
    lm = model(TOKENIZERS[0])
    like = lm.tokenizer.write(["C4", "0.4.7", "D4"])
    (greedy,) = write(lm, like, events=5, opening_tokens=2, temperature=0, past=0)
    ids = list(lm.tokenizer.encode(["", "C4", "0.4.7"]))
    for token in greedy.ids:
        logits = lm.config.engine(lm.weights).logits(np.array(ids))[-1]
        assert token == 1 + logits[1:].argmax()
        ids.append(token)
    assert len(greedy.ids) == 5


def test_a_model_writes_pieces_from_python():
    lm = model(TOKENIZERS[0])
    pieces = lm.generate_pieces(n=2, events=7, seed=5)
    assert [lm.tokenizer.read(piece) for piece in pieces] == [
        lm.tokenizer.decode(each.ids) for each in write(lm, n=2, events=7)
    ]


def test_what_can_not_be_written_is_one_line():
    unknown = Piece.of_notes([MidiNote(0, 96, 100, 80, 0, 0)], 96, title="High")
    with pytest.raises(ConvertError, match="High: holds nothing that the model has tokens for"):
        write(model(TOKENIZERS[0]), unknown)
    with pytest.raises(ModelError, match="no token to write"):
        write(model(NoteTokenizer(("",))))
    with pytest.raises(ModelError, match="not those of MIDI pieces"):
        write(LanguageModel.create(LSTM))
    with pytest.raises(ConfigError, match=r"n is an integer.*; events is"):
        PieceWriting(events=0, n=0)
    with pytest.raises(ConfigError, match="temperature 0 writes one piece only"):
        PieceWriting(temperature=0, n=2)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda each: each.kind)
def test_a_piece_that_is_to_be_like_another_goes_by_its_past_unless_told_otherwise(tokenizer):
    lm = model(tokenizer)
    like = next(write_pieces(lm, PieceWriting(seed=9, events=40))).piece
    usual, half, none = (
        write(lm, like, events=60, **past)[0].ids for past in ({}, {"past": 0.5}, {"past": 0.0})
    )
    assert half != none
    assert usual == (half if tokenizer.kind == "notes" else none)
    assert write(lm, events=60)[0].ids == write(lm, events=60, past=0.0)[0].ids
