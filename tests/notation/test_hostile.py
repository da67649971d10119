"""Text meant to take long: time grows with its length, whatever it repeats.

CPU time, so that a busy machine does not fail the tests; `make slow` runs the full size, a million characters.
"""

import contextlib
import time

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
HEADERS = {
    "many parts": "P:" + "(A" * 300_000 + ")9" * 300_000,
    "nested parts": "P:" + "(" * 300_000 + "A" + ")9" * 300_000,
    "parts in groups": "P:" + "A2(BC)2" * 140_000,
    "many titles": "T:t\n" * 250_000,
    "a long title": "T:" + "reel é" * 160_000,
    "many transcription notes": "Z:id:dc-\n" * 110_000,
    "many fields": "M:4/4\n" * 160_000,
    "junk": "junk\n" * 200_000,
    "a long meter": "M:" + "1+" * 500_000 + "1/4",
    "a long length": "L:" + "1" * 1_000_000,
    "spaces": "M:" + " " * 1_000_000 + "x",
    "a long rhythm": "R:" + "slip " * 200_000,
}


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


@pytest.mark.parametrize("name", ["(", "[1", '"', "7"], ids=ascii)
def test_a_million_of_one_character_take_two_seconds(name):
    assert do_everything(HEAD + name * (1_000_000 // len(name)) + "\n") < 2 * BUSY


@pytest.mark.parametrize("name", HEADERS)
def test_a_long_header_takes_its_time_and_no_more(name):
    assert do_everything(f"X:1\n{HEADERS[name]}\nK:C\nP:A\nABC|\nP:B\nD|\n") < 2 * BUSY


@pytest.mark.parametrize(
    "value", ["C" + " " * 500_000 + "x", "C " + "^c" * 250_000, "C " + "a=" * 250_000, "C" + "m" * 500_000]
)
def test_a_long_key_takes_its_time_and_no_more(value):
    begun = time.process_time()
    with contextlib.suppress(NotationError):
        parse_key(value)
    assert time.process_time() - begun < 1 * BUSY


def test_many_voices_take_their_time_and_no_more():
    assert do_everything(HEAD + "".join(f"V:{number}\nA|\n" for number in range(30_000))) < 2 * BUSY


def test_every_length_in_one_tune_takes_its_time_and_no_more():
    notes = " ".join(f"A{above % 4000 + 1}/{above * 7 % 4000 + 1}" for above in range(20_000))
    tuplets = " ".join(f"({p % 8 + 2}:{p * 7 % 63 + 1}:5A/3B/5C/7D/11E/13" for p in range(5_000))
    assert do_everything(HEAD + notes) < 2 * BUSY
    assert do_everything(HEAD + tuplets) < 2 * BUSY


def test_a_long_part_is_not_played_for_ever():
    assert do_everything("X:1\nP:(A9)99\nK:C\nP:A\n" + "ABC|" * 20_000) < 3


@pytest.mark.parametrize(
    "text", ["X:1\n" * 100_000, "X:1\nK:C\nA|\n" * 5_000, "\n" * 500_000, "X:1\nK:C\n" + " \n" * 200_000]
)
def test_a_long_tunebook_takes_its_time_and_no_more(text):
    begun = time.process_time()
    check_tunebook(text)
    format_tunebook(parse_tunebook(text).tunes)
    assert time.process_time() - begun < 3 * BUSY
