"""The canonical form of whole tunes, and transposing; the form of each feature is in features/."""

import pytest

from abclm.errors import NotationError
from abclm.midi.abc2midi import run_abc2midi
from abclm.notation.canonical.normalize import normalize, transpose
from abclm.notation.fields import CANONICAL_SYMBOLS
from abclm.score.musicxml import format_musicxml
from abclm.tune import Tune


def canonical(body, header="M:4/4\nL:1/4\n", key="C", **options):
    return normalize(Tune.parse(f"X:1\n{header}K:{key}\n{body}\n"), **options).text


def body(text, **options):
    return canonical(text, **options).split("K:", 1)[1].split("\n", 1)[1].removesuffix("\n\n")


WILD = """\
% from the net
X:  17
T: Père’s   Fancy, The
T: Another
C:Trad.
R: Double Jig
S:played by "X"
M:  6/8
L: 1/8
Q:3/8=120
Z:id:dc-reel-4
K: A Dorian
"Am"~A3 {d}(cBA)|!trill!G>E \\
uD "G7"[ce]2 d | % comment
(3efg a z3 :|!
|: e | [1 A6 :|[2 A5 |]
W:x
w:la la
"""


def test_a_wild_tune_is_brought_to_the_canonical_form():
    assert normalize(Tune.parse(WILD)).text == (
        "X:1\nT:Pere's Fancy, The\nR:jig\nM:6/8\nL:1/8\nK:Ador\n"
        "A3 cBA|G>E D [ce]2 d|\n(3efg a z3:|\n|:e|1A6:|2A5|]\n\n"
    )


def test_chord_symbols_stay_where_asked():
    text = normalize(Tune.parse(WILD), chord_symbols=True).text
    assert text.split("K:Ador\n")[1].startswith('"Am"A3 cBA|G>E D "G7"[ce]2 d|\n')


def test_an_augmented_chord_is_spelled_with_the_symbols_that_there_are():
    tune = Tune.parse('X:1\nL:1/4\nK:C\n"C+"C"Bb+/D"D"Gaug"E"F#+7"F|]\n')
    found = normalize(tune, chord_symbols=True)
    assert found.body == '"Caug"C"Bbaug/D"D"Gaug"E"F#aug7"F|]\n\n'
    assert normalize(found, chord_symbols=True) == found
    assert transpose(tune, 2).body.startswith('"Daug"D"Caug/E"E')
    assert '<kind text="aug">augmented</kind>' in format_musicxml(tune)


def test_a_header_has_what_the_tune_has_in_one_order():
    assert canonical("C4|", header="") == "X:1\nL:1/8\nK:C\nC4|]\n\n"
    assert (
        canonical("C4|", header="L:1/4\nM:C|\nR:reel\nT:t\n")
        == "X:1\nT:t\nR:reel\nM:C|\nL:1/4\nK:C\nC4|]\n\n"
    )


def test_a_title_that_nothing_is_left_of_gives_way_to_the_next():
    assert canonical("C4|", header="T:漢字\nT:%\nT:Wind\n").startswith("X:1\nT:Wind\n")
    assert "T:" not in canonical("C4|", header="T:漢字\n")


