"""What is hard to write down of MIDI files: odd tuplets, changes, notes without a length, grace notes, wrong keys."""

import struct
from fractions import Fraction

import pytest
from midi_files import key, lasting, line, meter, midi_bytes, midi_file

from abclm.errors import ConvertError
from abclm.generation.abc.like import read_likeness
from abclm.midi.abc2midi import abc_to_midi
from abclm.midi.file import MidiFile
from abclm.midi.performance import play
from abclm.midi.to_tune import midi_to_tune
from abclm.notation.check import check
from abclm.tune import Tune

SCALE = [67, 69, 71, 72, 74, 76, 78, 79]


def written(*notes, **options):
    """The tune that is written down of some notes, `(duration, pitch)`; it has no error."""
    tune = midi_to_tune(midi_file(("", 0, lasting(*notes)), **options))
    assert [problem.message for problem in check(tune) if problem.severity == "error"] == []
    return tune


def heard(tune):
    return [(note.onset, note.pitch) for note in tune.notes()]


# Rhythm


def test_a_quintuplet_that_is_held_into_a_triplet_is_tied():
    fifth, third = Fraction(1, 5), Fraction(1, 3)
    notes = [
        (fifth, 67),
        (fifth, 69),
        (fifth, 71),
        (fifth, 72),
        (fifth + third, 74),
        (third, 72),
        (third, 71),
    ]
    tune = written(
        *notes,
        (1, 69),
        (1, 67),
        *[(1, pitch) for pitch in (67, 69, 71, 73)],
        metas=[meter(0, 4, 4)],
        ticks=960,
    )
    assert [onset for onset, _ in heard(tune)] == [
        0, fifth, 2 * fifth, 3 * fifth, 4 * fifth, 1 + third, 1 + 2 * third, 2, 3, 4, 5, 6, 7
    ]  # fmt: skip
    assert tune.body.startswith("(5:4:5GABcd-(3d2c2B2|")


@pytest.mark.parametrize("parts", [3, 5, 6, 7, 9, 10, 12, 14, 18, 24])
@pytest.mark.parametrize(("following", "bar"), [(3, (4, 4)), (4, (6, 8)), (5, (3, 8)), (7, (5, 16))])
def test_whatever_is_held_over_whatever_beat_is_written_without_an_error(parts, following, bar):
    part, other = Fraction(1, parts), Fraction(1, following)
    beat = [*[(part, 60 + index % 7) for index in range(parts - 1)], (part + other, 74)]
    beat += [(other, 60 + index) for index in range(following - 1)]
    notes = beat * 4
    tune = written(*notes, metas=[meter(0, *bar)], ticks=2520)
    wanted, now = [], Fraction(0)
    for duration, pitch in notes:
        wanted.append((now, pitch))
        now += duration
    assert heard(tune) == wanted


def test_triplets_of_quarter_notes_stay_triplets():
    third = Fraction(2, 3)
    assert (
        written(*[(third, pitch) for pitch in SCALE[:6]], metas=[meter(0, 4, 4)]).body
        == "(3G2A2B2 (3c2d2e2|]\n"
    )


def test_what_is_held_from_a_triplet_for_long_is_no_part_of_it():
    third = Fraction(1, 3)
    tune = written((third, 67), (third, 69), (6, 71), (third, 72), (1, 74), metas=[meter(0, 7, 4)])
    assert tune.body == "(3GAB- B10- (3:2:2B2c|d2|]\n"
    assert [note.duration for note in tune.notes()] == [third, third, 6, third, 1]


def test_a_meter_of_no_use_is_passed_over():
    assert written(*[(1, pitch) for pitch in SCALE[:4]] * 4, metas=[meter(0, 255, 1)]).meter == "4/4"


def test_a_rest_in_a_triplet_is_a_rest_in_a_triplet():
    third = Fraction(1, 3)
    tune = written(*[(third, 67), (third, 69), (third, None)] * 4, metas=[meter(0, 4, 4)])
    assert tune.body == "(3GAz(3GAz (3GAz(3GA|]\n".replace("(3GA|", "(3:2:2GA|")


@pytest.mark.parametrize("length", [0, Fraction(1, 480), Fraction(1, 48)])
def test_notes_of_no_length_are_held_to_the_next(length):
    notes = [(index, float(length), pitch, 80) for index, pitch in enumerate(SCALE)]
    tune = midi_to_tune(midi_file(("", 0, notes), metas=[meter(0, 4, 4)]))
    assert tune.body == "G2A2 B2c2|d2e2 f2g2|]\n"


