"""One truth for what is heard: notes(), MIDI, MusicXML and the canonical form, held to the table in heard.txt."""

import re
import warnings
from fractions import Fraction
from pathlib import Path

import pytest

from abclm.midi.abc2midi import played_notes
from abclm.midi.performance import play
from abclm.tune import Tune

TABLE = Path(__file__).with_name("heard.txt").read_text(encoding="utf-8")
ROWS = [line for line in TABLE.split("\n") if line and not line.startswith("# ")]
NAMES = "C D EF G A B"
# A MIDI file counts in 1/480 quarter notes, rounded down.
TOLERANCE = Fraction(2, 480)


def read(row):
    """The tune of a row, its notes, and whether music21 can expand it."""
    music, _, notes = row.partition(" => ")
    notes, _, reason = notes.partition(" # music21: ")
    fields, body = re.fullmatch(r"((?:\{[^}]*\})*)(.*)", music).groups()
    header = "".join(f"{field}\n" for field in re.findall(r"\{([^}]*)\}", fields))
    tune = Tune.parse(f"X:1\nT:t\n{header}M:2/4\nL:1/4\nK:C\n" + body.replace("\\n", "\n") + "\n")
    return tune, expected(notes), not reason


def expected(text):
    found, now = [], Fraction(0)
    for token in text.split():
        group, _, onset = token.partition("@")
        now = Fraction(onset) if onset else now
        lengths = []
        for each in group.split("+"):
            name, _, length = each.partition(":")
            lengths.append(Fraction(length or 1))
            if name != "z":
                letter = name[-1]
                pitch = 60 + NAMES.index(letter.upper()) + 12 * letter.islower() + name.count("^")
                found.append((now, pitch, lengths[-1]))
        now += lengths[0]
    return sorted(found)


def heard(tune):
    return sorted((note.onset, note.pitch, note.duration) for note in tune.notes())


def alike(one, other):
    return [pitch for _, pitch, _ in one] == [pitch for _, pitch, _ in other] and all(
        abs(a[0] - b[0]) <= TOLERANCE and abs(a[2] - b[2]) <= TOLERANCE
        for a, b in zip(one, other, strict=True)
    )


def read_by_music21(tune):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        part = tune.to_music21().parts[0].expandRepeats().stripTies().flatten()
    return sorted(
        (exact(each.offset), pitch.midi, exact(each.quarterLength))
        for each in part.notes
        for pitch in each.pitches
    )


def exact(time):
    return Fraction(time).limit_denominator(64)


@pytest.mark.parametrize("row", ROWS)
def test_notes_are_those_of_the_table(row):
    tune, notes, _ = read(row)
    assert heard(tune) == notes


@pytest.mark.parametrize("row", ROWS)
def test_the_canonical_form_has_these_notes_and_stays_as_it_is(row):
    tune, notes, _ = read(row)
    canonical = tune.normalize()
    assert heard(canonical) == notes
    assert canonical.normalize().text == canonical.text


@pytest.mark.parametrize("row", ROWS)
def test_the_midi_file_has_these_notes(row):
    tune, notes, _ = read(row)
    played = sorted((onset, pitch, length) for onset, length, pitch in played_notes(play(tune)))
    assert alike(played, notes)


@pytest.mark.parametrize("row", ROWS)
def test_music21_expands_our_musicxml_to_these_notes_or_it_is_said_why_not(row):
    tune, notes, can_be_expanded = read(row)
    try:
        same = read_by_music21(tune) == notes
    except Exception:  # whatever music21 raises
        same = False
    assert same == can_be_expanded