@pytest.mark.parametrize(
    ("header", "key", "text", "words"),
    [
        ("", "C", "", "the tune has no notes"),
        ("", "C", "z4|", "the tune has no notes"),
        ("", "Q", "C|", "'Q' is no key"),
        ("M:x\n", "C", "C|", "'x' is no meter"),
        ("L:x\n", "C", "C|", "'x' is no unit note length"),
        ("", "C", "C/3|", "no power of two"),
        ("", "C", "c''''''|", "out of range"),
        ("", "C", "(15:8CDEFGABcdefgabc'|", r"\(15:8 can't be kept"),
        ("", "C", "(10CDEFGABcde|", r"\(10 does not say in the time of how many notes"),
        ("", "C", "C|" + "Z999|" * 1100, "the tune is too long"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_the_reason(header, key, text, words):
    with pytest.raises(NotationError, match=words):
        canonical(text, header=header, key=key)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("CDEF|GABc", "CDEF|GABc|]"),
        ("CDEF|GABc|", "CDEF|GABc|]"),
        ("CDEF|GABc||", "CDEF|GABc|]"),
        ("CDEF|GABc:|]", "CDEF|GABc:|"),
        ("|:CDEF|GABc:|", "CDEF|GABc:|"),
        ("|CDEF|GABc|", "CDEF|GABc|]"),
        ("[|CDEF|]", "CDEF|]"),
        ("CDEF|:GABc:|", "CDEF|:GABc:|"),
        ("CDEF|\n|:GABc:|", "CDEF|\n|:GABc:|"),
        ("CDEF|]\n|:GABc:|", "CDEF|]\n|:GABc:|"),
        ("C:|[2D|E|", "C:|D|E|]"),
        ("CDEF||\nGABc:|", "CDEF||\n|:GABc:|"),
        ("CDEF:|\nGABc:|", "CDEF:|\n|:GABc:|"),
        ("CDEF:|\n\\\nGABc|", "CDEF:|\nGABc|]"),
        ("CDEF|[K:D]|GABc|", "CDEF|[K:D]GABc|]"),
        ("CDEF[K:D]|GABc|", "CDEF[K:D]|GABc|]"),
        ("CDEF|[K:C]GABc|", "CDEF|GABc|]"),
        ("CDEF|[M:C][L:1/8]G2A2B2c2|[K:D]", "CDEF|[M:C][L:1/8]G2A2B2c2|]"),
        ("CDEF|GABc|\n\n", "CDEF|GABc|]"),
        ("  CDEF |  GABc  |", "CDEF|GABc|]"),
        ("C D  E\tF|", "C D E F|]"),
        ("C/2D/2E3/2F/4G6/4|", "C/D/E3/F/4G3/|]"),
    ],
)
def test_bar_lines_and_fields_have_one_spelling(written, expected):
    assert body(written) == expected
    assert body(expected) == expected


@pytest.mark.parametrize(
    "end", ["|1", "|:", "[1", "::", ":|2", '"G"', "[K:D]", "(3", "-", ">", " ", "\n%", "!", "{a}"]
)
def test_nothing_stands_behind_the_last_note(end):
    assert body(f"CDEF|GABc{end}").rstrip("|]:") == "CDEF|GABc"


def test_a_canonical_tune_has_the_83_symbols_only_and_one_empty_line_at_its_end():
    text = normalize(Tune.parse(WILD), chord_symbols=True).text
    assert set(text) <= CANONICAL_SYMBOLS
    assert text.endswith("|]\n\n")
    assert "\n\n" not in text.removesuffix("\n\n")


TUNE = Tune.parse(
    'X:1\nT:t\nM:4/4\nL:1/4\nK:Edor\n"Em"E^FG=c|[B^d]2"B7/F#"F-|F_Bb=b:|\n[K:Bb]B^Fe_d|c\'4|]\n'
)
PITCHES = [note.pitch for note in TUNE.notes()]


@pytest.mark.parametrize("semitones", range(-24, 25))
def test_transposing_moves_every_note_and_abc2midi_agrees(semitones):
    moved = TUNE.transpose(semitones)
    assert [note.pitch - semitones for note in moved.notes()] == PITCHES
    assert moved.transpose(-semitones).notes() == TUNE.notes()
    assert set(moved.text) <= CANONICAL_SYMBOLS
    assert [message for message in run_abc2midi(moved).messages if "time units" not in message] == []


def test_transposing_takes_the_key_and_the_chord_symbols_along():
    assert transpose(TUNE, 2).text == (
        'X:1\nT:t\nM:4/4\nL:1/4\nK:F#dor\n"F#m"FGA=d|[c^e]2"C#7/G#"G-|G=cc\'^c\':|\n[K:C]c^Gf_e|d\'4|]\n\n'
    )


def test_transposing_by_nothing_is_normalising():
    assert TUNE.transpose(0).text == normalize(TUNE, chord_symbols=True).text


@pytest.mark.parametrize("semitones", [-49, 49, 1000])
def test_transposing_has_a_range(semitones):
    with pytest.raises(NotationError, match="give -48 to 48"):
        TUNE.transpose(semitones)


def test_transposing_out_of_the_range_of_midi_is_refused():
    with pytest.raises(NotationError, match="range"):
        Tune.parse("X:1\nK:C\nc''''|").transpose(24)


def test_a_bar_line_between_two_fields_stays_where_it_ends_a_bar():
    tune = Tune.parse("X:1\nK:Eb\n=A\nM:6/8\n|[M:3/4]AAAAAA|\n")
    canonical = tune.normalize()
    assert canonical.body == "=A\n[M:6/8]|[M:3/4]AAAAAA|]\n\n"
    assert (
        [note.pitch for note in canonical.notes()] == [69] + 6 * [68] == [note.pitch for note in tune.notes()]
    )


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("Eb", "[Ac]-:|^^G[Ac] A2|]"),
        ("Eb", "A2-:|^^GA A2|]"),
        ("Gb", "c2-:|^Bc c2|]"),
        ("B", "e2-:|__fe e2|]"),
        ("C transpose=-3", "A2-:|^^GA A2|]"),
        ("Eb", "B2A-|1AB:|2^^GA A2|]"),
        ("Eb", "B2[A-c]|1AB:|2^^GA A2|]"),
        ("D", "=A2_A-|1Ac:|2^^GA G2|]"),
        ("Eb", "B2A-|1A^G-|G2:|2^^GA A2|]"),
    ],
)
def test_a_note_that_no_tie_leads_to_gets_another_letter_than_the_tied_note(key, body):
    tune = Tune.parse(f"X:1\nL:1/8\nK:{key}\n{body}\n")
    assert normalize(tune).notes() == tune.notes()
    for semitones in range(-11, 12):
        moved = transpose(tune, semitones)
        assert [note.pitch - semitones for note in moved.notes()] == [note.pitch for note in tune.notes()]
        assert [note.pitch for note in transpose(moved, -semitones).notes()] == [
            n.pitch for n in tune.notes()
        ]


@pytest.mark.parametrize(
    "music",
    [
        "AB|]&|1CD:|EF|]",
        "AB||\n|1CD:|EF|]",
        "AB|]|1CD:|EF|]",
        "AB||CD|1EF:|2GA|]",
        "|:[1A:|2B||c|",
        "|:[1A|B:|2c||d|",
        "|:|1:|]AB|",
    ],
)
def test_a_double_bar_line_or_a_repeat_sign_before_an_ending_is_written_in_one_way(music):
    tune = Tune.parse(f"X:1\nL:1/4\nK:C\n{music}\n")
    found = normalize(tune)
    assert found.notes() == tune.notes()
    assert normalize(found) == found


@pytest.mark.parametrize("music", ["F|1A||[2:|:F|1A||[2AAA", "CEG[1A:|\nM:6/8\n:|AAA", "|:F||[K:G]:|AAA"])
def test_a_repeat_that_can_be_read_in_two_ways_is_refused(music):
    with pytest.raises(NotationError, match="more than one way"):
        normalize(Tune.parse(f"X:1\nL:1/4\nK:D\n{music}\n"))
