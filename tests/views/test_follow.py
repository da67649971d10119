"""When each note of a score sounds: by hand, and against the MIDI file of the same tune."""

import re

import pytest

from abclm.midi.performance import Performance, play
from abclm.score.svg import format_svg
from abclm.tune import Tune
from abclm.views.follow import follow

HEAD = "X:1\nT:t\nM:2/4\nL:1/4\nQ:1/4=60\nK:C\n"


def followed(text, **performance):
    tune = Tune.parse(text)
    found = follow(tune, play(tune, Performance(**performance) if performance else None))
    return tune, found


def heard(text):
    """The letter in the text, the beginning and the bar of each moment."""
    tune, found = followed(text)
    return [
        (tune.text[int(re.match(r"n(\d+)", each.name)[1])], each.start, each.bar) for each in found.moments
    ]


def test_notes_are_followed_through_repeats_and_endings():
    assert heard(HEAD + "|:CD|1EF:|2GA|]\n") == [
        ("C", 0, "1"), ("D", 1, "1"), ("E", 2, "2"), ("F", 3, "2"),
        ("C", 4, "1"), ("D", 5, "1"), ("G", 6, "3"), ("A", 7, "3"),
    ]  # fmt: skip


def test_what_is_written_out_has_names_of_its_own():
    _, found = followed(HEAD + "CD|EF!fine!|GA|cc!D.C.!|]\n")
    assert [each.name.partition("-")[2] for each in found.moments] == [""] * 8 + ["2"] * 4


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "|:~C2|D{c}E|(3CDE F|[CE]z:|\n",
        HEAD.replace("T:t", "T:t\nR:hornpipe").replace("2/4", "4/4") + "C/D/E/F/ GA|c2 c2|]\n",
        HEAD + "CD|[Q:1/4=120]EF|GA|]\n",
    ],
)
def test_they_sound_when_the_midi_file_says_and_are_in_the_score(text):
    tune, found = followed(text, tempo="1/4=90") if "hornpipe" in text else followed(text)
    midi = play(tune, Performance(tempo="1/4=90") if "hornpipe" in text else None)
    begins = midi.seconds([note.start_ticks for note in midi.notes])
    for moment in found.moments:
        if tune.text[int(re.match(r"n(\d+)", moment.name)[1])] != "z":
            assert min(abs(begin - moment.start) for begin in begins) < 0.01
    assert found.moments[-1].end == pytest.approx(midi.sounding_seconds, abs=1.1)
    svg = format_svg(tune)
    assert all(f'id="{moment.name}"' in svg for moment in found.moments)


@pytest.mark.parametrize(
    ("meter", "tempo", "beat", "beats"),
    [("4/4", "1/4=60", 1, 4), ("6/8", "3/8=120", 0.5, 2), ("C|", "1/2=60", 1, 2), ("3/4", "1/4=120", 0.5, 3)],
)
def test_beats_are_those_of_the_meter(meter, tempo, beat, beats):
    _, found = followed(f"X:1\nM:{meter}\nL:1/8\nQ:{tempo}\nK:C\nCDEFGA|]\n")
    assert (found.beat_seconds, found.beats) == (pytest.approx(beat), beats)
