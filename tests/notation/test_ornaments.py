"""Ornaments as they are played: written down by hand, and the same in notes(), MIDI and the text for abc2midi."""

import re
from fractions import Fraction

import pytest

from abclm.midi.abc2midi import played_notes
from abclm.midi.performance import play
from abclm.tune import Tune

# The music, and each note with its length in quarter notes; the unit is an eighth, the key is G.
PLAYED = {
    "~F3": "F:1/2 G:1/8 F:3/8 E:1/8 F:3/8",
    "~A2": "B:1/8 A:3/8 G:1/8 A:3/8",
    "~A": "B:1/8 A:3/8",
    "{c}A2B2": "c:1/8 A:7/8 B:1",
    "{gab}A": "g:1/12 a:1/12 b:1/12 A:1/4",
    "^c2{c}B2|{c}B2": "^c:1 ^c:1/8 B:7/8 c:1/8 B:7/8",
    "TA2": "A:1/8 B:1/8 A:1/8 B:1/8 A:1/8 B:1/8 A:1/4",
    "MA2PA2": "A:1/8 G:1/8 A:3/4 A:1/8 B:1/8 A:3/4",
    "!turn!A2": "B:1/4 A:1/4 G:1/4 A:1/4",
    ".A2 B2": "A:1/2 z:1/2 B:1",
    "U:T=!roll!|TA2": "B:1/8 A:3/8 G:1/8 A:3/8",
    "A2-{c}A2": "A:2",
    "{c}A2-|A2": "c:1/8 A:15/8",
    "HA2 uB2 LA2": "A:1 B:1 A:1",
    "|:{c}A2:|": "c:1/8 A:7/8 c:1/8 A:7/8",
    "~[DA]2": "D+A:1",
    "{c}[DA]2": "c:1/8 D+A:7/8",
}
SEMITONES = dict(zip("CDEFGAB", (0, 2, 4, 6, 7, 9, 11), strict=True))  # in G


def expected(text):
    found, now = [], Fraction(0)
    for token in text.split():
        names, length = token.split(":")
        for name in names.split("+"):
            if name != "z":
                letter = name[-1]
                pitch = 60 + SEMITONES[letter.upper()] + 12 * letter.islower() + name.count("^")
                found.append((now, pitch, Fraction(length)))
        now += Fraction(length)
    return sorted(found)


def tune_of(music):
    fields = "".join(f"{field}\n" for field in re.findall(r"^(U:.*?)\|", music))
    return Tune.parse(f"X:1\nM:none\nL:1/8\n{fields}K:G\n{re.sub(r'^U:.*?[|]', '', music)}|]\n")


@pytest.mark.parametrize("music", sorted(PLAYED))
def test_an_ornament_is_played_as_players_play_it_and_midi_says_the_same(music):
    tune = tune_of(music)
    notes = [(note.onset, note.pitch, note.duration) for note in tune.notes(ornaments=True)]
    assert notes == expected(PLAYED[music])
    played = [(onset, pitch, length) for onset, length, pitch in played_notes(play(tune))]
    assert [pitch for _, pitch, _ in played] == [pitch for _, pitch, _ in notes]
    for one, other in zip(played, notes, strict=True):
        assert abs(one[0] - other[0]) <= Fraction(2, 480)
        assert abs(one[2] - other[2]) <= Fraction(2, 480)


def test_notes_leave_ornaments_out_unless_they_are_asked_for():
    plain = "A2 B3 c2 d|G2 A2 B2 c2"
    marked = '(~A2 {c}B3) Tc2 .d|!trill!G2 uA2 "^slow"B2 {/d}c2'
    assert tune_of(marked).notes() == tune_of(plain).notes() == tune_of(plain).notes(ornaments=True)
    assert tune_of(marked).normalize().body == tune_of(plain).normalize().body
