"""Windows of pieces: what is read before each target, in which order, and what is held out."""

import numpy as np
import pytest

from abclm.corpora.pieces import Pieces
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.epochs import Feed
from abclm.datasets.keys import PieceKeys
from abclm.datasets.pieces import PieceOptions, encode_pieces, pieces_of, split_pieces
from abclm.datasets.window_feed import WindowFeed, windows_in_order
from abclm.errors import ConfigError, CorpusError, VocabularyError
from abclm.midi.file import MidiNote
from abclm.piece import Piece
from abclm.tokenizers.events import EventTokenizer

# Two pieces of three and two tokens, 0 between them.
CORPUS = EncodedCorpus("x", "", np.array([0, 1, 2, 3, 0, 4, 5, 0], np.uint8), np.array([5, 8]))


def made(*pitches):
    notes = [MidiNote(96 * place, 96 * place + 96, pitch, 80, 0, 0) for place, pitch in enumerate(pitches)]
    return Piece.of_notes(notes, 96, title=f"from {pitches[0]}")


PIECES = Pieces("made", tuple(made(*range(40 + each, 50 + 2 * each)) for each in range(8)))
NOTES = PieceOptions().tokenizer("notes", PIECES)


def test_every_token_is_measured_once_after_the_window_of_its_own_piece():
    ((inputs, targets, counts),) = windows_in_order(CORPUS, 3)
    assert [(*row, token) for row, (token,) in zip(inputs.tolist(), targets.tolist(), strict=True)] == [
        (0, 0, 0, 1), (0, 0, 1, 2), (0, 1, 2, 3), (1, 2, 3, 0),
        (0, 0, 0, 4), (0, 0, 4, 5), (0, 4, 5, 0),
    ]  # fmt: skip
    assert counts.tolist() == [1] * 7


def test_an_epoch_has_each_target_once_in_an_order_of_its_own():
    feed = WindowFeed(CORPUS, 2, 1, 2, seed=3)
    assert (feed.windows, feed.predictions, feed.steps_per_epoch) == (2, 1, 3)
    epochs = [list(feed.batches(number, 0, slice)) for number in (0, 0, 1)]
    rows = [[tuple(row) for inputs, _ in epoch for row in inputs.numpy().tolist()] for epoch in epochs]
    assert rows[0] == rows[1] != rows[2]
    assert [tuple(each.shape) for each in epochs[0][0]] == [(2, 2), (2, 1)]
    later = [inputs.numpy().tolist() for inputs, _ in feed.batches(0, 1, slice)]
    assert later == [inputs.numpy().tolist() for inputs, _ in epochs[0][1:]]


def test_several_tokens_ahead_are_those_behind_the_window():
    feed = WindowFeed(CORPUS, 2, 3, 5, seed=0)
    ((inputs, targets),) = feed.batches(0, 0, slice)
    pairs = dict(zip(map(tuple, inputs.numpy().tolist()), targets.numpy().tolist(), strict=True))
    assert pairs[1, 2] == [3, 0, 4]
    assert (len(inputs), feed.steps_per_epoch) == (5, 1)  # the last two tokens have too few behind them


def test_a_split_by_piece_holds_out_pieces_and_one_of_the_last_the_end_of_the_text():
    by_piece = split_pieces(PIECES, NOTES, "piece", 0.25, 0, has_windows=True)
    assert [each.tunes for each in by_piece] == [6, 2]
    whole = encode_pieces(PIECES, NOTES)
    first, last = split_pieces(PIECES, NOTES, "last", 0.3, 0, has_windows=False)
    assert np.array_equal(np.concatenate([first.text, last.text[1:]]), whole.text)
    assert last.text[0] == first.text[-1]
    assert last.characters == round(0.3 * whole.characters)
    assert [each.ends[-1] for each in (first, last)] == [len(each.text) for each in (first, last)]
    assert last.tunes <= 4
    assert first.origin.steps[-1]["side"] == "training"


def test_a_random_split_holds_out_tokens_of_pieces_that_are_trained_on():
    first, rest = split_pieces(PIECES, NOTES, "random", 0.3, 5, has_windows=True)
    assert sorted([*first.targets, *rest.targets]) == list(range(1, len(first.text)))
    assert rest.characters == round(0.3 * (len(first.text) - 1))
    assert first.fingerprint != rest.fingerprint
    assert sum(targets.sum() for _, targets in pieces_of(rest)) == rest.characters
    with pytest.raises(ConfigError, match="take split piece or last"):
        split_pieces(PIECES, NOTES, "random", 0.3, 5, has_windows=False)


def test_nothing_is_held_out_where_nothing_was_asked_for():
    assert split_pieces(PIECES, NOTES, "random", 0, 0, has_windows=False)[1] is None


def test_what_can_not_be_trained_on_is_one_line():
    with pytest.raises(CorpusError, match="no piece"):
        encode_pieces(Pieces("none", ()), NOTES)
    with pytest.raises(VocabularyError, match="give notes, events, lowest or rolls"):
        PieceOptions().tokenizer("characters", PIECES)
    with pytest.raises(ConfigError, match="split is one of piece, last, random"):
        PieceOptions(split="half")
    with pytest.raises(ConfigError, match="too few to predict 9 at once"):
        WindowFeed(CORPUS, 2, 9, 4, 0)


def test_options_make_the_tokenizer_that_was_asked_for():
    assert PieceOptions(steps_per_quarter=24).tokenizer("events", PIECES) == EventTokenizer(24)
    with pytest.raises(
        VocabularyError, match="no note or chord occurs as often as 99 times; give a lower threshold"
    ):
        PieceOptions(threshold=99).tokenizer("notes", PIECES)


def test_pieces_go_into_other_keys_and_places_stay():
    whole = encode_pieces(PIECES, EventTokenizer(1))
    keys = PieceKeys(EventTokenizer(1), 0.5, seed=3)
    moves, text = keys.semitones(8, 0), keys.text(whole, 0)
    assert 0 < (moves == 0).sum() < 8
    assert text.dtype == whole.text.dtype
    for begin, end, semitones in zip(whole.begins, whole.ends, moves, strict=True):
        moved = text[begin:end].astype(int) - whole.text[begin:end]
        is_pitch = (whole.text[begin:end] > 4) & (whole.text[begin:end] < 133)
        assert set(moved[is_pitch].tolist()) == {semitones}
        assert not moved[~is_pitch].any()
    assert (keys.text(whole, 0) == text).all()
    assert (keys.text(whole, 1) != text).any()


def test_feeds_of_both_kinds_train_on_the_moved_text():
    tokenizer = EventTokenizer(1)
    whole, keys = encode_pieces(PIECES, tokenizer), PieceKeys(tokenizer, 1.0, seed=3)
    moved = keys.text(whole, 0)
    feed = WindowFeed(whole, 1, 1, 4096, seed=3, keys=keys)
    ((_, targets),) = feed.batches(0, 0, slice)
    assert sorted(targets.numpy().ravel()) == sorted(moved[1:])
    settings = {"sequence_length": 10, "batch_size": 2, "seed": 3, "transposition": 1.0}
    assert (Feed(whole, tokenizer, **settings).epoch(0)[0] == moved).all()
    text, _ = Feed(whole, tokenizer, whole_tunes=True, **settings).epoch(0)
    assert sorted(text[: len(moved) - 1]) == sorted(moved[:-1])
