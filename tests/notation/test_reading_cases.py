"""Small tunes after what users of ABC software report: each stands for a kind, and is read as ABC 2.1 means it."""

import time

import pytest

from abclm.notation.canonical.normalize import transpose
from abclm.notation.check import check
from abclm.notation.tunebook import check_tunebook, parse_tunebook
from abclm.tune import Tune

HEAD = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\n"
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def pitches(text):
    return [note.pitch for note in Tune.parse(text).notes()]


def heard(text):
    return [(float(note.onset), note.pitch, float(note.duration)) for note in Tune.parse(text).notes()]


def said(text):
    return [problem.message for problem in check(Tune.parse(text))]


def assert_plain(body, wanted):
    """The music is heard as `wanted` is, also from its canonical form and transposed."""
    text = body if body.startswith("X:") else HEAD + body
    tune, plain = Tune.parse(text), Tune.parse(HEAD + wanted)
    assert tune.notes() == plain.notes()
    assert tune.normalize().notes() == plain.notes()
    assert [note.pitch - 3 for note in transpose(tune, 3).notes()] == [note.pitch for note in plain.notes()]


@pytest.mark.parametrize(
    ("music", "wanted"),
    [
        ("CDEF|+D.C.+G4|[+slide+DD]4|+ff+C+mf+D+accent+E+p+F|]", "CDEF|G4|[DD]4|CDEF|]"),
        ("!^!G!^!A!^!B!^!c|d4|]", "GABc|d4|]"),
        ("!style=rhythm!CDEF|GABc|]", "CDEF|GABc|]"),
        ("!D.C. al Fine!CDEF|!To Coda!GABc|]", "CDEF|GABc|]"),
        ("!<(!C!<)!D!//!E!5!F|!beam-accel!G!8va(!A!\"cresc\"!B!&!c|]", "CDEF|GABc|]"),
        ("+5+C+>+D+trill(+E+invertedfermata+F|+8va(+G4|]", "CDEF|G4|]"),
        ("[!^!C!mark=3!E]4|[+>+C{d}E]4|]", "[CE]4|[CE]4|]"),
        ("+CEG+ +c2+ z|", "[CEG]c2z|"),
        ("CDEF!GABcd!C4|]", "CDEF|GABcd|C4|]"),
    ],
)  # fmt: skip
def test_decorations_of_any_content_hold_no_notes(music, wanted):
    tune, plain = Tune.parse(HEAD + music), Tune.parse(HEAD + wanted)
    assert tune.notes() == plain.notes()
    assert tune.normalize().notes() == plain.notes()


@pytest.mark.parametrize("kind", ["text", "ps", "svg", "ml"])
def test_a_block_of_other_text_is_no_music_and_ends_nothing(kind):
    block = f"%%begin{kind}\nA cab bed\nX:2 in the text\n\n```\nK:D\nend\n%%end{kind}\n"
    text = f"{HEAD}CDEF|\n{block}GABc|]\n"
    assert_plain(text, "CDEF|GABc|]")
    assert said(text) == []
    assert len(parse_tunebook(text + "\nX:3\nK:C\nC|").tunes) == 2
    in_header = HEAD.replace("K:C", f"{block}K:C") + "CDEF|]"
    assert pitches(in_header) == [60, 62, 64, 65]


def test_a_block_without_an_end_reaches_no_further_than_its_line():
    text = f"{HEAD}CDEF|\n%%begintext\nGABc|]\n\nX:2\nK:C\n%%begintext\nword\n%%endtext\nC4|]\n"
    assert [len(tune.notes()) for tune in parse_tunebook(text).tunes] == [8, 1]


def test_an_indented_field_in_the_body_is_a_field():
    text = "X:1\nT:F03\nM:4/4\nL:1/4\nK:D\nDEFG|A4|\n K: DMix\n cdef|\n\t M: 2/4\n ab|]\n"
    assert pitches(text) == [62, 64, 66, 67, 69, 72, 74, 76, 78, 81, 83]
    assert said(text) == ["the tune has 2 indented fields; a field begins its line"]
    assert Tune.parse(text).normalize().body == "DEFG|A4|\n[K:Dmix]cdef|\n[M:2/4]ab|]\n\n"


def test_a_tune_that_is_indented_as_a_whole_is_read():
    text = "".join(f"  {line}\n" for line in f"{HEAD}CDEF|GABc|]".split("\n"))
    (tune,) = parse_tunebook(text).tunes
    assert [note.pitch for note in tune.notes()] == [60, 62, 64, 65, 67, 69, 71, 72]
    assert tune.text.startswith("X:1\nT:t\n")
    assert said(text) == ["the tune has 5 indented fields; a field begins its line"]


