"""Reading music code: which symbols there are and where they stand; what they sound like is in features/."""

import pytest

from abclm.notation.pieces import MOST_REMEMBERED, remembered_piece
from abclm.notation.problems import MOST_PROBLEMS
from abclm.notation.scanner import scan
from abclm.notation.symbols import (
    Bar,
    Broken,
    Change,
    Chord,
    ChordSymbol,
    Note,
    Rest,
    Space,
    Tuplet,
    struck,
)
from abclm.tune import Tune


def symbols(text):
    return scan(text, 0).symbols


def test_every_symbol_knows_its_place():
    text = '"G7"A2 (3Bcd|[1[ce]>z:|\nK:D\n[M:3/4]e'
    assert [(type(symbol), symbol.at) for symbol in symbols(text)] == [
        (ChordSymbol, 0), (Note, 4), (Space, 6), (Tuplet, 7), (Note, 9), (Note, 10), (Note, 11), (Bar, 12),
        (Bar, 13), (Chord, 15), (Broken, 19), (Rest, 20), (Bar, 21), (Space, 23), (Change, 24), (Change, 28),
        (Note, 35), (Space, 36),
    ]  # fmt: skip


def test_the_notes_of_a_chord_know_theirs():
    (chord, _) = symbols("[^c'2e,]")
    assert [(note.at, note.step, note.accidental, note.length) for note in chord.notes] == [
        (1, 14, 1, "2"),
        (5, 2, None, ""),
    ]


def test_places_are_those_of_the_whole_tune():
    tune = Tune.parse("X:1\nK:C\n%\n\\\n ab|")
    assert [tune.text[symbol.at] for symbol in tune.music.symbols if isinstance(symbol, Note)] == ["a", "b"]


@pytest.mark.parametrize(
    ("written", "read"),
    [("", ""), ("1", ""), ("2", "2"), ("/", "/2"), ("/2", "/2"), ("//", "/4"), ("3/", "3/2"), ("3//", "3/4"),
     ("6/4", "3/2"), ("2/2", ""), ("4/2", "2"), ("/1", ""), ("007", "7")],
)  # fmt: skip
def test_a_length_is_read_in_its_lowest_terms(written, read):
    assert symbols(f"A{written}")[0].length == read
    assert symbols(f"z{written}")[0].length == read
    assert symbols(f"[CE]{written}")[0].length == read


@pytest.mark.parametrize(
    ("written", "starts", "ends", "double", "passes"),
    [
        ("|", False, False, False, ()),
        ("||", False, False, True, ()),
        ("|]", False, False, True, ()),
        ("[|", False, False, True, ()),
        ("|:", True, False, False, ()),
        ("|::", True, False, False, ()),
        ("[|:", True, False, False, ()),
        (":|", False, True, False, ()),
        (":|]", False, True, False, ()),
        ("::|", False, True, False, ()),
        ("::", True, True, False, ()),
        (":|:", True, True, False, ()),
        (":||:", True, True, False, ()),
        ("|1", False, False, False, (1,)),
        (":|2", False, True, False, (2,)),
        ("||2", False, False, True, (2,)),
        ("|1,3", False, False, False, (1, 3)),
        ("|1-3", False, False, False, (1, 2, 3)),
        ("|1,3-4,", False, False, False, (1, 3, 4)),
    ],
)
def test_a_bar_line_is_one_symbol_however_it_is_written(written, starts, ends, double, passes):
    (bar,) = symbols(written)[:-1]
    assert (bar.starts_repeat, bar.ends_repeat, bar.double, bar.ending) == (starts, ends, double, passes)


@pytest.mark.parametrize("written", ["|0", "[0,1", "|1-99", "|123", "[1,,2", "[2-1"])
def test_what_is_no_list_of_endings_is_an_error_and_the_first(written):
    body = scan(written, 0)
    assert body.symbols[0].ending == (1,)
    assert [
        (severity, "is no list of variant endings" in message) for _, severity, message in body.problems
    ] == [("error", True)]


