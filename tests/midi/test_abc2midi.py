"""abc2midi: what it is given, what it plays, what it says, and what it does to hostile text."""

import contextlib
import logging
import random
from fractions import Fraction as F

import pytest

from abclm.errors import ConvertError
from abclm.midi.abc2midi import abc_to_midi, played_notes, run_abc2midi
from abclm.midi.abc2midi_text import prepare

HEAD = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\n"


def played(body, head=HEAD, **options):
    return played_notes(abc_to_midi(head + body + "\n", **options))


# What it plays


def test_onsets_and_durations_are_exact_quarter_notes(tune):
    assert played_notes(abc_to_midi(tune)) == [
        (F(0), F(1), 67),
        (F(1), F(3, 4), 71),
        (F(7, 4), F(1, 4), 74),
        (F(2), F(1, 3), 79),
        (F(7, 3), F(1, 3), 78),
        (F(8, 3), F(1, 3), 76),
        (F(3), F(1), 74),
        (F(4), F(2), 67),
        (F(4), F(2), 71),
        (F(4), F(2), 74),
        (F(7), F(1), 66),
    ]


def test_tempo_changes_nothing():
    assert played("CDEF|", "X:1\nM:4/4\nL:1/8\nQ:1/4=33\nK:C\n") == played("CDEF|")


def test_a_septuplet_does_not_drift():
    notes = played("(7CDEFGAB (7CDEFGAB c2|")
    assert notes[-1] == (F(2), F(1), 72)
    for number, (onset, _, _) in enumerate(notes[:7]):
        assert 0 <= F(number, 7) - onset < F(1, 480)


def test_hornpipes_do_not_swing_wherever_the_rhythm_is_told():
    straight = [F(n, 2) for n in range(4)]
    for head, body in (
        ("X:1\nM:C|\nR:hornpipe\nL:1/8\nK:C\n", "CDEF|"),
        (HEAD, "CD[R:hornpipe]EF|"),
        (HEAD + "R:hornpipe\n", "CDEF|"),
    ):
        assert [onset for onset, _, _ in played(body, head)] == straight


def test_a_tune_without_reference_number_is_played():
    assert len(played("CDEF|", "M:4/4\nK:C\n")) == 4


def test_only_the_first_tune_of_several_is_played():
    assert [pitch for _, _, pitch in played("C4|\n\nX:2\nK:C\nD4|", "%abc\n\nX:9\nL:1/8\nK:C\n")] == [60]


def test_chord_symbols_sound_when_asked_and_are_no_melody():
    plain, accompanied = (abc_to_midi(HEAD + '"C"CDEF "G"G4|\n', chords=chords) for chords in (False, True))
    assert len(accompanied.notes) > len(plain.notes)
    assert played_notes(accompanied) == played_notes(plain)


@pytest.mark.parametrize(
    "body",
    [
        "{ab}C{/g}D.E~F|TGHAu>vB!trill!c|",
        "RC!roll!D!fermata!E!breath!F|PG.A>.B.|!f!c|",
        '"^T."CDEF|"Gm"GA>B!p!c|',
        "U:T=!trill!\nCDEF|TGA>Bc|",
        "CD!arpeggio!EF|\n%%MIDI trim 1/16\n%%MIDI transpose 5\nG(.A>.B)c|",
        "CDEF|\nw: a. b~c H. T\nGA>B[I:MIDI program 3]c|",
    ],
)
def test_melody_only_plays_what_is_written(body):
    assert played(body, melody_only=True) == played("CDEF|GA>Bc|")


def test_melody_only_leaves_repeats_ties_and_fields_alone():
    body = "|:C.D-D[K:G]F|1 .[CE]2 z2:|2 (3.A.B.c [L:1/16]A4.|]\nP:T\nCDEF|"
    plain = body.replace(".", "")
    assert played(body, melody_only=True) == played(plain)


def test_positions_are_those_of_the_callers_text():
    text = "%a comment\n\nX:3\nT:t\nR:reel\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\nCDEF @GABc|\n"
    assert run_abc2midi(text).messages == ("line 10, column 6: Unrecognized character: @",)
    assert run_abc2midi(text, melody_only=True).messages == ("line 10, column 6: Unrecognized character: @",)
    assert (
        run_abc2midi("K:C\nM:4/4\nL:1/8\nCDEF @GABc|\n").messages[0]
        == "line 4, column 6: Unrecognized character: @"
    )


# What it says