@pytest.mark.parametrize("behind", [
    "```\nEnjoy!\n",
    "  ~~~\nA bad cab, isn't it?\n",
    "Enjoy!\n",
    "I hope that you like this jig!\n",
    "</pre>\n",
])  # fmt: skip
def test_words_before_and_behind_a_tune_are_no_music(behind):
    text = f"Here is your tune, with X: and K: in it:\n```abc\n{HEAD}CDEF|GABc|]\n{behind}"
    count, problems = check_tunebook(text)
    assert (count, [problem.severity for problem in problems]) == (1, ["warning"])
    (tune,) = parse_tunebook(text).tunes
    assert [note.pitch for note in tune.notes()] == [60, 62, 64, 65, 67, 69, 71, 72]


@pytest.mark.parametrize(
    ("field", "key"),
    [("clef=bass", "E"), ("bass", "E"), ("treble-8", "E"), ("D clef=bass middle=d", "D"), ("D bass octave=0", "D"),
     ("D M:3/4 L:1/4", "D"), ("none", "C"), ("HP", "Amix"), ("Dm stafflines=5 clef=alto", "Dm"), ("F# Minor", "F#m")],
)  # fmt: skip
def test_what_stands_beside_a_key_does_not_change_it(field, key):
    tune = Tune.parse(f"X:1\nT:t\nL:1/4\nK:E\nE|\nK:{field}\nEFGABcde|]\n")
    plain = Tune.parse(f"X:1\nT:t\nL:1/4\nK:{key}\nEFGABcde|]\n")
    octave = 12 if "-8" in field else 0
    assert [note.pitch for note in tune.notes()][1:] == [note.pitch - octave for note in plain.notes()]
    assert Tune.parse(f"X:1\nT:t\nL:1/4\nK:{field}\nE|").setting().key.text == (key if key != "E" else "C")


def test_a_clef_alone_is_nothing_to_complain_of():
    assert said("X:0\nT:D14\nK:E\nK:clef=bass\nE,,zE,,z|]\n") == []


def test_a_further_field_on_a_line_is_passed_over_with_a_warning():
    text = "X:1\nT:t\nM:4/4\nL:1/8\nK:G\nK:D M:3/4 L:1/4\nDEF|]\n"
    assert pitches(text) == [62, 64, 66]
    assert len(said(text)) == 1
    assert "further field, 'M:3/4 L:1/4'" in said(text)[0]
    assert Tune.parse("X:1\nM:4/4 L:1/8\nK:D M:3/4\nD|").key == "D"


@pytest.mark.parametrize(
    ("fields", "semitones"),
    [
        ("K:C transpose=-2\n", -2),
        ("K:C octave=1\n", 12),
        ("K:C treble-8\n", -12),
        ("K:C clef=treble+8 transpose=2\n", 14),
        ("K:C clef=bass_15\n", -24),
        ("K:C\nV:1 clef=treble transpose=-2\n", -2),
        ('K:C\nV:T1 name="octave=3 bass-8" octave=-1\n', -12),
        ("V:1 transpose=3\nK:C\n", 3),
        ("V:1 transpose=3\nV:2 transpose=5\nK:C\nV:1\n", 3),
        ("K:C\n%%MIDI transpose 3\n", 3),
        ("K:C\nI:MIDI transpose -5\n", -5),
        ("%%MIDI transpose 7\nK:C octave=-1\n", -5),
        ("K:C\n%%MIDI transpose 7\n%%MIDI rtranspose -2\n", 5),
        ("K:C octave=1\nK:C octave=0\n", 0),
        ("K:C\n%%MIDI transpose 12 % up\n", 12),
    ],
)
def test_a_transposition_is_obeyed_in_notes_and_canonical_form(fields, semitones):
    head = "X:1\nT:t\nM:4/4\nL:1/4\n"
    tune = Tune.parse(f"{head}{fields}CD_EF|^GABc|]\n")
    wanted = [note.pitch + semitones for note in Tune.parse(f"{head}K:C\nCD_EF|^GABc|]\n").notes()]
    assert [note.pitch for note in tune.notes()] == wanted
    assert [note.pitch for note in tune.normalize().notes()] == wanted
    assert [note.pitch for note in transpose(tune, 4).notes()] == [pitch + 4 for pitch in wanted]


def test_a_transposed_tune_is_written_in_the_key_that_is_heard():
    tune = Tune.parse(f'{HEAD.replace("K:C", "K:C transpose=-2")}"Am"CD|[K:G transpose=2]"G"B,2|[K:A]A,2|]\n')
    assert tune.normalize(chord_symbols=True).text.partition("K:")[2] == (
        'Bb\n"Gm"B,C|[K:A]"A"C2|[K:B]B,2|]\n\n'
    )


