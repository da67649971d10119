"""Every tokenizer of MIDI pieces: what it reads of a piece it writes again, and what is no content is one line."""

import os
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as search
from hypothesis import strategies as st

from abclm.corpora.pieces import Pieces
from abclm.errors import VocabularyError
from abclm.midi.file import MidiNote
from abclm.midi.piece import Piece
from abclm.tokenizers.events import EventTokenizer, GridNote
from abclm.tokenizers.notes import NoteTokenizer
from abclm.tokenizers.rolls import SILENCE, LowestTokenizer, RollTokenizer, frames_of
from abclm.tokenizers.tokenizer import TOKENIZERS, read_tokenizer

PIANO = os.environ.get("ABCLM_PIANO_MIDI")
SETTINGS = [
    ("events", {}),
    ("events", {"steps_per_quarter": 24}),
    ("lowest", {}),
    ("notes", {}),
    ("notes", {"rests": True}),
    ("rolls", {"values": "binary"}),
    ("rolls", {"values": "unit", "steps_per_quarter": 8}),
    ("rolls", {"values": "velocity"}),
]

ticks = st.integers(0, 4000)
notes = st.lists(
    st.builds(
        lambda start, length, pitch, velocity: MidiNote(start, start + length, pitch, velocity, 0, 0),
        ticks, st.integers(1, 3000), st.integers(0, 127), st.integers(1, 127),
    ),
    min_size=1, max_size=20,
)  # fmt: skip


def goes_there_and_back(tokenizer, pieces):
    """Through ids, a piece, and the bytes of a MIDI file."""
    for piece in pieces:
        content = tokenizer.read(piece)
        assert np.array_equal(tokenizer.decode(tokenizer.encode(content)), content)
        written = Piece.read(tokenizer.write(content).midi.to_bytes())
        assert np.array_equal(tokenizer.read(written), content)


@pytest.mark.parametrize(("kind", "settings"), SETTINGS)
@search(max_examples=30)
@given(notes)
def test_what_is_read_of_a_piece_is_written_and_read_again(kind, settings, found):
    piece = Piece.of_notes(found, 384)
    tokenizer = TOKENIZERS.find(kind).fit([piece], **settings)
    goes_there_and_back(tokenizer, [piece])
    assert read_tokenizer(tokenizer.to_json()) == tokenizer


def test_events_keep_octaves_onsets_and_lengths():
    notes = [MidiNote(0, 96, 48, 80, 0, 0), MidiNote(0, 48, 60, 80, 0, 0), MidiNote(100, 900, 64, 80, 0, 0)]
    tokenizer = EventTokenizer()
    content = tokenizer.read(Piece.of_notes(notes, 96))
    assert content == [GridNote(0, 48, 12), GridNote(0, 60, 6), GridNote(13, 64, 100)]
    # Waits are 1 to 48, pitches from 49, lengths from 177; 100 steps are two bars of 48 and four.
    assert tokenizer.encode_piece(content).tolist() == [0, 97, 188, 109, 182, 13, 113, 224, 224, 180, 0]


def test_ids_that_make_no_events_lose_what_has_no_sense():
    tokenizer = EventTokenizer()
    assert tokenizer.decode([200, 109, 3, 200, 0, 109, 177]) == [GridNote(0, 60, 1), GridNote(3, 60, 1)]


def test_frames_hold_what_sounds_at_each_step():
    notes = [
        MidiNote(0, 200, 60, 90, 0, 0),
        MidiNote(96, 100, 72, 40, 0, 0),
        MidiNote(300, 310, 40, 70, 0, 0),
    ]
    piece = Piece.of_notes(notes, 96)
    frames = frames_of(piece, 1)
    assert frames.shape == (4, 128)
    assert [(each, frames[each].nonzero()[0].tolist()) for each in range(4)] == [
        (0, [60]),
        (1, [60, 72]),
        (2, []),
        (3, [40]),
    ]
    assert frames[1, [60, 72]].tolist() == [90, 40]
    assert LowestTokenizer(1).read(piece).tolist() == [60, 60, SILENCE, 40]
    assert RollTokenizer(1, "unit").scaled(frames).max() == np.float32(90 / 127)


def test_a_roll_has_no_token_between_pieces():
    with pytest.raises(VocabularyError, match="no token between pieces"):
        _ = RollTokenizer().start


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: EventTokenizer(0), "from 1 to 96"),
        (lambda: LowestTokenizer(True), "from 1 to 96"),
        (lambda: RollTokenizer(4, "loud"), "binary, unit, velocity"),
        (lambda: RollTokenizer().encode(np.zeros((3, 88))), r"\(frames, 128\)"),
        (lambda: RollTokenizer().encode(np.full((1, 128), 2)), "from 0 to 1"),
        (lambda: RollTokenizer().decode([0] * 100), "no whole frames"),
        (lambda: LowestTokenizer().encode(np.array([128])), "from 0 to 129"),
        (lambda: EventTokenizer().decode([225]), "from 0 to 224"),
        (lambda: NoteTokenizer(("",), rare="keep"), "rare is drop or map"),
        (lambda: EventTokenizer.from_settings({}), "steps_per_quarter"),
    ],
)
def test_what_is_out_of_range_is_one_line(make, said):
    with pytest.raises(VocabularyError, match=said):
        make()


@pytest.mark.slow
@pytest.mark.skipif(PIANO is None, reason="ABCLM_PIANO_MIDI, a folder of MIDI files, is not set")
@pytest.mark.parametrize(("kind", "settings"), SETTINGS)
def test_real_piano_music_goes_there_and_back_and_is_read_in_ten_seconds(kind, settings):
    start = time.process_time()
    pieces = Pieces.read(PIANO)
    tokenizer = TOKENIZERS.find(kind).fit(pieces, **settings)
    for piece in pieces:
        tokenizer.encode(tokenizer.read(piece))
    assert time.process_time() - start < 10
    goes_there_and_back(tokenizer, pieces)


@pytest.mark.parametrize("kind", ["events", "lowest", "notes"])
@pytest.mark.parametrize("semitones", [-5, 1, 6])
def test_a_piece_in_another_key_is_the_piece_whose_notes_were_moved(kind, semitones):
    struck = [(0, 60), (0, 64), (0, 67), (96, 72), (192, 62)]
    moved = [(start, pitch + semitones) for start, pitch in struck]
    pieces = [
        Piece.of_notes([MidiNote(start, start + 96, pitch, 80, 0, 0) for start, pitch in each], 96)
        for each in (struck, moved)
    ]
    tokenizer = TOKENIZERS.find(kind).fit(pieces)
    first, second = (tokenizer.encode_piece(tokenizer.read(piece)) for piece in pieces)
    assert tokenizer.transposed(semitones)[first].tolist() == second.tolist()


def test_what_has_no_token_in_another_key_is_replaced_by_the_nearest():
    tokenizer = NoteTokenizer.of_names([["C4", "C5", "D7", "0.4.7", "1.5", "rest"]])
    moved = tokenizer.decode(tokenizer.transposed(1))
    names = dict(zip(tokenizer.names, moved, strict=True))
    assert (names[""], names["rest"], names["0.4.7"], names["C4"]) == ("", "rest", "1.5", "C4")
    assert EventTokenizer(1).transposed(6)[5 + 127] == 5 + 121  # G9 goes down, as there is nothing above


def test_frames_are_not_transposed_token_by_token():
    with pytest.raises(VocabularyError, match="tokens of rolls can't be transposed"):
        RollTokenizer().transposed(1)
