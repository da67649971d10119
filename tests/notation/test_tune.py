"""A tune's header, its text and what is asked of it."""

import dataclasses
from fractions import Fraction as F

import pytest

from abclm.errors import NotationError
from abclm.notation.tune import HeardNote
from abclm.tune import Tune

TEXT = """\
X:12
T:The Kesh
T:The Castle
R:double jig
M:6/8
L:1/8
Z:somebody
Z:id:dc-reel-1
K:G
GAG GAB|dBd e2f|]
"""


def test_the_header_is_read_as_it_is_spelled():
    tune = Tune.parse(TEXT)
    assert (tune.reference_number, tune.title, tune.titles) == (12, "The Kesh", ("The Kesh", "The Castle"))
    assert (tune.rhythm, tune.meter, tune.unit_note_length, tune.key) == ("double jig", "6/8", "1/8", "G")
    assert tune.transcription == "somebody id:dc-reel-1"
    assert tune.body == "GAG GAB|dBd e2f|]\n"
    assert str(tune) == tune.text == TEXT


def test_what_the_header_lacks_is_none():
    tune = Tune.parse("X:1\nK:\nC|")
    assert (tune.title, tune.rhythm, tune.meter, tune.unit_note_length, tune.key) == (
        "",
        None,
        None,
        None,
        "",
    )
    assert tune.setting().key.text == "C"
    assert tune.text.endswith("C|\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no tune: no line begins with X:"),
        ("T:t\nK:C\nC", "there is no tune: no line begins with X:"),
        ("> X:1\nK:C\nC", "there is no tune: no line begins with X:"),
        ("X:1\nT:t\n", "there is no tune: the header has no K: field"),
        ("X:1\nX:2\nK:C\n", "there is no tune: the header has no K: field"),
    ],
)
def test_text_without_a_tune_is_refused(text, words):
    with pytest.raises(NotationError, match=words):
        Tune.parse(text)


def test_what_is_no_text_is_refused():
    with pytest.raises(NotationError, match="a tune is text, and this is bytes"):
        Tune.parse(b"X:1\nK:C\n")


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("junk\n\nX:1\nK:C\nC|", "C|\n"),
        ("X:1\nK:C\nC|\nX:2\nK:C\nD|", "C|\n"),
        ("X:1\nK:C\nC|\n\nD|\n", "C|\n\n"),
        ("X:1\nK:C\nC|\n \t\nD|\n", "C|\n\n"),
        ("X:1\r\nK:C\r\nC|\r\n", "C|\n"),
        ("X:1\rK:C\rC|\r", "C|\n"),
        ("X:1\n\nT:t\nK:C\nC|", "C|\n"),
        ("X:1\nK:C\n", ""),
        ("X:1\nK:C", ""),
    ],
)
def test_a_tune_begins_at_its_number_and_ends_at_an_empty_line_or_the_next(text, body):
    assert Tune.parse(text).body == body


@pytest.mark.parametrize(
    ("written", "number"),
    [("1", 1), (" 7", 7), ("007", 7), ("", 0), ("x", 0), ("12a", 12), ("9" * 20, 999999999)],
)
def test_a_reference_number_is_a_number(written, number):
    assert Tune.parse(f"X:{written}\nK:C\n").reference_number == number


def test_comments_in_the_header_are_left_out():
    tune = Tune.parse("X:1\nT:t % twice\n% M:4/4\nM:3/4%\nK:G % major\nG|\n")
    assert (tune.title, tune.meter, tune.key) == ("t", "3/4", "G")


@pytest.mark.parametrize(
    ("written", "meter"),
    [("6/8 ABC", "6/8"), ("C| x", "C|"), ("C", "C"), ("none", "none"), ("2+3/8", "2+3/8"), ("?", "?")],
)
def test_a_meter_is_parted_from_what_is_glued_behind_it(written, meter):
    assert Tune.parse(f"X:1\nM:{written}\nK:C\n").meter == meter


@pytest.mark.parametrize(
    ("header", "rhythm"),
    [
        ("R:reel\nT:A Jig\n", "reel"),
        ("R:tango\nZ:id:dc-hornpipe-3\n", "hornpipe"),
        ("Z:id:dc-slipjig-3\nT:A Reel\n", "slip jig"),
        ("T:Somebody's Polka\n", "polka"),
        ("T:First\nT:A Waltz\n", "waltz"),
        ("Z:jig\nT:None\n", None),
        ("", None),
    ],
)
def test_a_rhythm_is_stated_by_its_field_the_transcription_or_a_title(header, rhythm):
    assert Tune.parse(f"X:1\n{header}K:C\n").stated_rhythm == rhythm


def test_what_cannot_be_read_in_the_header_has_its_default():
    setting = Tune.parse("X:1\nM:x\nL:x\nK:x\n").setting()
    assert (setting.meter.text, setting.unit, setting.key.text) == ("none", F(1, 8), "C")


def test_notes_come_by_onset_then_pitch():
    notes = Tune.parse("X:1\nM:4/4\nL:1/4\nK:C\n[gce]2[AF]z|]\n").notes()
    assert [(note.onset, note.pitch) for note in notes] == [(0, 72), (0, 76), (0, 79), (2, 65), (2, 69)]
    assert all(isinstance(note, HeardNote) and isinstance(note.onset, F) for note in notes)


def test_asking_twice_gives_the_same():
    tune = Tune.parse(TEXT)
    assert tune.notes() == tune.notes()
    assert tune.check() == tune.check()
    assert tune.normalize() == tune.normalize()


def test_a_tune_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Tune.parse(TEXT).key = "D"  # type: ignore[misc]


def test_tunes_are_equal_and_hash_by_what_was_read():
    assert Tune.parse(TEXT) == Tune.parse(TEXT) != Tune.parse(TEXT.replace("GAG", "GGG"))
    assert len({Tune.parse(TEXT), Tune.parse(TEXT)}) == 1


def test_bars_are_those_written_with_onsets_of_their_own():
    bars = Tune.parse("X:1\nM:3/4\nL:1/4\nK:C\nG|:c2-c|1[ce]d-:|2d3|]\n").bars()
    assert [bar.number for bar in bars] == [0, 1, 2, 3]
    assert [bar.duration for bar in bars] == [1, 3, 2, 3]
    assert [[(note.onset, note.pitch, note.duration) for note in bar.notes] for bar in bars] == [
        [(0, 67, 1)],
        [(0, 72, 3)],
        [(0, 72, 1), (0, 76, 1), (1, 74, 1)],
        [(0, 74, 3)],
    ]


def test_music21_reads_the_canonical_form():
    score = Tune.parse("X:1\nM:4/4\nL:1/4\nK:G\nG{a}~A Bc!|\n").to_music21()
    notes = list(score.recurse().notes)
    assert [(note.pitch.midi, note.duration.isGrace) for note in notes] == [
        (67, False), (81, True), (69, False), (71, False), (72, False)
    ]  # fmt: skip