@pytest.mark.parametrize(
    ("directive", "wanted"),
    [("not", [66, 65, 77]), ("octave", [66, 66, 77]), ("pitch", [66, 66, 78])],
)
@pytest.mark.parametrize("line", ["%%propagate-accidentals {}", "I:propagate-accidentals {}"])
def test_accidentals_hold_as_far_as_the_directive_says(line, directive, wanted):
    for place in (0, HEAD.index("K:")):
        text = HEAD[:place] + "" + HEAD[place:]
        text = f"{HEAD}{line.format(directive)}\n^FFf|F4|]" if not place else (
            f"{HEAD[:place]}{line.format(directive)}\n{HEAD[place:]}^FFf|F4|]"
        )  # fmt: skip
        assert pitches(text) == [*wanted, 65]
        assert [note.pitch for note in Tune.parse(text).normalize().notes()] == [*wanted, 65]


def test_of_several_voices_the_first_that_has_notes_is_used():
    text = "X:1\nT:E29\n%%score (1 2)\nM:4/4\nL:1/4\nK:C\nV:1\nz4|z4|]\nV:2 octave=1\nCDEF|GABc|]\nV:3\ne4|e4|]\n"
    assert pitches(text) == [72, 74, 76, 77, 79, 81, 83, 84]
    message = "there are 3 voices; scores show all, only the first that has notes ({}) is heard"
    assert said(text) == [message.format("2")]
    assert said(text.replace("V:2", "V:Melody")) == [message.format("Melody")]
    assert said(text.replace("z4|z4", "C4|z4")) == [
        "there are 3 voices; scores show all, only the first is heard"
    ]
    rests_first = HEAD + "z4|\n[V:2]CDEF|[V:3]GABc|]"
    assert pitches(rests_first) == [60, 62, 64, 65]
    assert list(Tune.parse(rests_first).music.voices) == ["1", "2", "3"]
    assert said(rests_first) == [message.format("2")]
    assert "the tune has no notes" in said(HEAD + "V:1\nz4|\nV:2\nz4|]")


@pytest.mark.parametrize("first", ["z4|", "|", "%", "x4|Z2|", "w:la", "P:A"])
def test_a_voice_without_notes_is_no_voice_that_is_heard(first):
    text = f"{HEAD}V:1\n{first}\nV:2\nCDEF|G4|]\nV:3\nE4|E4|]\n"
    assert pitches(text) == [60, 62, 64, 65, 67]
    assert Tune.parse(text).normalize().body == "CDEF|G4|]\n\n"
    assert said(text) == ["there are 3 voices; scores show all, only the first that has notes (2) is heard"]


def test_the_voices_come_in_the_order_of_the_text_whatever_the_header_says():
    head = HEAD.replace("K:", "%%score (2 1)\nV:2\nV:1\nK:")
    assert pitches(f"{head}V:1\nCDEF|\nV:2\ncdef|]") == [60, 62, 64, 65]
    assert pitches(f"{head}V:2\ncdef|\nV:1\nCDEF|]") == [72, 74, 76, 77]


@pytest.mark.parametrize(
    ("music", "wanted", "overlays"),
    [
        ("C4&E2F2|G4&B4|c4|]", "C4|G4|c4|]", 2),
        ("C4&E2F2&G4|c4|]", "C4|c4|]", 2),
        ("(&C4|D4&E4|F4&)|G4|]", "C4|D4|G4|]", 1),
        ("C4&E2 (3FGA[K:D]F:|c4|]", "C4:|c4|]", 1),
        ("C2-C2&\\\n  E2F2|c4|]", "C2-C2|c4|]", 1),
    ],
)
def test_of_an_overlay_the_first_voice_is_used(music, wanted, overlays):
    assert_plain(music, wanted)
    (problem,) = said(HEAD + music)
    assert problem.startswith(f"{overlays} overlay")


def test_microtones_become_the_nearest_semitone_with_one_warning():
    text = "X:1\nT:D15\nM:4/4\nL:1/4\nK:C\n^/2F_/2E^3/4F_3/2D|[^/F_/B,]2^1/4F2|]\n"
    assert pitches(text) == [66, 63, 66, 60, 58, 66, 65]
    assert said(text) == ["7 microtones: played as the nearest semitone"]
    assert [note.pitch for note in Tune.parse(text).normalize().notes()] == pitches(text)
    assert any("is no accidental" in message for message in said(HEAD + "^5/2F4|]"))