def test_errors_warnings_and_remarks_are_kept_apart():
    result = run_abc2midi(HEAD + "CDEF GABc:|CDEF GAB:|CDEF @GABc|\n")
    assert result.errors == ("line 6, column 27: Unrecognized character: @",)
    assert all("time units" in warning for warning in result.warnings)
    assert len(result.warnings) >= 1
    assert any("Assuming repeat" in remark for remark in result.remarks)
    assert result.messages == result.errors + result.warnings


def test_an_assumed_repeat_is_no_complaint():
    assert run_abc2midi(HEAD + "CDEF GABc:|CDEF GABc:|\n").messages == ()


def test_what_it_says_of_a_tune_that_is_played_is_logged(caplog):
    with caplog.at_level(logging.INFO, logger="abclm.midi.abc2midi"):
        abc_to_midi(HEAD + "CDEF @GABc|CDE|C8|\n")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "INFO"]
    assert "Unrecognized character: @" in caplog.records[0].message
    assert "time units" in caplog.records[2].message


def test_the_text_may_have_any_letters():
    assert len(played("CDEF|", "X:1\nT:Caf\xe9 \u266d \U0001d11e \ud800\nM:4/4\nK:C\n")) == 4


def test_line_ends_and_marks_of_other_systems_are_understood():
    assert played("CDEF|") == played("CDEF|\r\n", "\ufeff" + HEAD.replace("\n", "\r\n"))


# Hostile text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "No valid K: field"),
        ("\0" * 1000, "No valid K: field"),
        ("-", "No valid K: field"),
        ("X:1\nT:no key\nCDEF|\n", "line 3: No valid K: field|No valid K: field"),
        ("X:1\nK:H\nCDEF|\n", "key signature"),
        ("X:1\nK:C\nz8|\n", "played no note"),
        (HEAD + "$@#" * 300_000, "and [0-9]+ more"),
        (HEAD + "CDEFGABc|" * 12_500, "too long"),
        ("X:1\nT:" + "a" * 1_000_000 + "\nK:C\nC|\n", "too long"),
        (HEAD + "C" * 1_000_000, "too long"),
        (HEAD + "C" + "," * 100_000, "crashed"),
        (HEAD + "CDEF & " * 5_000, "crashed|gave up|took longer"),
        (HEAD + "Z999999999 C|\n", "took longer|gave up|crashed"),
    ],
)
def test_text_that_can_not_be_played_is_an_error_of_one_line(text, words):
    with pytest.raises(ConvertError, match=words) as caught:
        abc_to_midi(text, timeout_seconds=5)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_parts_that_overrun_its_memory_end_as_midi_or_as_an_error():
    # What abc2midi overwrites differs from run to run: it crashes, runs on, or plays the parts it has.
    with contextlib.suppress(ConvertError):
        assert abc_to_midi("X:1\nP:(((A99)99)99)99\nL:1/8\nK:C\nP:A\nCDEF|\n", timeout_seconds=5)


@pytest.mark.parametrize(
    "body", ["CDEFGABc|" * 1_250, "CDEFGABc|\n" * 1_250], ids=["one line", "a bar a line"]
)
def test_ten_thousand_notes_are_played(body):
    assert len(played(body)) == 10_000


@pytest.mark.parametrize("body", ["[CEG CDE|", "[CEG" * 50, '"G CDEF|', "CDEF {ab", "CDEF (((GABc", "C\0D"])
def test_what_is_left_open_ends_all_the_same(body):
    run_abc2midi(HEAD + body + "\n", timeout_seconds=5)


def test_no_file_is_included(tmp_path):
    secret = tmp_path / "secret.abc"
    secret.write_text("CCCC|\n", encoding="utf-8")
    for directive in ("%%abc-include", "  %%abc-include", "%%MIDI ptstress", "I:abc-include"):
        assert str(secret) not in prepare(f"{HEAD}{directive} {secret}\nG4|\n").text
        assert len(played(f"{directive} {secret}\nG4|")) == 1


def test_odd_tunes_end_as_midi_or_as_an_error():
    odd = random.Random(1)
    tokens = [
        *"CDEFGABc|:[](){}-.~<>&!\"\\\n/9,'^_=zx +$%",
        "[V:2]",
        "\nP:A\n",
        "(3",
        "[1",
        ":|",
        "\nw: a-",
        "Z9",
    ]
    for _ in range(200):
        body = "".join(odd.choices(tokens, k=odd.choice([5, 50, 300])))
        with contextlib.suppress(ConvertError):
            assert played(body, "X:1\nP:A(BA)2\nM:6/8\nK:D\n", timeout_seconds=5)