@pytest.mark.parametrize(
    "body",
    [
        "{g}e3 b3|e2{f}g B3|{ga}b3 e3|e6|]",
        "e3 b3|e2{f}g {b}ag{c}e|{abc}d6|]",
        "B3 e2{f}e|{^d}e3 =d2e|^d3 e3|]",
    ],
)
def test_grace_notes_come_back_as_grace_notes(body):
    tune = Tune.parse(f"X:1\nT:x\nM:6/8\nL:1/8\nK:G\n{body}\n")
    back = midi_to_tune(abc_to_midi(tune))
    assert [note[:2] for note in heard(back)] == [note[:2] for note in heard(tune)]
    assert back.body.count("{") == body.count("{")
    assert check(back) == []


def test_grace_notes_before_the_beat_take_no_time_either():
    grace = Fraction(1, 16)
    tune = written((1 - grace, 67), (grace, 71), (1, 72), (1, 74), (1, 67), metas=[meter(0, 4, 4)])
    assert tune.body == "G2{B}c2 d2G2|]\n"


def test_dotted_pairs_and_thirty_second_notes_are_no_grace_notes():
    tune = written(*[(0.75, 67), (0.25, 69), (0.25, 71), (0.75, 72)] * 2, metas=[meter(0, 4, 4)])
    assert tune.body == "G>AB<c G>AB<c|]\n"
    assert "{" not in written(*[(0.125, pitch) for pitch in SCALE] * 4, metas=[meter(0, 4, 4)]).body


# Bars, meters, keys


def test_a_meter_that_changes_is_kept():
    slow, fast = [(1, pitch) for pitch in SCALE], [(0.5, pitch) for pitch in SCALE[:6]]
    tune = written(*slow, *fast * 2, *slow, metas=[meter(0, 4, 4), meter(8, 6, 8), meter(14, 4, 4)])
    assert tune.body.replace("\n", "") == (
        "G2A2 B2c2|d2e2 f2g2|[M:6/8]GAB cde|GAB cde|[M:4/4]G2A2 B2c2|d2e2 f2g2|]"
    )
    assert check(tune) == []


def test_a_meter_of_its_own_for_the_pick_up_is_none_of_the_tune():
    tune = written((1, 62), *[(1, pitch) for pitch in SCALE], metas=[meter(0, 1, 4), meter(1, 4, 4)])
    assert (tune.meter, tune.body) == ("4/4", "D2|G2A2 B2c2|d2e2 f2g2|]\n")


def test_before_a_change_of_meter_the_bars_are_counted_back_from_it():
    notes = [(1, 62), *[(1, pitch) for pitch in SCALE], *[(1, 67)] * 3]
    tune = written(*notes, metas=[meter(0, 4, 4), meter(9, 3, 4)])
    assert tune.body == "D2|G2A2 B2c2|d2e2 f2g2|[M:3/4]G2 G2 G2|]\n"


def test_a_key_that_changes_is_kept_and_what_is_tied_into_it_stays():
    notes = [*[(1, pitch) for pitch in SCALE], (1, 78), (1, 77), (1, 70), (1, 72)]
    tune = written(*notes, metas=[meter(0, 4, 4), key(0, "G"), key(8, "F")])
    assert tune.body == "G2A2 B2c2|d2e2 f2g2|[K:F]_g2f2 B2c2|]\n"
    held = written(
        (4, 67), (3, 69), (2, 78), (1, 78), (2, 77), metas=[meter(0, 4, 4), key(0, "G"), key(8, "F")]
    )
    assert held.body == "G8|A6f2-|[K:F]f2_g2 f4|]\n"
    assert [note.pitch for note in held.notes()] == [67, 69, 78, 78, 77]


def test_a_key_that_the_notes_contradict_is_not_believed():
    in_d = [62, 64, 66, 67, 69, 71, 73, 74] * 2 + [74, 73, 71, 69, 67, 66, 64, 62]
    assert written(*[(0.5, pitch) for pitch in in_d], metas=[meter(0, 4, 4), key(0, "C")]).key == "D"
    few = [62, 64, 66, 67, 69, 71, 72, 74] * 2 + [74, 73, 71, 69, 67, 66, 64, 62]
    assert written(*[(0.5, pitch) for pitch in few], metas=[meter(0, 4, 4), key(0, "D")]).key == "D"
    in_c = [60, 62, 64, 65, 67, 69, 66, 67] * 3 + [60]
    assert written(*[(0.5, pitch) for pitch in in_c], metas=[meter(0, 4, 4), key(0, "C")]).key == "C"


@pytest.mark.parametrize(
    "body",
    ["A>B c>d e4|A>B c>d e4|]", "e4 A>B c>d|e4 A>B c>d|]", "A2 e6|B2 d6|A2 e6|]", "E|A>Bc>d e3E|A>Bc>d e3|]"],
)
def test_bars_begin_where_the_loud_notes_are(body):
    tune = Tune.parse(f"X:1\nT:x\nM:4/4\nL:1/8\nK:Am\n{body}\n")
    back = midi_to_tune(play(tune).replaced(0x58, []))
    assert [bar.notes for bar in back.bars()] == [bar.notes for bar in tune.bars()]
    assert [bar.notes for bar in midi_to_tune(play(tune)).bars()] == [bar.notes for bar in tune.bars()]


