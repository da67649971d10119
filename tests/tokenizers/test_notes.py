"""Notes and chords from MIDI to token ids and back."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import chord
from music21.pitch import Pitch

from abclm.errors import VocabularyError
from abclm.midi.file import MidiNote
from abclm.midi.piece import Piece
from abclm.tokenizers.names import PIECE, REST, names_of, notes_of, pitches_of
from abclm.tokenizers.notes import NoteTokenizer
from abclm.tokenizers.tokenizer import read_tokenizer


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
    tokenizer = NoteTokenizer.of_names([written])
    ids = tokenizer.encode_piece(written)
    assert ids.dtype == tokenizer.dtype
    assert tokenizer.decode(ids) == [PIECE, *written, PIECE]
    assert read_tokenizer(tokenizer.to_json()) == tokenizer


def test_pieces_one_after_another_are_told_apart():
    tokenizer = NoteTokenizer.of_names([["C4", "D4", "E4"]])
    text = np.concatenate([[0], *(tokenizer.encode_piece(piece)[1:] for piece in (["C4"], ["D4", "E4"]))])
    assert tokenizer.ends_in(text).tolist() == [2, 5]


def test_more_names_take_wider_ids():
    every = [f"{pitch}{octave}" for pitch in "CDEFGAB" for octave in range(9)]
    assert NoteTokenizer.of_names([every]).dtype == np.uint8
    chords = names_of(
        struck(*([60, *(60 + each for each in more)] for more in itertools.combinations(range(1, 12), 4)))
    )
    assert NoteTokenizer.of_names([every, chords]).dtype == np.uint16


def test_rare_names_are_left_out_of_the_vocabulary():
    tokenizer = NoteTokenizer.of_names([["C4", "C4", "D4"]], least=2)
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
        NoteTokenizer.of_names([["C4"]]).decode([0, 2])


def test_silence_of_some_length_is_a_rest_where_that_is_asked_for():
    notes = [
        MidiNote(0, 480, 60, 80, 0, 0),
        MidiNote(600, 700, 62, 80, 0, 0),
        MidiNote(719, 800, 64, 80, 0, 0),
    ]
    assert names_of(notes) == ["C4", "D4", "E4"]
    assert names_of(notes, 120) == ["C4", REST, "D4", "E4"]
    assert names_of(notes_of(["C4", REST, "D4"], 120), 120) == ["C4", REST, "D4"]
    # A note that goes on sounds, whatever ends meanwhile.
    assert names_of([*notes, MidiNote(0, 900, 48, 80, 0, 0)], 120) == ["0", "D4", "E4"]


def test_rare_names_are_dropped_or_mapped_to_the_nearest_and_counted():
    often = ["C4", "C5", "F4", "0.4.7", "2.5"] * 2
    piece = Piece.of_notes(struck([60], [84], [67], [60, 64, 67, 70], [61, 66], [60, 64, 67]), 480)
    dropping = NoteTokenizer.of_names([often], least=2)
    assert dropping.read(piece) == ["C4", "0.4.7"]
    assert dropping.rare_in([piece]) == {"C6": 1, "G4": 1, "4.7.10.0": 1, "1.6": 1}
    # G4 has no octave: F4 is nearest. No chord has a tone of F sharp or C sharp.
    mapping = NoteTokenizer.of_names([often], least=2, rare="map")
    assert mapping.read(piece) == ["C4", "C5", "F4", "0.4.7", "0.4.7"]


def test_a_vocabulary_of_too_many_names_is_one_line():
    with pytest.raises(
        VocabularyError, match=r"up to 65,536 names.*; a threshold on frequency leaves rare ones out"
    ):
        NoteTokenizer((PIECE,) * 65_537)
