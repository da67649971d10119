"""The reader and the writer of MIDI files, on bytes written by hand and on what other programs write and read."""

import contextlib
import io
import itertools
import os
import struct
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.errors import ConvertError
from abclm.midi.abc2midi import abc_to_midi
from abclm.midi.abc2midi_text import prepare
from abclm.midi.events import END_OF_TRACK, META, MidiEvent
from abclm.midi.file import MidiFile, MidiNote, PitchBend
from abclm.midi.performance import Performance, play, play_again
from abclm.system.programs import find_abc_program, made_executable, run_program
from abclm.tune import Tune


def midi(*tracks, division=480, form=1):
    chunks = b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)
    return b"MThd" + struct.pack(">IHHH", 6, form, len(tracks), division) + chunks


END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x00"  # C4 for 480 ticks


def test_a_note_has_its_place_pitch_and_velocity():
    assert MidiFile.parse(midi(NOTE + END)).notes == (MidiNote(0, 480, 60, 64, 0, 0),)


def test_running_status_and_velocity_zero_are_understood():
    track = b"\x00\x91\x3c\x40\x60\x3c\x00\x00\x3e\x40\x60\x3e\x00" + END
    assert [(n.start_ticks, n.end_ticks, n.pitch, n.channel) for n in MidiFile.parse(midi(track)).notes] == [
        (0, 96, 60, 1),
        (96, 192, 62, 1),
    ]


def test_other_events_and_chunks_are_passed_over():
    track = b"\x00\xff\x03\x02hi\x00\xf0\x02\x01\xf7\x00\xc0\x05\x00\xb0\x07\x40" + NOTE + END
    data = midi(track)
    with_extra = data[:14] + b"XTRA" + struct.pack(">I", 3) + b"abc" + data[14:]
    assert len(MidiFile.parse(with_extra).notes) == 1


def test_a_note_that_nobody_stops_lasts_to_the_end_of_its_track():
    assert MidiFile.parse(midi(b"\x00\x90\x3c\x40" + b"\x60\xff\x2f\x00")).notes[0].end_ticks == 96


def test_tempo_changes_count_from_where_they_are():
    tempos = b"\x00\xff\x51\x03\x0f\x42\x40" + b"\x83\x60\xff\x51\x03\x07\xa1\x20" + END  # 60, then 120
    file = MidiFile.parse(midi(tempos, NOTE + END))
    assert file.seconds([0, 240, 480, 960]) == pytest.approx([0, 0.5, 1.0, 1.5])


def test_pitch_bends_are_centred_on_zero():
    bends = b"\x00\xe0\x00\x40\x00\xe0\x00\x00\x00\xe0\x7f\x7f" + END
    assert MidiFile.parse(midi(bends)).bends == tuple(sorted(PitchBend(0, 0, v) for v in (0, -8192, 8191)))


@pytest.mark.parametrize("length", range(0, len(midi(NOTE + END)), 3))
def test_a_file_cut_off_anywhere_is_refused(length):
    with pytest.raises(ConvertError, match=r"MIDI file"):
        MidiFile.parse(midi(NOTE + END)[:length])


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
        MidiFile.parse(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_what_is_read_can_be_written(track):
    with contextlib.suppress(ConvertError):
        file = MidiFile.parse(midi(track))
        assert MidiFile.parse(file.to_bytes()) == file
        assert len([*file.notes, *file.bends, *file.programs, *file.meters, *file.keys, *file.names]) < 60


def events_of(status, data):
    return st.tuples(st.integers(0, 1 << 29), st.sampled_from(status), data)


BYTE = st.integers(0, 127).map(lambda byte: bytes([byte]))
EVENTS = st.one_of(
    events_of([0x80, 0x9F, 0xA1, 0xB2, 0xE3], st.tuples(BYTE, BYTE).map(b"".join)),
    events_of([0xC0, 0xD9], BYTE),
    events_of([0xF0, 0xF7], st.binary(max_size=300)),
    events_of([META], st.binary(max_size=300).map(lambda data: b"\x01" + data)),
)


@given(st.lists(EVENTS, max_size=20))
def test_what_is_written_is_read_again(events):
    track = tuple(MidiEvent(*event) for event in sorted(events, key=lambda event: event[0]))
    end = MidiEvent(1 << 29, META, bytes([END_OF_TRACK]))
    file = MidiFile(96, ((*track, end), (end,)))
    again = MidiFile.parse(file.to_bytes())
    empty = (META, b"\x01")  # a long wait is cut by texts that say nothing
    assert [event for event in again.tracks[0] if event[1:] != empty] == [
        event for event in (*track, end) if event[1:] != empty
    ]


# What other programs write and read

TUNE_WITH_ALL = (
    "X:1\nT:Test\nM:4/4\nL:1/8\nQ:1/4=100\nK:Em\n%%MIDI program 40\n"
    '"G"G2 B>d [K:D](3gfe ~d2|[Q:1/4=50]"D7"[GBd]4 z4|]\n'
)


def messages(data):
    """What mido reads in the file: each track's messages with their times."""
    file = mido.MidiFile(file=io.BytesIO(data))
    return file.ticks_per_beat, [list(track) for track in file.tracks]


@pytest.mark.parametrize("chords", [False, True])
def test_what_abc2midi_writes_is_written_again_byte_for_byte(chords, tmp_path):
    prepared = prepare(TUNE_WITH_ALL, chords=chords).text
    (tmp_path / "tune.abc").write_text(prepared, encoding="utf-8")
    program = made_executable(find_abc_program("abc2midi", "ABCLM_ABC2MIDI"), tmp_path)
    run_program([str(program), "tune.abc", "-o", "tune.mid"], tmp_path, timeout_seconds=10)
    data = (tmp_path / "tune.mid").read_bytes()
    assert MidiFile.parse(data).to_bytes() == data


def test_another_reader_finds_the_same_in_what_is_written():
    for file in (play(Tune.parse(TUNE_WITH_ALL.replace("K:Em", "R:hornpipe\nK:Em"))),
                 play_again(abc_to_midi(TUNE_WITH_ALL), Performance(tempo="90", instrument="harp"))):  # fmt: skip
        ticks_per_quarter, tracks = messages(file.to_bytes())
        assert ticks_per_quarter == file.ticks_per_quarter
        for track, events in zip(tracks, file.tracks, strict=True):
            times = list(itertools.accumulate(message.time for message in track))
            assert times == [event.ticks for event in events]
            assert [message.bytes()[0] for message in track] == [event.status for event in events]


PIANO = Path(os.environ.get("ABCLM_PIANO_MIDI", "/no/such/folder"))


@pytest.mark.skipif(not PIANO.is_dir(), reason="ABCLM_PIANO_MIDI names no folder")
def test_real_files_hold_the_same_when_they_are_written_again():
    paths = sorted(PIANO.glob("*.mid"))
    assert paths
    for path in paths[::10]:
        data = path.read_bytes()
        assert messages(MidiFile.parse(data).to_bytes()) == messages(data), path.name
