"""MusicXML: what is written, by hand, and what music21 reads of it."""

import re
import warnings
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from abclm.corpora.corpus import Corpus
from abclm.errors import ConvertError
from abclm.score.musicxml import format_musicxml
from abclm.tune import Tune

HEAD = "X:1\nT:Test\nM:4/4\nL:1/8\nK:G\n"


def measures(body, head=HEAD):
    text = format_musicxml(Tune.parse(head + body))
    return ElementTree.fromstring(text.split("\n", 2)[2]).findall("part/measure")


def values(body, tag, head=HEAD):
    return [each.text for measure in measures(body, head) for each in measure.iter(tag)]


def exact(time):
    return Fraction(time).limit_denominator(64)


def read_by_music21(tune):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = tune.to_music21()
        part = score.parts[0].expandRepeats().stripTies().flatten()
    return sorted(
        (exact(each.offset), pitch.midi, exact(each.quarterLength))
        for each in part.notes
        if "ChordSymbol" not in each.classes
        for pitch in each.pitches
    )


def heard(tune):
    return sorted((note.onset, note.pitch, note.duration) for note in tune.notes())


@pytest.mark.parametrize(
    "body",
    [
        "GABc d4|]\n",
        "D2|:G>AB<c (3ded c2|1 G8:|2 [GB]8||\n",
        "|:GABc d4:|\n[K:Bb]|:BAG^F =E4|1 B8:|2 B4 z4|]\n",
        "G5 A3-|A8|]\n",
        "G7/2A/ B4|(5GABcd G4|]\n",
        '"G"GABc "D7/F#"d4|"Em"e8|]\n',
        "[M:3/4]G2A2B2|[M:4/4]c8|]\n",
    ],
)
def test_music21_reads_the_same_notes(body):
    tune = Tune.parse(HEAD + body)
    assert read_by_music21(tune) == heard(tune)


def test_music21_reads_our_own_tunebook_the_same():
    for tune in Corpus.load("oldTunes").tunes[:12]:
        read = read_by_music21(tune)
        assert [note[1] for note in read] == [note[1] for note in heard(tune.normalize())], tune.title


def test_lengths_are_signs_with_dots_and_tuplets():
    assert values("G4A3B|c7d|]\n", "type") == ["half", "quarter", "eighth", "half", "eighth"]
    assert [len(note.findall("dot")) for measure in measures("G4A3B|c7d|]\n") for note in measure.iter("note")] == [
        0, 1, 0, 2, 0,
    ]  # fmt: skip
    assert values("(3GAB c2 d4|]\n", "actual-notes") == ["3"] * 3


def test_what_no_sign_has_is_tied():
    assert values("G5 A3|]\n", "type") == ["half", "eighth", "quarter"]
    assert [tie.get("type") for measure in measures("G5 A3|]\n") for tie in measure.iter("tied")] == [
        "start",
        "stop",
    ]


def test_accidentals_stand_where_they_are_written_and_where_a_staff_would_say_otherwise():
    # In ABC an accidental holds in every octave; on a staff it does not.
    assert values("^c2c2 C2=f2|]\n", "accidental") == ["sharp", "sharp", "natural"]
    assert values("^c4c4|c8|]\n", "accidental") == ["sharp"]


def test_notes_without_a_space_share_a_beam():
    assert values("GAB c2 de f|]\n", "beam") == ["begin", "continue", "end", "begin", "end"]


def test_keys_meters_repeats_and_endings():
    (first, *_, last) = measures("A|:G8|1 A8:|2 B8|]\n", HEAD.replace("K:G", "K:Ador").replace("4/4", "C|"))
    assert first.get("number") == "0"
    assert first.get("implicit") == "yes"
    assert first.findtext(".//fifths") == "1"
    assert first.findtext(".//mode") == "dorian"
    assert first.find(".//time").get("symbol") == "cut"
    assert [(ending.get("number"), ending.get("type")) for ending in last.iter("ending")] == [
        ("2", "start"),
        ("2", "stop"),
    ]


def test_a_key_with_accidentals_of_its_own_lists_them():
    found = values("G8|]\n", "key-step", HEAD.replace("K:G", "K:D exp ^f _b"))
    assert found in (["F", "B"], [])  # the canonical form spells them out before the notes
    assert values("f4b4|]\n", "alter", HEAD.replace("K:G", "K:D exp ^f _b")) == ["1", "-1"]


def test_titles_are_text():
    text = format_musicxml(Tune.parse(HEAD.replace("Test", "<b>&\x01 'x'") + "G8|]\n"))
    assert ElementTree.fromstring(text.split("\n", 2)[2]).findtext("work/work-title") == "<b>& 'x'"


@pytest.mark.parametrize("body", ["z8|]\n", "", "(3\n"])
def test_a_tune_without_a_note_is_an_error(body):
    with pytest.raises(ConvertError, match=r"can.t be written as a score|no note"):
        format_musicxml(Tune.parse(HEAD + body))


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("G8|G8|]\n", "1 2"),
        ("D2|G8|G6:|\n|:D2|G8|G6:|\n", "0 1 2 X1 3 4"),
        ("G8|G6:|\n|:G8|G8:|\n", "1 2 3 4"),
        ("D|G8|G6|D2|G8|G7|D|G8|]\n", "0 1 2 X1 3 4 X2 5"),
        ("|:G8|1 G6 D2:|2 G8|]\n", "1 2 3"),
        ("G4|G6|G8|]\n", "0 1 2"),
        ("G8|G6|G6|G8|]\n", "1 2 3 4"),
    ],
)
def test_a_pick_up_within_the_tune_is_no_bar_of_its_own(body, numbers):
    """A player who is told "from bar 13" counts so; `X1` is MusicXML's way to say that a bar is not counted."""
    assert [measure.get("number") for measure in measures(body)] == numbers.split()


@pytest.mark.parametrize(
    ("value", "written", "quarters"),
    [
        ("1/4=90", "<beat-unit>quarter</beat-unit><per-minute>90</per-minute>", "90"),
        ("3/8=50", "<beat-unit>quarter</beat-unit><beat-unit-dot /><per-minute>50</per-minute>", "75"),
        ("1/4 3/8 1/4 3/8=40", "<words>5/4=40</words>", "200"),
    ],
)
def test_the_tempo_of_the_tune_stands_before_the_first_note(value, written, quarters):
    text = format_musicxml(Tune.parse(f"X:1\nM:6/8\nL:1/8\nQ:{value}\nK:C\nCDE FGA|\n"))
    flat = re.sub(r">\s+<", "><", text)
    assert written in flat
    assert f'<sound tempo="{quarters}" />' in flat
    assert flat.index("<sound") < flat.index("<note")
    assert "<sound" not in format_musicxml(Tune.parse("X:1\nQ:1/4=0\nK:C\nCDE|\n"))
