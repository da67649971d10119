"""Notes and chords from MIDI to token ids and back."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import chord
from music21.pitch import Pitch

from abclm.errors import VocabularyError
from abclm.midi.file import MidiFile, MidiNote
from abclm.tokenizers.notes import PIECE, NoteTokenizer, names_of, notes_of, pitches_of
from abclm.tokenizers.tokenizer import read_tokenizer

PIANO = os.environ.get("ABCLM_PIANO_MIDI")


def struck(*moments):
    """Notes that begin together, a quarter after those before."""
    return [
        MidiNote(place * 480, place * 480 + 480, pitch, 80, 0, 0)
        for place, pitches in enumerate(moments)
        for pitch in pitches
    ]


def test_a_single_note_has_the_name_of_its_pitch_in_music21():
    assert names_of(struck(*([pitch] for pitch in range(128)))) == [
        str(Pitch(midi=pitch)) for pitch in range(128)
    ]


def test_chords_have_the_normal_order_of_music21():
    # Of five notes, Forte's order and Rahn's differ on three of every seventh.
    sets = [each for size in (1, 2) for each in itertools.combinations(range(12), size)]
    sets += [each for size in (3, 5) for each in itertools.combinations(range(12), size)][::7]
    chords = [[60 + each for each in classes] for classes in sets]
    chords = [[*pitches, pitches[0] + 12] for pitches in chords]
    wanted = [".".join(map(str, chord.Chord(pitches).normalOrder)) for pitches in chords]
    assert names_of(struck(*chords)) == wanted


def test_notes_that_begin_together_are_one_token_and_drums_none():
    notes = [*struck([60, 64, 67], [72]), MidiNote(0, 10, 36, 80, 9, 0), MidiNote(480, 500, 72, 90, 1, 1)]
    assert names_of(notes) == ["0.4.7", "C5"]


names = st.one_of(
    st.integers(0, 127).map(lambda pitch: names_of(struck([pitch]))[0]),
    st.sets(st.integers(0, 127), min_size=2, max_size=8).map(lambda pitches: names_of(struck(pitches))[0]),
)


@given(st.lists(names))
def test_names_become_notes_that_have_these_names(written):
    assert names_of(notes_of(written, 240)) == written


@given(st.lists(names, min_size=1))
def test_names_become_ids_and_come_back(written):
    tokenizer = NoteTokenizer.from_pieces([written])
    ids = tokenizer.encode_piece(written)
    assert ids.dtype == tokenizer.dtype
    assert tokenizer.decode(ids) == [PIECE, *written, PIECE]
    assert read_tokenizer(tokenizer.to_json()) == tokenizer


def test_pieces_one_after_another_are_told_apart():
    tokenizer = NoteTokenizer.from_pieces([["C4", "D4", "E4"]])
    text = np.concatenate([[0], *(tokenizer.encode_piece(piece)[1:] for piece in (["C4"], ["D4", "E4"]))])
    assert tokenizer.ends_in(text).tolist() == [2, 5]


def test_more_names_take_wider_ids():
    every = [f"{pitch}{octave}" for pitch in "CDEFGAB" for octave in range(9)]
    assert NoteTokenizer.from_pieces([every]).dtype == np.uint8
    chords = names_of(
        struck(*([60, *(60 + each for each in more)] for more in itertools.combinations(range(1, 12), 4)))
    )
    assert NoteTokenizer.from_pieces([every, chords]).dtype == np.uint16


def test_rare_names_are_left_out_of_the_vocabulary():
    tokenizer = NoteTokenizer.from_pieces([["C4", "C4", "D4"]], least=2)
    assert tokenizer.names == (PIECE, "C4")
    with pytest.raises(VocabularyError, match="'D4' is not among the 2 names"):
        tokenizer.encode(["D4"])


@pytest.mark.parametrize("name", ["H4", "", "0.0", "4.0.7", "12", "C", "0.4.", 7, None])
def test_what_is_no_name_is_an_error(name):
    with pytest.raises(VocabularyError, match="is no name of a note"):
        pitches_of(name)


@pytest.mark.parametrize("found", [(), ("C4",), (PIECE, "C4", "C4"), (PIECE, "X"), (PIECE,) * 65_537])
def test_names_that_make_no_vocabulary_are_an_error(found):
    with pytest.raises(VocabularyError):
        NoteTokenizer(found)


@pytest.mark.parametrize("settings", [{}, {"names": "C4"}, {"names": [PIECE], "x": 1}])
def test_other_settings_are_an_error(settings):
    with pytest.raises(VocabularyError):
        NoteTokenizer.from_settings(settings)


def test_ids_outside_the_vocabulary_are_an_error():
    with pytest.raises(VocabularyError, match="from 0 to 1"):
        NoteTokenizer.from_pieces([["C4"]]).decode([0, 2])


@pytest.mark.skipif(PIANO is None, reason="ABCLM_PIANO_MIDI, a folder of MIDI files, is not set")
def test_real_piano_music_goes_there_and_back():
    pieces = [
        names_of(MidiFile.parse(path.read_bytes()).notes) for path in sorted(Path(PIANO).rglob("*.mid"))
    ]
    tokenizer = NoteTokenizer.from_pieces(pieces)
    for piece in pieces:
        assert tokenizer.decode(tokenizer.encode_piece(piece)[1:-1]) == piece
        assert names_of(notes_of(piece, 240)) == piece
