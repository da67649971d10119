"""Pieces from MIDI files: which notes they have, by which instrument, in which meter."""

from dataclasses import astuple

import pytest

from abclm.errors import ConvertError
from abclm.midi.events import METER, NOTE_OFF, NOTE_ON, PROGRAM, MidiEvent
from abclm.midi.file import MidiFile, MidiNote
from abclm.midi.piece import Piece

END = MidiEvent(960, 0xFF, b"\x2f")


def note(start, end, pitch, channel=0, velocity=80):
    return [
        MidiEvent(start, NOTE_ON | channel, bytes([pitch, velocity])),
        MidiEvent(end, NOTE_OFF | channel, bytes([pitch, 0])),
    ]


def pedal(ticks, value, channel=0):
    return MidiEvent(ticks, 0xB0 | channel, bytes([64, value]))


def piece_of(*tracks):
    return Piece(
        "x", MidiFile(96, tuple((*sorted(track, key=lambda each: each.ticks), END) for track in tracks))
    )


def spans(notes):
    return [(each.start_ticks, each.end_ticks, each.pitch) for each in notes]


def test_all_tracks_and_channels_count_and_drums_are_apart():
    piece = piece_of(note(0, 96, 60), note(96, 192, 64, 3), note(0, 96, 36, 9))
    assert spans(piece.notes()) == [(0, 96, 60), (96, 192, 64)]
    assert spans(piece.drums) == [(0, 96, 36)]


def test_the_pedal_holds_a_note_until_it_rises_or_the_key_is_struck_again():
    held = [pedal(48, 127), pedal(300, 0)]
    piece = piece_of([*held, *note(0, 96, 60), *note(0, 96, 64), *note(192, 240, 64), *note(400, 420, 60)])
    assert spans(piece.notes()) == [(0, 96, 60), (0, 96, 64), (192, 240, 64), (400, 420, 60)]
    assert spans(piece.notes(pedal=True)) == [(0, 192, 64), (0, 300, 60), (192, 300, 64), (400, 420, 60)]


@pytest.mark.parametrize("value", [0, 63])
def test_a_pedal_that_is_not_down_holds_nothing(value):
    assert spans(piece_of([pedal(0, value), *note(0, 96, 60)]).notes(pedal=True)) == [(0, 96, 60)]


def test_a_pedal_that_stays_down_holds_to_the_end_and_one_of_another_channel_not_at_all():
    piece = piece_of([pedal(0, 127, 1), *note(0, 96, 60), *note(0, 96, 64, 1)])
    assert spans(piece.notes(pedal=True)) == [(0, 96, 60), (0, 960, 64)]


def test_meters_are_those_of_the_file_and_common_time_where_it_names_none():
    def meter(ticks, beats, power):
        return MidiEvent(ticks, 0xFF, bytes([METER, beats, power, 24, 8]))

    assert piece_of(note(0, 96, 60)).meters == ("4/4",)
    assert piece_of([meter(0, 3, 2), meter(96, 6, 3), *note(0, 96, 60)]).meters == ("3/4", "6/8")
    assert piece_of([meter(96, 3, 2), *note(0, 96, 60)]).meters == ("4/4", "3/4")


def test_an_instrument_takes_its_notes_and_those_of_its_relatives():
    change = MidiEvent(192, PROGRAM, bytes([40]))
    piece = piece_of([change, *note(0, 96, 60), *note(192, 288, 64), *note(0, 96, 36, 9)], note(0, 96, 48, 2))
    assert piece.instruments == {0: 2, 40: 1}
    assert spans(piece.of_instrument(0).notes()) == [(0, 96, 48), (0, 96, 60)]
    assert spans(piece.of_instrument(42).notes()) == [(192, 288, 64)]
    assert piece.of_instrument(0).drums == ()


def test_notes_become_a_piece_that_has_them():
    notes = [MidiNote(0, 96, 60, 80, 0, 0), MidiNote(96, 100, 60, 70, 0, 0), MidiNote(96, 200, 64, 1, 0, 0)]
    piece = Piece.of_notes(notes, 96, title="x", tempo=60)
    assert [astuple(each)[:4] for each in piece.notes()] == [astuple(each)[:4] for each in notes]
    assert Piece.read(piece.midi.to_bytes(), "x") == piece
    assert piece.midi.seconds([96]) == [1.0]


def test_a_key_that_is_struck_while_it_sounds_keeps_both_lengths():
    notes = [MidiNote(0, 300, 60, 80, 0, 0), MidiNote(50, 100, 60, 80, 0, 0), MidiNote(60, 400, 60, 80, 0, 0)]
    piece = Piece.read(Piece.of_notes(notes, 96).midi.to_bytes())
    assert spans(piece.notes()) == [(0, 300, 60), (50, 100, 60), (60, 400, 60)]


def test_a_file_of_drums_alone_is_refused():
    with pytest.raises(ConvertError, match=r"no pitched note \(it has 1 of drums\)"):
        Piece.read(piece_of(note(0, 96, 36, 9)).midi.to_bytes())
