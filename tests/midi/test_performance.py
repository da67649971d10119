"""How tunes are played: tempo, instrument, chords, swing. Onsets by hand, in quarter notes."""

import logging
from fractions import Fraction

import pytest

from abclm.errors import ConfigError, ConvertError
from abclm.midi.abc2midi import abc_to_midi, played_notes
from abclm.midi.events import PROGRAM, TEMPO
from abclm.midi.file import MidiFile
from abclm.midi.performance import Performance, play, play_again
from abclm.tune import Tune

HEAD = "X:1\nT:Test\nR:hornpipe\nM:C|\nL:1/8\nK:G\n"


def onsets(text, **performance):
    midi = play(Tune.parse(text), Performance(**performance))
    return [str(onset) for onset, _, _ in played_notes(midi)]


def quarter_seconds(midi):
    return midi.tempos[0][1] / 1e6


# Swing


def test_even_eighths_of_a_hornpipe_are_long_and_short():
    assert onsets(HEAD + "GABc d4|]\n") == ["0", "2/3", "1", "5/3", "2"]


def test_dotted_pairs_swing_alike_and_triplets_stay():
    assert onsets(HEAD + "G>Ac<d (3efg a2|]\n") == ["0", "2/3", "1", "4/3", "2", "7/3", "8/3", "3"]


def test_quarters_and_sixteenths_are_played_as_they_are_written():
    assert onsets(HEAD + "G2 A/B/c d4|]\n") == ["0", "1", "5/4", "3/2", "2"]


def test_a_pick_up_ends_with_a_beat():
    assert onsets(HEAD + "D|GABc d3:|\n")[:5] == ["1/6", "1/2", "7/6", "3/2", "13/6"]


def test_the_pick_up_of_a_repeat_ends_with_a_beat_too():
    assert onsets(HEAD + "|:D|G2 A2 B2 c:|\n") == [
        "1/6", "1/2", "3/2", "5/2", "7/2", "25/6", "9/2", "11/2", "13/2", "15/2",
    ]  # fmt: skip


def test_sixteenths_swing_where_the_meter_is_half_as_long():
    assert onsets(HEAD.replace("C|", "2/4").replace("1/8", "1/16") + "GABc d4|]\n") == [
        "0", "1/3", "1/2", "5/6", "1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "head", [HEAD.replace("R:hornpipe\n", ""), HEAD.replace("C|", "3/2"), HEAD.replace("C|", "none")]
)
def test_other_rhythms_and_other_meters_do_not_swing(head):
    assert onsets(head + "GABc d4|]\n") == ["0", "1/2", "1", "3/2", "2"]


def test_swing_leaves_the_tunes_notes_alone():
    assert [note.onset for note in Tune.parse(HEAD + "GA|]\n").notes()] == [0, Fraction(1, 2)]


def test_grace_notes_and_accompaniment_swing_along():
    text = HEAD + '"G"GABc "D"d4|"G"GA{c}Bc d4|]\n'
    notes = play(Tune.parse(text), Performance(chords=True)).notes
    assert len({note.track for note in notes}) > 1
    assert all(note.end_ticks > note.start_ticks for note in notes)


# Tempo


def test_the_tempo_is_the_rhythms_the_tunes_or_the_one_asked_for():
    tune = Tune.parse(HEAD + "GABc d4|]\n")
    assert quarter_seconds(play(tune)) == pytest.approx(30 / 76, abs=1e-5)
    with_tempo = Tune.parse(HEAD.replace("K:", "Q:1/4=60\nK:") + "GABc d4|]\n")
    assert quarter_seconds(play(with_tempo)) == pytest.approx(1)
    asked = Performance(tempo="50")  # halves, in cut time
    assert quarter_seconds(play(with_tempo, asked)) == pytest.approx(0.6)


def test_the_tempo_asked_for_holds_to_the_end():
    tune = Tune.parse(HEAD + "GABc d4|[Q:1/4=20]GABc d4|\nQ:1/4=300\nGABc d4|]\n")
    assert len(play(tune).tempos) == 3
    assert play(tune, Performance(tempo="1/4=120")).tempos == ((0, 500_000),)


# Instruments and chords


def test_the_instrument_asked_for_is_the_only_one():
    tune = Tune.parse(HEAD + "%%MIDI program 0\nGABc d4|[I:MIDI program 5]GABc d4|]\n")
    file = play(tune, Performance(instrument="flute"))
    assert {file.program_at(note.channel, note.start_ticks) for note in file.notes} == {73}
    assert {file.program_at(0, 10), file.program_at(0, 9999)} == {73}


