"""The order in which a tune is heard, and that it has an end; most of it is in features/."""

import pytest

from abclm.midi.abc2midi import played_notes, run_abc2midi
from abclm.notation.playing.playback import part_sequence
from abclm.notation.symbols import Note
from abclm.tune import Tune


def tune(body, parts=""):
    return Tune.parse(f"X:1\nM:1/4\nL:1/4\n{f'P:{parts}' if parts else 'N:'}\nK:C\n{body}\n")


def heard(body, parts=""):
    """The letters of the notes in the order of playback."""
    played = tune(body, parts).playback
    return "".join(
        "CDEFGAB"[played.symbols[at].step] for at, _ in played.order() if isinstance(played.symbols[at], Note)
    )


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("C|D|", "CD"),
        ("C:|D:|", "CCDD"),
        ("|:C:|D|", "CCD"),
        ("C|:D:|", "CDD"),
        ("C||D:|E|", "CDDE"),
        ("C:|D||E:|", "CCDEE"),
        ("C:|D|]E:|", "CCDEE"),
        ("C:|D[|E:|", "CCDEE"),
        ("C::D::E:|", "CCDDEE"),
        ("|:C|:D:|", "CCDD"),
        ("|:C|1D:|2E|]", "CDCE"),
        ("|:C|1D:|2E|]F:|", "CDCEFF"),
        ("|:C|1D:|2E||:F:|", "CDCEFF"),
        ("C|1D:|2E|:F|1G:|2A|]", "CDCEFGFA"),
        ("|:C|1D:|2E:|3F|]", "CDCECF"),
        ("|:C|1,2D:|3E|]", "CDCDCE"),
        ("|:C|1D|E:|2F|G|]", "CDECFG"),
        ("C:|:|D|", "CCD"),
        ("|:C[1D[1E:|F|]", "CDECF"),
        ("C::|D|", "CCCD"),
    ],
)
def test_repeats_and_endings_are_played_out(body, order):
    assert heard(body) == order


@pytest.mark.parametrize(
    ("parts", "order"),
    [
        ("AB", "CD"),
        ("BA", "DC"),
        ("A2B", "CCD"),
        ("(AB)2", "CDCD"),
        ("AXB", "CD"),
        ("X", "CD"),
        ("", "CD"),
        ("2", "CD"),
    ],
)
def test_part_sequences_are_played_out(parts, order):
    assert heard("P:A\nC|\nP:B\nD|", parts) == order


def test_what_stands_before_the_first_part_is_played_once():
    assert heard("E|\nP:A\nC:|\nP:B\nD|", "BAB") == "EDCCD"


def test_a_repeat_ends_with_its_part():
    assert heard("P:A\n|:C|\nP:B\nD:|", "AB") == "CDD"


@pytest.mark.parametrize(
    ("text", "sequence"),
    [
        ("AABB", "AABB"),
        ("A2(BC)2", "AABCBC"),
        ("(AAB)2C.D", "AABAABCD"),
        ("((AB)2C)2", "ABABCABABC"),
        ("A0B", "B"),
        ("A(B", "AB"),
        ("A)B", "AB"),
        ("3A", "A"),
        ("A, B; C", "ABC"),
        ("AB % da capo", "AB"),
        ("", ""),
    ],
)
def test_a_part_sequence_is_written_out(text, sequence):
    assert part_sequence(text) == sequence


@pytest.mark.parametrize(
    "text", ["A999", "(" * 900 + "A" + ")9" * 900, "(A9)9" * 200, "A" * 10_000, "(" * 30 + "A64" + ")64" * 30]
)
def test_a_part_sequence_has_an_end(text):
    assert len(part_sequence(text)) <= 256


@pytest.mark.parametrize(
    "body",
    [
        "|:C" * 300,
        "C:|" * 300,
        "|:C|1D:|2E:|" * 100,
        "|:C[1D:|[2E:|[3F:|[4G:|" * 50,
        "[1C:|" * 300,
        "C::" * 300,
    ],
)
def test_playback_takes_a_few_times_the_tune_at_most(body):
    played = tune(body).playback
    assert sum(1 for _ in played.order()) <= 5 * len(played.symbols)


def test_a_part_sequence_that_is_too_long_is_told_and_passed_over():
    body = "P:A\n" + "CDEF|" * 2000 + "\n"
    long, short = tune(body, "A99"), tune(body, "A2")
    assert len(long.notes()) == 8000
    assert len(short.notes()) == 16_000
    assert any("the part sequence is too long" in problem.message for problem in long.check())


def test_an_ending_that_the_repeat_has_already_is_told():
    told = [problem.message for problem in tune("C|1D:|2E:|2||").check()]
    assert "the repeat has this variant ending already" in told
    assert not any("already" in problem.message for problem in tune("C|1D:|2E|]").check())


@pytest.mark.parametrize("mark", ["::", ":|:", ":||:", ":|\n|:", "\n::", "::\n"])
def test_a_first_ending_without_a_second_ends_where_the_next_repeat_begins(mark):
    written = Tune.parse(f"X:1\nL:1/4\nK:C\nE|1B{mark}CD:|\n")
    assert [note.pitch for note in written.notes()] == [64, 71, 64, *[60, 62] * 2]
    canonical = written.normalize()
    assert canonical.body.rstrip() == "E|1B:|\n|:CD:|"
    assert [pitch for _, _, pitch in played_notes(run_abc2midi(canonical).midi)] == [
        64,
        71,
        64,
        *[60, 62] * 2,
    ]
    if "\n|" not in mark:
        assert "no other after it" in " ".join(problem.message for problem in written.check())
