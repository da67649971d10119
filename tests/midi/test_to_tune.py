"""MIDI files written down: tunes that come back, and files that other programs might write."""

import logging
from fractions import Fraction

import pytest
from midi_files import key, line, meter, midi_file

from abclm.corpora.corpus import Corpus
from abclm.errors import ConvertError, NotationError
from abclm.generation.abc.like import likeness, read_likeness
from abclm.midi.abc2midi import abc_to_midi, played_notes
from abclm.midi.file import MidiFile
from abclm.midi.melody import read_melody
from abclm.midi.performance import play
from abclm.midi.to_tune import midi_to_tune
from abclm.notation.check import check
from abclm.tune import Tune

SCALE = [67, 69, 71, 72, 74, 76, 78, 79]


@pytest.mark.parametrize(
    "body",
    [
        "M:4/4\nL:1/8\nK:G\nGABc d2ef|g4 G4|]\n",
        "M:4/4\nL:1/8\nK:G\nD2|G>AB<c (3ded c2|GABc d2 z2|G4 d4|G6|]\n",
        "M:6/8\nL:1/8\nK:Em\nB|e2f g^de|B2A GFE|e3-e2B|E3 E2|]\n",
        "M:9/8\nL:1/8\nK:Ador\ne2A A2B c2d|e2A A2B c3|e2g f2a g2e|d2B G2B A3|]\n",
        "M:3/4\nL:1/8\nK:F\nF2A2c2|_e2d2=e2|f4a2|f6|]\n",
        "M:C|\nL:1/8\nR:hornpipe\nK:D\n" + "dfaf bafa|d'c'ba gfed|" * 3 + "d8|]\n",
        "M:2/4\nL:1/16\nK:D\nd2f2 a2f2|gfed c2A2|dcde f2a2|d8|]\n",
        "M:4/4\nL:1/8\nK:C\n[CE]2 G2 c2 G2|(5cdefg c4 c2|c/d/e/f/ g2 [ce]4|]\n",
    ],
)
def test_a_tune_that_is_played_comes_back_bar_for_bar(body):
    tune = Tune.parse("X:1\nT:Coming Back\n" + body)
    back = midi_to_tune(play(tune))
    assert check(back) == []
    assert [bar.notes for bar in back.bars()] == [bar.notes for bar in tune.bars()]
    assert back.title == "Coming Back"
    assert back.key == tune.key
    assert back.rhythm == tune.rhythm


def test_our_own_tunes_come_back_with_their_notes():
    for tune in Corpus.load("oldTunes").tunes[:20]:
        wanted, found = played_notes(play(tune)), played_notes(play(midi_to_tune(play(tune))))
        assert [note[2] for note in found] == [note[2] for note in wanted], tune.title
        late = found[0][0] - wanted[0][0]
        assert all(
            abs(one[0] - late - other[0]) <= Fraction(1, 4) for one, other in zip(found, wanted, strict=True)
        )


def test_the_melody_is_the_track_that_is_named_so(caplog):
    midi = midi_file(("Bass", 0, line([36] * 8)), ("Melody", 1, line(SCALE)), ("Pad", 2, line([60] * 8)))
    with caplog.at_level(logging.INFO):
        tune = midi_to_tune(midi)
    assert [note.pitch for note in tune.notes()] == SCALE
    assert "track 2 of 3 (Melody), 8 notes" in caplog.text


def test_the_melody_is_the_higher_track_of_single_notes():
    chords = [(beat, 0.9, pitch, 80) for beat in range(4) for pitch in (48, 52, 55)]
    assert [note.pitches for note in read_melody(midi_file(("", 0, chords), ("", 1, line(SCALE)))).notes] == [
        (pitch,) for pitch in SCALE
    ]


def test_of_many_chords_the_highest_notes_are_the_melody():
    chords = [(index, 0.9, pitch + off, 80) for index, pitch in enumerate(SCALE) for off in (-12, 0)]
    assert [note.pitches for note in read_melody(midi_file(("", 0, chords))).notes] == [
        (pitch,) for pitch in SCALE
    ]