@pytest.mark.parametrize(
    ("title", "bar", "rhythm"),
    [
        ("The Lost Badger (Reel)", (4, 4), "reel"),
        ("Badger's Jig", (6, 8), "jig"),
        ("Badger's Jig", (4, 4), None),
        ("The Lost Badger", (4, 4), None),
        ("Hornpipe: The Badger", (2, 4), "hornpipe"),
    ],
)
def test_the_title_names_the_rhythm_where_the_meter_has_it(title, bar, rhythm):
    tune = midi_to_tune(midi_file((title, 0, line(SCALE * 2)), metas=[meter(0, *bar)]))
    assert tune.rhythm == rhythm


def test_two_notes_of_a_chord_that_share_a_letter_get_two():
    notes = [*line(SCALE * 2), (8, 4, 60, 80), (8, 4, 61, 80), (12, 6, 60, 80), (12, 6, 61, 80)]
    tune = midi_to_tune(midi_file(("", 0, notes), metas=[meter(0, 4, 4), key(0, "G")]))
    found = [(note.pitch, note.duration) for note in tune.notes()]
    assert found[-4:] == [(60, 4), (61, 4), (60, 6), (61, 6)]
    assert [problem for problem in check(tune) if problem.severity == "error"] == []


@pytest.mark.parametrize("pitch", [0, 1, 11, 12, 115, 126, 127])
def test_every_pitch_can_be_written(pitch):
    assert [note.pitch for note in written((1, pitch or 12), (1, 64)).notes()] == [pitch or 12, 64]


# Files


def test_a_file_inside_riff_is_read():
    inner = midi_bytes(("", 0, line(SCALE)))
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"data" + struct.pack("<I", len(inner)) + inner
    data = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"RMID" + chunks
    assert MidiFile.parse(data) == MidiFile.parse(inner)
    for cut in range(len(data)):
        with pytest.raises(ConvertError):
            MidiFile.parse(data[:cut])


def test_a_division_of_zero_is_called_so():
    data = bytearray(midi_bytes(("", 0, line(SCALE))))
    data[12:14] = b"\0\0"
    with pytest.raises(ConvertError, match=r"0 ticks a quarter note.*write it again"):
        MidiFile.parse(bytes(data))
    data[12:14] = b"\xe7\x28"
    with pytest.raises(ConvertError, match="frames"):
        MidiFile.parse(bytes(data))


def raw(events, division=480):
    """A file with one track of these bytes."""
    return (
        b"MThd" + struct.pack(">IHHH", 6, 0, 1, division) + b"MTrk" + struct.pack(">I", len(events)) + events
    )


NOTE = b"\0\x90\x40\x40\x60\x80\x40\x40"


@pytest.mark.parametrize("content", [b"", b"\1", b"\1\2", b"\1\2\3\4", b"\7" * 90])
def test_a_tempo_of_another_length_is_an_error_of_one_line(content, tmp_path):
    data = raw(b"\0\xff\x51" + bytes([len(content)]) + content + NOTE)
    with pytest.raises(ConvertError, match=rf"track 0.*tempo.*{len(content)} byte"):
        MidiFile.parse(data)
    (tmp_path / "t.mid").write_bytes(data)
    with pytest.raises(ConvertError, match="tempo"):
        read_likeness(tmp_path / "t.mid")


@pytest.mark.parametrize("waits", [1, 30])
def test_a_rest_of_years_is_refused_at_once(waits):
    empty = b"\xff\x01\0"
    data = raw(NOTE + (b"\xff\xff\xff\x7f" + empty) * waits + NOTE, division=1)
    with pytest.raises(ConvertError, match=r"lasts [\d,]+ bars, rests included; up to 10,000"):
        midi_to_tune(MidiFile.parse(data))


def test_a_note_of_years_is_refused_at_once():
    data = raw(b"\0\x90\x40\x40\xff\xff\xff\x7f\x80\x40\x40", division=1)
    with pytest.raises(ConvertError, match="up to 10,000"):
        midi_to_tune(MidiFile.parse(data))


def test_a_million_notes_are_refused_and_a_few_thousand_written():
    data = raw(b"\0\x90\x40\x40\x60\x80\x40\x40" * 60_000)
    with pytest.raises(ConvertError, match="60,000 notes"):
        midi_to_tune(MidiFile.parse(data))
    assert len(midi_to_tune(MidiFile.parse(raw(NOTE * 3000))).notes()) == 3000