def test_a_tunes_own_instrument_is_kept():
    file = play(Tune.parse(HEAD + "%%MIDI program 40\nGABc d4|]\n"))
    assert file.program_at(0, file.notes[0].start_ticks) == 40


def test_chord_symbols_are_played_when_asked(caplog):
    tune = Tune.parse(HEAD + '"G"GABc "D7"d4|]\n')
    assert len({note.channel for note in play(tune).notes}) == 1
    assert len({note.channel for note in play(tune, Performance(chords=True)).notes}) == 3
    with caplog.at_level(logging.WARNING):
        play(Tune.parse(HEAD + "GABc d4|]\n"), Performance(chords=True))
    assert "no chord symbols" in caplog.text


@pytest.mark.parametrize(
    ("fields", "before", "after"),
    [
        ("K:G transpose=3\n", "", ""),
        ("%%MIDI transpose 3\nK:G\n", "", ""),
        ("V:1 transpose=3\nK:G\nV:1\n", "", ""),
        ("K:G\n", "%%MIDI transpose 3\n", ""),
        ("K:G\n", "[K:G transpose=3]", ""),
        ("K:G transpose=3\n", "", "[K:A transpose=3]"),
    ],
)
def test_chord_symbols_and_keys_sound_where_the_notes_sound(fields, before, after):
    head, music = "X:1\nM:4/4\nL:1/4\n", '"G"GABc|\n{}"Em7/B"dcBA|{}"A"A4|]\n'
    plain = Tune.parse(f"{head}K:G\n{music.format('[K:G]' if before else '', '[K:A]' if after else '')}")
    written = play(plain, Performance(chords=True))
    heard = play(Tune.parse(head + fields + music.format(before, after)), Performance(chords=True))
    melody, _ = tracks = sorted({note.track for note in written.pitched_notes})
    assert sorted({note.track for note in heard.pitched_notes}) == tracks
    begins = 4 * written.ticks_per_quarter if before else 0

    def sounding(midi, semitones):
        """The melody's pitches, and the accompaniment's pitch classes: abc2midi chooses its octave."""
        moved = [(n, n.pitch + semitones * (n.start_ticks >= begins)) for n in midi.pitched_notes]
        return sorted((n.start_ticks, n.track, p if n.track == melody else p % 12) for n, p in moved)

    assert sounding(heard, 0) == sounding(written, 3)
    assert heard.keys[-1][1:] == ((0, False) if after else (-2, False))


@pytest.mark.parametrize("wrong", [{"instrument": "kazoo"}, {"tempo": "soon"}])
def test_what_can_not_be_played_is_said_at_once(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Performance(**wrong)


# MIDI files played again


def test_a_midi_file_gets_another_tempo_and_instrument():
    midi = abc_to_midi("X:1\nM:6/8\nL:1/8\nQ:3/8=60\nK:G\nGAB c3|[Q:3/8=200]GAB c3|]\n")
    again = play_again(midi, Performance(tempo="120", instrument="harp"))
    assert again.tempos == ((0, 333_333),)
    assert again.program_at(0, 5000) == 46
    assert [note[:3] for note in played_notes(midi)] == [
        note[:3] for note in played_notes(play_again(midi, Performance(tempo="120", instrument="harp")))
    ]
    assert play_again(midi) == midi


def test_a_midi_file_keeps_all_else_that_it_holds():
    midi = abc_to_midi("X:1\nM:6/8\nL:1/8\nQ:3/8=60\nK:G\n%%MIDI control 7 90\nGAB c3|[Q:3/8=200]GAB c3|]\n")
    again = play_again(midi, Performance(tempo="120", instrument="harp"))
    others = [
        [event for event in track if not event.is_kind(TEMPO) and not event.is_kind(PROGRAM)]
        for file in (midi, again)
        for track in file.tracks
    ]
    assert others[0] == others[1]
    assert any(event.status == 0xB0 for event in others[0])


def test_the_slowest_tempo_that_a_file_can_say_is_taken_for_a_slower_one():
    midi = abc_to_midi(HEAD + "GABc d4|]\n")
    assert play_again(midi, Performance(tempo="1/999=10")).tempos == ((0, (1 << 24) - 1),)


def test_a_midi_file_without_tracks_stays_without():
    nothing = MidiFile(480, ())
    assert play_again(nothing, Performance(tempo="120", instrument="harp")) == nothing


def test_a_midi_file_has_no_chord_symbols_and_must_be_whole():
    midi = abc_to_midi(HEAD + "GABc d4|]\n")
    with pytest.raises(ConfigError, match="chord symbols"):
        play_again(midi, Performance(chords=True))
    with pytest.raises(ConvertError, match="cut off"):
        play_again(MidiFile.parse(midi.to_bytes()[:-9]), Performance(tempo="100"))
