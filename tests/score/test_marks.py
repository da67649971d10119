"""What the score shows of a tune beside its notes: ornaments, slurs, words, voices. Elements of MusicXML, by hand."""

import logging
import re
from xml.etree import ElementTree

import pytest

from abclm.score.heading import heading_of
from abclm.score.musicxml import format_musicxml
from abclm.score.pdf import format_pdf
from abclm.score.svg import format_svg
from abclm.tune import Tune

HEAD = "X:1\nT:One\nT:Two\nC:Somebody\nO:Somewhere\nR:air\nM:4/4\nL:1/8\nK:G\n"


def score(body, head=HEAD):
    text = format_musicxml(Tune.parse(head + body))
    return ElementTree.fromstring(text.split("\n", 2)[2])


def elements(body, path, *attributes):
    """The elements of a path, each as its text or its attributes."""
    return [
        " ".join(each.get(name, "-") for name in attributes)
        if attributes
        else (each.text or each.tag).strip()
        for each in score(body).iterfind(f".//{path}")
    ]


def children(body, path):
    return [child.tag for each in score(body).iterfind(f".//{path}") for child in each]


@pytest.mark.parametrize(
    ("music", "path", "tags"),
    [
        ("~G4 TA4|]", "ornaments", ["turn", "trill-mark"]),
        ("MG4 PA4|!turn!B4 !mordent!c4|]", "ornaments", ["mordent", "inverted-mordent", "turn", "mordent"]),
        (".G4 LA4|!tenuto!B4 !>!c4|]", "articulations", ["staccato", "accent", "tenuto", "accent"]),
        ("uG4 vA4|!open!B4 !3!c4|]", "technical", ["up-bow", "down-bow", "open-string", "fingering"]),
        ("!p!G4 !<(!A4|!<)!B4 !f!c4|]", "direction-type", ["dynamics", "wedge", "wedge", "dynamics"]),
        ("U:T=!upbow!\nTG4 A4|]", "technical", []),
        ("!+!G!plus!A!+!B|]", "technical", ["stopped", "stopped", "stopped"]),
        ("[!slide!GB]4 [+accent+DD]4 [.AC]|]", "articulations", ["scoop", "accent", "staccato"]),
        ("!trill(!G4-|!trill)!G4|]", "ornaments", ["trill-mark", "wavy-line", "wavy-line"]),
    ],
)
def test_decorations_are_in_the_score(music, path, tags):
    assert children(f"{music}\n", path) == tags


def test_a_letter_means_what_the_tune_says_it_means():
    root = score("TG4 A4|]\n", HEAD.replace("K:G", "U:T=!upbow!\nK:G"))
    assert [child.tag for each in root.iter("technical") for child in each] == ["up-bow"]


def test_grace_notes_stand_before_their_note_and_take_no_time():
    root = score("{c}G4 {/d}A4|{^cde}B8|]\n")
    graces = [note for note in root.iter("note") if note.find("grace") is not None]
    assert [note.findtext("pitch/step") for note in graces] == list("CDCDE")
    assert [note.find("grace").get("slash") for note in graces] == [None, "yes", None, None, None]
    assert [note.findtext("type") for note in graces] == ["eighth", "eighth", "16th", "16th", "16th"]
    assert [note.findtext("accidental") for note in graces] == [None, None, "sharp", None, None]
    assert all(note.find("duration") is None for note in graces)


def test_slurs_have_a_beginning_and_an_end():
    assert elements("(G2A2) (B2(c2|d2)e2) f2(g2|]\n", "slur", "type", "number") == [
        "start 1", "stop 1", "start 1", "start 2", "stop 2", "stop 1",
    ]  # fmt: skip


def test_lyrics_go_to_their_notes():
    body = "G2A2 B2c2|d4 z2e2|f8|]\nw:Oh, dear-est * me_|my~own\nw:two\n"
    found = score(body)
    said = [
        (lyric.get("number"), lyric.findtext("syllabic"), lyric.findtext("text"))
        for lyric in found.iter("lyric")
    ]
    assert said == [
        ("1", "single", "Oh,"), ("2", "single", "two"), ("1", "begin", "dear"), ("1", "end", "est"),
        ("1", "single", "me"), ("1", "single", "my own"),
    ]  # fmt: skip


def test_labels_tempos_and_words_stand_where_they_stand_in_the_tune():
    body = 'P:A\n|:"^slowly"G4 "_softly"A4:|\nP:B\nT:Second part\nQ:"Faster" 1/4=100\n"G"B4 "Presto"c4|]\n'
    assert elements(body, "rehearsal") == ["A", "B"]
    assert elements(body, "words") == ["slowly", "softly", "Second part", "Faster", "Presto"]
    assert elements(body, "per-minute") == ["100"]
    assert elements(body, "repeat", "direction") == ["forward", "backward"]
    assert elements(body, "harmony/root/root-step") == ["G"]


def test_the_place_of_an_annotation_is_no_part_of_it():
    body = '"@-5,15 one"G2 "@two"A2 "<three"B2 "_four"c2|"^"d8|]\n'
    assert elements(body, "words") == ["one", "two", "three", "four"]


def test_what_stands_at_a_bar_line_belongs_to_it():
    body = 'G8 "_al fine" H|A8 "Fine" |]\n'
    assert elements(body, "barline/fermata", "type") == ["upright"]
    assert elements(body, "words") == ["al fine", "Fine"]
    assert [note.find("notations") for note in score(body).iter("note")] == [None, None]