def test_percussion_is_no_melody():
    midi = midi_file(("Drums", 9, line([38] * 20)), ("", 0, line(SCALE)))
    assert len(read_melody(midi).notes) == 8
    with pytest.raises(ConvertError, match="no note to write down"):
        read_melody(midi_file(("Drums", 9, line([38] * 20))))


def test_late_and_short_notes_are_put_on_the_grid():
    shaky = [
        (index * 0.5 + (0.02, -0.02, 0.01)[index % 3] * (index > 0), 0.3, pitch, 80)
        for index, pitch in enumerate(SCALE)
    ]
    notes = read_melody(midi_file(("", 0, shaky))).notes
    assert [note.onset for note in notes] == [Fraction(index, 2) for index in range(8)]
    assert [note.duration for note in notes[:-1]] == [Fraction(1, 2)] * 7


def test_swung_pairs_are_written_even_and_triplets_stay():
    swung = [(beat + off, 0.3, 67 + off * 3, 80) for beat in range(16) for off in (0, 2 / 3)]
    swung = [(onset, length, round(pitch), loud) for onset, length, pitch, loud in swung]
    melody = read_melody(midi_file(("", 0, swung)))
    assert melody.swung
    assert [note.onset for note in melody.notes[:4]] == [0, Fraction(1, 2), 1, Fraction(3, 2)]
    triplets = [(beat + third / 3, 0.3, 67, 80) for beat in range(16) for third in range(3)]
    assert not read_melody(midi_file(("", 0, triplets))).swung


def test_what_the_file_says_of_key_and_meter_holds():
    metas = [
        meter(0, 6, 8),
        key(0, "Em"),
        (0, "set_tempo", {"tempo": 400_000}),
    ]
    tune = midi_to_tune(midi_file(("", 0, line([64, 67, 71, 76, 71, 67] * 4 + [64])), metas=metas))
    assert (tune.key, tune.meter) == ("Em", "6/8")
    assert "Q:1/4=150\n" in tune.text


def test_key_and_meter_are_found_where_the_file_says_nothing():
    waltz = [(bar * 3 + beat, 0.9, pitch, 100 if beat == 0 else 60)
             for bar in range(8) for beat, pitch in enumerate([62, 66 + bar % 2, 69])]  # fmt: skip
    waltz += [(24, 3, 62, 100)]
    melody = read_melody(midi_file(("", 0, waltz)))
    assert melody.meter == (3, 4)
    assert melody.key.text == "D"


def test_the_title_is_the_files_or_the_one_given():
    assert midi_to_tune(midi_file(("", 0, line(SCALE))), title="given").title == "given"
    assert midi_to_tune(midi_file(("", 0, line(SCALE)))).title == "Untitled"


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF" * 20])
def test_what_is_no_midi_file_is_an_error(data):
    with pytest.raises(ConvertError):
        MidiFile.parse(data)


# What a tune is like


def test_a_tunes_likeness_is_its_header_and_its_first_bars():
    found = likeness(Tune.parse("X:1\nT:x\nR:Reel\nM:C|\nL:1/8\nK:A Dorian\nEG|:A2eA cAeA|G2dG BGdG|A8:|\n"))
    assert (found.key, found.meter, found.unit_note_length, found.rhythm) == ("Ador", "C|", "1/8", "reel")
    assert found.opening == "EG|:A2eA cAeA|G2dG BGdG"
    short = Tune.parse("X:1\nM:4/4\nL:1/8\nK:G\nGABc d4|]\n")
    assert likeness(short, 5).opening == "GABc d4|]"


def test_a_files_likeness_is_its_first_tunes(tmp_path):
    text = "X:1\nT:x\nM:4/4\nL:1/8\nK:G\nGABc d4|e2d2 B4|G8|]\n"
    (tmp_path / "t.abc").write_text(text, encoding="utf-8")
    (tmp_path / "t.mid").write_bytes(abc_to_midi(text).to_bytes())
    (tmp_path / "none.abc").write_text("no tune", encoding="utf-8")
    assert read_likeness(tmp_path / "t.abc").opening == "GABc d4|e2d2 B4"
    assert read_likeness(tmp_path / "t.mid").opening == "GABc d4|e2d2 B4"
    with pytest.raises((ConvertError, NotationError), match="no tune"):
        read_likeness(tmp_path / "none.abc")
