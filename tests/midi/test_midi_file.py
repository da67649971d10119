"""The reader of MIDI files, on bytes written by hand."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.errors import ConvertError
from abclm.midi.file import MidiNote, PitchBend, parse_midi


def midi(*tracks, division=480, form=1):
    chunks = b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)
    return b"MThd" + struct.pack(">IHHH", 6, form, len(tracks), division) + chunks


END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x00"  # C4 for 480 ticks


def test_a_note_has_its_place_pitch_and_velocity():
    assert parse_midi(midi(NOTE + END)).notes == (MidiNote(0, 480, 60, 64, 0, 0),)


def test_running_status_and_velocity_zero_are_understood():
    track = b"\x00\x91\x3c\x40\x60\x3c\x00\x00\x3e\x40\x60\x3e\x00" + END
    assert [(n.start_ticks, n.end_ticks, n.pitch, n.channel) for n in parse_midi(midi(track)).notes] == [
        (0, 96, 60, 1),
        (96, 192, 62, 1),
    ]


def test_other_events_and_chunks_are_passed_over():
    track = b"\x00\xff\x03\x02hi\x00\xf0\x02\x01\xf7\x00\xc0\x05\x00\xb0\x07\x40" + NOTE + END
    data = midi(track)
    with_extra = data[:14] + b"XTRA" + struct.pack(">I", 3) + b"abc" + data[14:]
    assert len(parse_midi(with_extra).notes) == 1


def test_a_note_that_nobody_stops_lasts_to_the_end_of_its_track():
    assert parse_midi(midi(b"\x00\x90\x3c\x40" + b"\x60\xff\x2f\x00")).notes[0].end_ticks == 96


def test_tempo_changes_count_from_where_they_are():
    tempos = b"\x00\xff\x51\x03\x0f\x42\x40" + b"\x83\x60\xff\x51\x03\x07\xa1\x20" + END  # 60, then 120
    file = parse_midi(midi(tempos, NOTE + END))
    assert file.seconds([0, 240, 480, 960]) == pytest.approx([0, 0.5, 1.0, 1.5])


def test_pitch_bends_are_centred_on_zero():
    bends = b"\x00\xe0\x00\x40\x00\xe0\x00\x00\x00\xe0\x7f\x7f" + END
    assert parse_midi(midi(bends)).bends == tuple(sorted(PitchBend(0, 0, v) for v in (0, -8192, 8191)))


@pytest.mark.parametrize("length", range(0, len(midi(NOTE + END)), 3))
def test_a_file_cut_off_anywhere_is_refused(length):
    with pytest.raises(ConvertError, match=r"MIDI file"):
        parse_midi(midi(NOTE + END)[:length])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"RIFF....WAVE", "no MIDI file"),
        (midi(END, form=2), "format 2"),
        (midi(END, division=0xE728), "counts time in frames"),
        (midi(b"\x00\x3c\x40"), "byte 1 is no event"),
        (midi(b"\x00\xf5\x40"), "byte 1 is 0xf5"),
        (midi(b"\x00\xff\x03\x7fab"), "cut off"),
        (midi(b"\xff\xff\xff\xff\x7f"), "has no end"),
    ],
)
def test_damage_is_named(data, words):
    with pytest.raises(ConvertError, match=words):
        parse_midi(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(track):
    with contextlib.suppress(ConvertError):
        parse_midi(midi(track))