def test_the_name_of_an_ending_is_in_the_score():
    assert elements('G8|["Coda" A8|]\n', "words") == ["Coda"]


def test_titles_composer_and_words_stand_around_the_staves():
    tune = Tune.parse(HEAD + "G8|]\nW:Some words\n")
    heading = heading_of(tune)
    assert (heading.subtitles, heading.composer, heading.words) == (
        ("Two",), "Somebody (Somewhere)", ("Some words",),
    )  # fmt: skip
    for text in (format_svg(tune), format_musicxml(tune)):
        for line in ("Two", "Somebody (Somewhere)", "Some words"):
            assert line in text


def test_a_rhythm_after_the_key_is_shown_too():
    assert heading_of(Tune.parse("X:1\nT:One\nK:G\nR:Schottische\nG8|]\n")).rhythm == "Schottische"


VOICES = """V:1
GABc d4|e8|]
V:2 clef=bass name="Low"
G,4 A,4|B,8|]
"""


def test_each_voice_has_a_staff_and_the_first_is_the_tune():
    root = score(VOICES)
    parts = root.findall("part")
    assert [len(part.findall("measure")) for part in parts] == [2, 2]
    assert [part.findtext(".//clef/sign") for part in parts] == ["G", "F"]
    assert [note.findtext("pitch/octave") for note in parts[1].iter("note")] == ["3", "3", "3"]
    assert root.findall("part-list/score-part")[1].findtext("part-name") == "Low"
    tune = Tune.parse(HEAD + VOICES)
    assert len(tune.notes()) == len(list(parts[0].iter("note"))) == 6


def test_a_staff_has_the_clef_and_the_name_of_its_own_voice_after_one_of_rests():
    root = score('V:1 clef=bass name="Drum"\nz4 z4|z8|]\nV:2 name="Fiddle"\nGABc d4|e8|]\n')
    assert [part.findtext(".//clef/sign") for part in root.findall("part")] == ["G"]
    assert root.find("part-list/score-part").findtext("part-name") == "Fiddle"


def test_a_voice_with_fewer_bars_rests_and_takes_the_repeats_of_the_first():
    root = score("V:1\n|:G8|A8:|\nV:2\nB8|\n")
    second = root.findall("part")[1].findall("measure")
    assert [bool(measure.findall("note/rest")) for measure in second] == [False, True]
    assert second[1].find("barline/repeat").get("direction") == "backward"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("G4 A4 & B8|]\n", "behind & in a bar"),
        ("!strange!G4 A4|]\n", "!strange!"),
        ("G4 A4|]\ns:!p! !f!\n", "symbol lines"),
        ("V:1\nG8|]\nV:2\nB8|c8|]\n", "the last 1 bar of voice 2"),
        ("G8|A8!fine!|B8|c8!D.C.!|]\n", "written out"),
        ("G8-|A8|]\n", "a tie that leads to no note"),
        ("V:1\nG8|]\nV:2\nB8-|]\n", "a tie that leads to no note"),
        ("G4 (A4|B8|]\n", "a slur without an end"),
        ("G8|:A8|B8|]\n", "a repeat sign that repeats nothing"),
        ("G8|1A8:|2B8:|\n", "a repeat sign that repeats nothing"),
        ('V:1\nG8|]\nV:2\n"Dm"x8|]\n', "voice 2, which has chord symbols and no notes"),
    ],
)
def test_what_the_score_leaves_out_is_said_once(body, words, caplog):
    with caplog.at_level(logging.WARNING):
        format_svg(Tune.parse(HEAD + body))
    assert len(caplog.messages) == 1
    assert words in caplog.messages[0]
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        format_musicxml(Tune.parse(HEAD + "G4 A4|]\n"))
    assert caplog.messages == []


def test_a_book_says_it_once_for_all_its_tunes(caplog):
    with caplog.at_level(logging.WARNING):
        format_pdf([Tune.parse(HEAD + "G4 A4 & B8|]\n")] * 2, title="Both")
    assert len([message for message in caplog.messages if message.startswith("Both: the score leaves")]) == 1


def test_a_note_is_found_again_by_its_place_in_the_text():
    text = HEAD + "~G4 (A2{c}[GB]2)|z4 c4-|c8|]\n"
    tune = Tune.parse(text)
    names = re.findall(r'<g id="n(\d+)" class="(?:note|chord|rest)', format_svg(tune))
    begins = sorted(int(name) for name in names)
    assert [text[begin] for begin in begins] == list("GA[zcc")


def test_a_line_that_ends_inside_a_bar_ends_with_it_and_music_without_bars_is_divided_at_its_lines():
    root = score("G8|A4\nB4|c8|]\n")
    assert [bool(measure.findall("print")) for measure in root.iter("measure")] == [False, False, True]
    root = score("G8 A4\nB8 c4\nd8|]\n")
    assert [bool(measure.findall("print")) for measure in root.iter("measure")] == [False, True, True]
    assert [style.text for style in root.iter("bar-style")] == ["none", "none", "light-heavy"]


def test_the_note_of_a_tempo_needs_no_font_of_music():
    for tempo in ("1/2=60", "3/8=60", "1/8=60", "1/16=60"):
        svg = format_svg(Tune.parse(HEAD.replace("K:G", f"Q:{tempo}\nK:G") + "G8|]\n"))
        assert "Leipzig" not in svg
        assert "<ellipse" in svg
