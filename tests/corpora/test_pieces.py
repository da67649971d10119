"""Corpora of MIDI pieces: what is read, what is left out, what a split puts on each side."""

import pytest

from abclm.corpora.pieces import Pieces
from abclm.errors import ConfigError, CorpusError
from abclm.midi.file import MidiNote
from abclm.piece import Piece


def piece(*pitches, program=0, title="x"):
    notes = [MidiNote(96 * place, 96 * place + 96, pitch, 80, 0, 0) for place, pitch in enumerate(pitches)]
    return Piece.of_notes(notes, 96, program=program, title=title)


@pytest.fixture
def folder(tmp_path):
    for name, pitches in {"a/one": (60, 62), "a/two": (64, 65), "b/three": (67, 69)}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        piece(*pitches).save((tmp_path / name).with_suffix(".mid"))
    return tmp_path


def test_a_folder_of_midi_files_is_read_with_its_folders_by_artist(folder):
    pieces = Pieces.read(folder)
    assert [each.title for each in pieces] == ["one", "two", "three"]
    assert {name: len(each) for name, each in pieces.by_folder().items()} == {"a": 2, "b": 1}
    assert len(Pieces.read(folder / "a" / "*.mid")) == 2
    assert len(Pieces.read(folder, folder / "a" / "one.mid")) == 3


def test_a_broken_an_empty_and_a_wordless_file_among_many_are_left_out_and_said(folder):
    (folder / "broken.mid").write_bytes(b"MThd no more")
    (folder / "empty.mid").write_bytes(b"")
    (folder / "tune.abc").write_text("X:1\nK:C\nCDE\n")
    pieces = Pieces.read(folder)
    assert len(pieces) == 3
    assert [problem.place for problem in pieces.problems] == [
        str(folder / "broken.mid"),
        str(folder / "empty.mid"),
    ]
    with pytest.raises(CorpusError, match=r"broken\.mid: the MIDI file is cut off"):
        Pieces.read(folder / "broken.mid")


def test_a_folder_without_midi_is_one_line(tmp_path):
    (tmp_path / "tune.abc").write_text("X:1\nK:C\nCDE\n")
    with pytest.raises(CorpusError, match="no MIDI file is there"):
        Pieces.read(tmp_path)


def test_one_meter_and_one_instrument_can_be_asked_for():
    pieces = Pieces("x", (piece(60), piece(62, program=40), piece(64, program=3)))
    assert [each.notes()[0].pitch for each in pieces.only(instrument="piano")] == [60, 64]
    assert [each.notes()[0].pitch for each in pieces.only(instrument="fiddle")] == [62]
    assert len(pieces.only(meter="4/4")) == 3
    kept = pieces.only(meter="3/4")
    assert (len(kept), [problem.reason for problem in kept.problems]) == (0, ["is in …, not in … alone"] * 3)
    with pytest.raises(ConfigError, match="instrument"):
        pieces.only(instrument="kazoo")


def test_a_split_holds_out_whole_pieces_and_does_not_depend_on_their_order():
    pieces = [piece(40 + each, 50, title=f"piece {each}") for each in range(20)]
    train, held_out = Pieces("x", tuple(pieces)).split(0.3, seed=1)
    assert (len(train), len(held_out)) == (14, 6)
    assert not {each.title for each in train} & {each.title for each in held_out}
    turned = Pieces("x", tuple(pieces[::-1])).split(0.3, seed=1)[1]
    assert {each.title for each in turned} == {each.title for each in held_out}
    with pytest.raises(ConfigError, match="validation"):
        Pieces("x", tuple(pieces)).split(1.0)


def test_copies_of_a_piece_are_not_on_both_sides():
    pieces = Pieces("x", (piece(60, title="a"), piece(60, title="b"), piece(62, title="c")))
    train, held_out = pieces.split(0.5)
    assert len(train) + len(held_out) == 2
    assert [problem.kind for problem in train.problems] == ["duplicate"]
