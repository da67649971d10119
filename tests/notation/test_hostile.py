"""Text meant to take long: time grows with its length, whatever it repeats.

CPU time, so that a busy machine does not fail the tests; `make slow` runs the full size, a million characters, where
the tests by themselves run a fifth.
"""

import contextlib
import time
from collections.abc import Callable

import pytest

from abclm.errors import NotationError
from abclm.notation.keys import parse_key
from abclm.notation.tunebook import check_tunebook, format_tunebook, parse_tunebook
from abclm.tune import Tune

# The limits are those of an idle machine; time that grows with the square of the length is far beyond any of them.
BUSY = 4
HEAD = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\n"
LINES = [
    "(", "(3", "(9:9:9", "[1", "[1,2", '"', '"a', '["', '[A"', "1", "9/", "/", "^", "^^^A", "[", "[A", "{", "{a", "!",
    "!a", "+", "+AB", "+a", "A1/63 ",
    "A,", "A-", "[A-]", "A>", "|", ":", "|:", ":|", "::", "|1A:|", "A:|", "[K:", "[M:3/4]",
    "[V:1]", "[V:2]A", "\nV:2", "\nK:D\n", "Z99", "%", "\\", "=3DA", "é", "-", "]", "y1", "\u0661",
]  # fmt: skip
HEADERS: dict[str, Callable[[int], str]] = {  # of about as many characters
    "many parts": lambda size: "P:" + "(A" * (size * 3 // 10) + ")9" * (size * 3 // 10),
    "nested parts": lambda size: "P:" + "(" * (size * 3 // 10) + "A" + ")9" * (size * 3 // 10),
    "parts in groups": lambda size: "P:" + "A2(BC)2" * (size // 7),
    "many titles": lambda size: "T:t\n" * (size // 4),
    "a long title": lambda size: "T:" + "reel é" * (size // 6),
    "many transcription notes": lambda size: "Z:id:dc-\n" * (size // 9),
    "many fields": lambda size: "M:4/4\n" * (size // 6),
    "junk": lambda size: "junk\n" * (size // 5),
    "a long meter": lambda size: "M:" + "1+" * (size // 2) + "1/4",
    "a long length": lambda size: "L:" + "1" * size,
    "spaces": lambda size: "M:" + " " * size + "x",
    "a long rhythm": lambda size: "R:" + "slip " * (size // 5),
}


# What the sizes and their limits are divided by.
by_share = pytest.mark.parametrize(
    "share", [5, pytest.param(1, marks=pytest.mark.slow)], ids=["a fifth", "full size"]
)


def do_everything(text):
    """Parse, check, play and normalise; return the CPU seconds that it took."""
    begun = time.process_time()
    with contextlib.suppress(NotationError):
        tune = Tune.parse(text)
        tune.check()
        tune.notes()
        tune.bars()
        tune.normalize(chord_symbols=True)
    return time.process_time() - begun


@pytest.mark.parametrize("piece", LINES, ids=ascii)
def test_a_long_line_takes_its_time_and_no_more(piece):
    assert do_everything(HEAD + piece * (50_000 // len(piece)) + "\n") < 1 * BUSY


@pytest.mark.slow
@pytest.mark.parametrize("piece", LINES, ids=ascii)
def test_a_line_of_a_million_characters_takes_a_few_seconds(piece):
    assert do_everything(HEAD + piece * (1_000_000 // len(piece)) + "\n") < 20


@by_share
@pytest.mark.parametrize("name", ["(", "[1", '"', "7"], ids=ascii)
def test_a_million_of_one_character_take_two_seconds(name, share):
    assert do_everything(HEAD + name * (1_000_000 // share // len(name)) + "\n") < 2 * BUSY / share


@by_share
@pytest.mark.parametrize("name", HEADERS)
def test_a_long_header_takes_its_time_and_no_more(name, share):
    header = HEADERS[name](1_000_000 // share)
    assert do_everything(f"X:1\n{header}\nK:C\nP:A\nABC|\nP:B\nD|\n") < 2 * BUSY / share


@by_share
@pytest.mark.parametrize(
    ("begin", "piece", "end"), [("C", " ", "x"), ("C ", "^c", ""), ("C ", "a=", ""), ("C", "m", "")]
)
def test_a_long_key_takes_its_time_and_no_more(begin, piece, end, share):
    value = begin + piece * (500_000 // share // len(piece)) + end
    begun = time.process_time()
    with contextlib.suppress(NotationError):
        parse_key(value)
    assert time.process_time() - begun < 1 * BUSY / share


def test_many_voices_take_their_time_and_no_more():
    assert do_everything(HEAD + "".join(f"V:{number}\nA|\n" for number in range(30_000))) < 2 * BUSY


@by_share
def test_every_length_in_one_tune_takes_its_time_and_no_more(share):
    notes = " ".join(f"A{above % 4000 + 1}/{above * 7 % 4000 + 1}" for above in range(20_000 // share))
    tuplets = " ".join(f"({p % 8 + 2}:{p * 7 % 63 + 1}:5A/3B/5C/7D/11E/13" for p in range(5_000 // share))
    assert do_everything(HEAD + notes) < 2 * BUSY / share
    assert do_everything(HEAD + tuplets) < 2 * BUSY / share


def test_a_long_part_is_not_played_for_ever():
    assert do_everything("X:1\nP:(A9)99\nK:C\nP:A\n" + "ABC|" * 20_000) < 3


@by_share
@pytest.mark.parametrize(
    ("piece", "times"),
    [("X:1\n", 100_000), ("X:1\nK:C\nA|\n", 5_000), ("\n", 500_000), (" \n", 200_000)],
    ids=ascii,
)
def test_a_long_tunebook_takes_its_time_and_no_more(piece, times, share):
    text = ("X:1\nK:C\n" if piece == " \n" else "") + piece * (times // share)
    begun = time.process_time()
    check_tunebook(text)
    format_tunebook(parse_tunebook(text).tunes)
    assert time.process_time() - begun < 3 * BUSY / share