def test_a_number_is_an_ending_only_right_behind_its_bar_line():
    for text in ("C|2D", "C| 2D", "C|\n2D", "C|  1,3D"):
        assert any(isinstance(symbol, Bar) and symbol.ending for symbol in symbols(text)), text
    for text in ("C|@2D", "C|D 2E", "C| 12D", "C|1 2D"):
        assert not any(isinstance(symbol, Bar) and 2 in symbol.ending for symbol in symbols(text)), text


def test_mail_encoding_is_read_as_what_it_stands_for():
    assert [(symbol.at, symbol.accidental) for symbol in symbols("A=20B=3Dc|=\n=3Dd") if isinstance(symbol, Note)] == [
        (0, None), (4, None), (7, 0), (14, 0),
    ]  # fmt: skip
    assert [problem[2] for problem in scan("A=20|", 0).problems] == [
        "the line is quoted-printable, as mail is; =3D is read as =, =20 as a space"
    ]


@pytest.mark.parametrize("text", ["G", "Am7", "Bb", "F#dim", "D7/F#", "Cmaj7", "Esus4", "A+", "Gm6", "C7b5"])
def test_a_chord_symbol_is_told_from_an_annotation(text):
    assert [symbol.text for symbol in symbols(f'"{text}"') if isinstance(symbol, ChordSymbol)] == [text]


@pytest.mark.parametrize("text", ["^G", "_slow", "<(", "@1,2 x", "Fine", "D.C.", "4", "", "Segue", "H"])
def test_an_annotation_is_no_symbol(text):
    assert [symbol for symbol in symbols(f'"{text}"') if isinstance(symbol, ChordSymbol)] == []


@pytest.mark.parametrize(
    "written",
    [
        "!trill!",
        "!f!",
        "!<(!",
        "+fermata+",
        "~",
        ".",
        "H",
        "u",
        "v",
        "{ab}",
        "{/c}",
        "(",
        ")",
        ".(",
        "y",
        "y12",
        "`",
    ],
)
def test_what_is_not_heard_leaves_nothing(written):
    assert [type(symbol) for symbol in symbols(f"{written}C")] == [Note, Space]


def test_an_old_line_break_between_notes_is_no_decoration():
    assert [type(symbol) for symbol in symbols("C D|! E F|!")] == [
        Note, Space, Note, Bar, Space, Space, Note, Space, Note, Bar, Space, Space,
    ]  # fmt: skip


def test_what_is_written_twice_is_two_symbols():
    first, second, _ = symbols("[CE][CE]")
    assert [note.at for note in first.notes + second.notes] == [1, 2, 5, 6]
    third, fourth, _ = symbols("AA")
    assert third is not fourth


def test_only_short_pieces_are_remembered():
    symbols("|")
    before = remembered_piece.cache_info().currsize
    symbols(" ".join(f'"{number}{"x" * MOST_REMEMBERED}" A{"," * MOST_REMEMBERED}' for number in range(50)))
    assert remembered_piece.cache_info().currsize <= before + 1  # the space


def test_only_notes_that_begin_are_struck():
    tune = Tune.parse("X:1\nK:C\nC-C[CE]-[CEG]z|")
    assert [[note.step for note in struck(symbol)] for symbol in tune.music.symbols[:5]] == [
        [0], [], [0, 2], [4], [],
    ]  # fmt: skip


def test_the_voices_are_named_in_their_order():
    assert list(scan("V:T clef=treble\nC|\n[V:B]C|\nV:T\nC|", 0).voices) == ["T", "B"]
    assert list(scan("C|\nV:2\nC|", 0).voices) == ["1", "2"]
    assert list(scan("C|", 0).voices) == []


def test_problems_are_told_up_to_a_limit():
    assert len(scan("@" * 5000, 0).problems) == MOST_PROBLEMS


def test_a_symbol_shows_what_it_holds():
    assert "tied=True" in repr(symbols("A-")[0])
    assert repr(symbols("(3")[0]) == "Tuplet(p=3, q=None, r=None, at=0)"