def test_lengths_that_stand_apart_are_joined_to_their_notes_with_a_warning():
    text = (
        "X:0\nT:E61\nM:4/4\nL:1/8\nK:Cdor\n"
        "c 3 d c 2 B G | G F F 2 G B c d | (3 c d e c 2 [ C E ] 2 c /2 d 3/2 |1 c > B, 2 :| |2 c 8 |\n"
    )
    plain = "X:0\nT:E61\nM:4/4\nL:1/8\nK:Cdor\nc3 d c2 B G|G F F2 G B c d|(3c d e c2 [CE]2 c/2 d3/2|1c>B,2:|2c8|\n"
    assert Tune.parse(text).notes() == Tune.parse(plain).notes()
    assert said(text)[0] == "lengths stand apart from their notes, and are joined to them"
    assert pitches(HEAD + "w: a 2 b\n% C 2\nC2 D2|1 E4:|2 F4|]") == [60, 62, 64, 60, 62, 65]


@pytest.mark.parametrize(
    ("value", "tempo"),
    [("120", "1/4=120"), ("1/4=120", "1/4=120"), ("118 =1/4", "1/4=118"), ('"Allegro" 1/4=120', "1/4=120"),
     ('3/8=50 "Slowly"', "3/8=50"), ("1/4 3/8 1/4 3/8=40", "5/4=40"), ("C=100", "1/8=100"), ("C3=40", "3/8=40"),
     ("1/4=20", "1/4=20"), ('"Allegro"', None), ("", None)],
)  # fmt: skip
def test_a_tempo_is_read_in_every_form(value, tempo):
    text = f"X:1\nT:t\nM:4/4\nL:1/8\nQ:{value}\nK:C\nC8|[Q:{value}]D8|]\n"
    tune = Tune.parse(text)
    assert tune.stated_tempo == tempo
    assert said(text) == []
    kept = tune.normalize(keep_tempo=True)
    assert kept.text == (
        f"X:1\nT:t\nM:4/4\nL:1/8\nQ:{tempo}\nK:C\nC8|[Q:{tempo}]D8|]\n\n" if tempo
        else tune.normalize().text
    )  # fmt: skip
    assert "Q:" not in tune.normalize().text
    assert kept.normalize(keep_tempo=True).text == kept.text
    assert Tune.parse(kept.text) == kept


@pytest.mark.parametrize(
    "value", ["1/4=0", "1/4=１２０", "1/0=60", "1/4=99999", "fast", "1/4", "=120", "1/4=-5"]
)
def test_a_tempo_of_no_sense_is_not_used_with_a_warning(value):
    text = f"X:1\nT:t\nM:4/4\nL:1/8\nQ:{value}\nK:C\nC8|\nQ:{value}\nC8|]\n"
    assert Tune.parse(text).stated_tempo is None
    assert [message.partition(",")[0] for message in said(text)] == [f"'{value}' is no tempo"] * 2
    assert "Q:" not in Tune.parse(text).normalize(keep_tempo=True).text


def test_a_book_says_once_what_is_left_out_with_counts():
    one = "X:1\nT:t\nT:u\nR:Foo\nM:4/4\nK:C\n^/C4 D4|\nw: la la\nw: la\n"
    text = f"{one}\n{one.replace('R:Foo', 'R:reel').replace('4/4', '6/8')}\n{one.replace('R:Foo', 'R:Bar')}"
    _, problems = check_tunebook(text)
    assert [(problem.line, problem.message) for problem in problems if ":" in problem.message] == [
        (3, "3 further titles: left out"),
        (4, "2 rhythms (R:): left out, as it is not known ('Foo' 1, 'Bar' 1)"),
        (7, "3 microtones: played as the nearest semitone"),
        (8, "6 lines of words (w:, W:): left out"),
        (14, "1 rhythm (R:): left out, as it doesn't fit the meter ('reel in 6/8' 1)"),
    ]


SLOW = [
    pytest.param(music, marks=pytest.mark.slow) for music in ("CDEF|", "abc def ", "@#", "[C", "^/2F", "C&")
]


@pytest.mark.parametrize("music", ["!abc", *SLOW])
def test_ten_megabytes_in_one_line_are_read_to_a_limit(music):
    size = 600_000 if music == "!abc" else 10_000_000
    text = f"{HEAD}{music * (size // len(music))}\n"
    began = time.process_time()
    count, problems = check_tunebook(text)
    assert time.process_time() - began < 10
    assert count == 1
    messages = {problem.message for problem in problems}
    assert "the line is longer than 500,000; the rest is not read" in messages or len(problems) >= 1000
