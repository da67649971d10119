"""Meters, unit note lengths, rhythms and titles: what is taken, what it becomes, what is refused."""

from fractions import Fraction as F

import pytest

from abclm.errors import NotationError
from abclm.notation.fields import (
    CANONICAL_SYMBOLS,
    FIELDS,
    RHYTHMS,
    canonical_meter,
    canonical_rhythm,
    canonical_title,
    canonical_unit_note_length,
    find_rhythm,
    parse_meter,
    parse_unit_note_length,
    transliterate,
)
from abclm.tokenizers.characters import DEFAULT_SYMBOLS


@pytest.mark.parametrize(
    ("written", "canonical", "bar"),
    [
        ("4/4", "4/4", F(1)),
        ("6/8", "6/8", F(3, 4)),
        (" 12 / 8 ", "12/8", F(3, 2)),
        ("C", "C", F(1)),
        ("c", "C", F(1)),
        ("C|", "C|", F(1)),
        ("c|", "C|", F(1)),
        ("none", "none", None),
        ("None", "none", None),
        ("", "none", None),
        ("2+3/8", "5/8", F(5, 8)),
        ("(2+2+3)/16", "7/16", F(7, 16)),
        ("3/2", "3/2", F(3, 2)),
    ],
)
def test_a_meter_has_one_spelling_and_a_length_of_a_bar(written, canonical, bar):
    assert parse_meter(written).text == canonical_meter(written) == canonical
    assert parse_meter(written).bar_length == bar
    assert canonical_meter(canonical) == canonical


@pytest.mark.parametrize(
    "written", ["4", "4/", "/4", "0/4", "4/3", "4/0", "4/128", "C||", "x", "4/4x", "+/4", "1e1/8"]
)
def test_what_is_no_meter_is_named(written):
    with pytest.raises(NotationError, match="is no meter; give one such as 6/8") as error:
        parse_meter(written)
    assert repr(written) in str(error.value)


@pytest.mark.parametrize(
    ("meter", "compound", "unit"),
    [
        ("6/8", True, F(1, 8)),
        ("9/8", True, F(1, 8)),
        ("6/4", True, F(1, 8)),
        ("12/8", True, F(1, 8)),
        ("3/8", False, F(1, 16)),
        ("3/4", False, F(1, 8)),
        ("4/4", False, F(1, 8)),
        ("C", False, F(1, 8)),
        ("2/4", False, F(1, 16)),
        ("5/8", False, F(1, 16)),
        ("none", False, F(1, 8)),
    ],
)
def test_a_meter_says_what_is_taken_where_nothing_is_said(meter, compound, unit):
    assert parse_meter(meter).is_compound == compound
    assert parse_meter(meter).default_unit_note_length == unit


@pytest.mark.parametrize(
    ("written", "length"), [("1/8", F(1, 8)), (" 1 / 16 ", F(1, 16)), ("1", F(1)), ("1/128", F(1, 128))]
)
def test_a_unit_note_length_is_a_simple_part_of_a_whole_note(written, length):
    assert parse_unit_note_length(written) == length
    assert canonical_unit_note_length(written) == f"1/{length.denominator}"


@pytest.mark.parametrize("written", ["", "8", "1/3", "3/8", "1/256", "1/0", "0/8", "1/8/8", "-1/8", "x"])
def test_what_is_no_unit_note_length_is_named(written):
    with pytest.raises(NotationError, match="is no unit note length; give one such as 1/8"):
        parse_unit_note_length(written)


@pytest.mark.parametrize(
    ("text", "rhythm"),
    [
        ("reel", "reel"),
        ("Reels", "reel"),
        ("REEL", "reel"),
        ("double jig", "jig"),
        ("Slip-jig", "slip jig"),
        ("slipjig", "slip jig"),
        ("hop jig", "slip jig"),
        ("id:dc-hornpipe-7", "hornpipe"),
        ("Olympic Clog -- HORNPIPE", "hornpipe"),
        ("Jig or Reel", "reel"),
        ("Quick Step", "march"),
        ("Valse", "waltz"),
        ("three-two hornpipe", "three-two hornpipe"),
        ("airs", "air"),
        ("Jigsaw", None),
        ("The Reeling Piper", None),
        ("", None),
    ],
)
def test_a_rhythm_is_found_as_a_word_of_its_own(text, rhythm):
    assert find_rhythm(text) == rhythm


def test_every_rhythm_of_the_table_is_its_own_spelling_and_its_meters_are_meters():
    for rhythm, meters in RHYTHMS.items():
        assert canonical_rhythm(rhythm) == rhythm
        assert canonical_rhythm(rhythm.upper() + "s") == rhythm
        assert [canonical_meter(meter) for meter in meters] == list(meters)


@pytest.mark.parametrize("text", ["", "tango", "reel " * 20])
def test_what_is_no_rhythm_is_named_with_those_that_are(text):
    with pytest.raises(NotationError, match="is no rhythm that is known; give one of reel, jig"):
        canonical_rhythm(text)


@pytest.mark.parametrize(
    ("title", "canonical"),
    [
        ("The Kesh", "The Kesh"),
        ("  The   Kesh\t", "The Kesh"),
        ("Père O’Connor’s", "Pere O'Connor's"),
        ("Tom & Jerry; “quick”", 'Tom and Jerry, "quick"'),
        ("50% *", "50"),
        ("漢字", ""),
        ("x" * 70, "x" * 60),
        ("word " * 20, ("word " * 12).strip()),
    ],
)
def test_a_title_is_brought_to_sixty_plain_symbols(title, canonical):
    assert canonical_title(title) == canonical
    assert canonical_title(canonical) == canonical


def test_transliterating_leaves_what_has_no_plain_form():
    assert transliterate("Søn é 漢") == "Son e 漢"


def test_the_canonical_symbols_are_the_models():
    assert set(DEFAULT_SYMBOLS) == CANONICAL_SYMBOLS


def test_every_letter_that_a_canonical_tune_has_is_a_field():
    assert all(FIELDS[letter].header for letter in "XTRMLK")
    assert all(FIELDS[letter].inline for letter in "KML")
