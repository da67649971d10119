"""The place in a tune's form, symbol by symbol, against a plain reading of each beginning of the text."""

import re

import pytest

from abclm.analysis.forms import form_of
from abclm.corpora.corpus import Corpus
from abclm.notation.place import Place, form_of_text
from abclm.notation.tune import Tune

TUNES = Corpus.load("oldTunes").normalize().tunes
IN_FOUR = [tune for tune in TUNES if tune.meter in ("C", "C|", "4/4") and tune.unit_note_length == "1/8"]
HEADER = "X:1\nM:4/4\nL:1/8\nK:D\n"
TOKEN = re.compile(
    r'(?P<inside>"[^"]*"?|\[[A-Z]:[^]]*\]?|\[(?![0-9])[^]]*\]?|\([0-9][0-9:]*)'
    r"|(?P<line>[|:][|:\]]*)(?P<ending>\[?[0-9][0-9,]*)?|."
)


def following(text):
    place = Place()
    for symbol in text:
        place.add(symbol)
    return place


def bars_in(body):
    """The bars of each part, with the symbol after each, and the text of the current bar, of a body in 4/4 and 1/8."""
    parts, text, ending_at = [[]], "", 0
    for token in TOKEN.finditer(body.replace("\n", "")):
        if token["line"] is None:
            text += token[0]
            continue
        if text and not re.fullmatch(r"\[K:[^]]*\]", text):
            parts[-1].append(text + token["line"][0])
        text = ""
        ending = (token["ending"] or "").lstrip("[")
        if ending.startswith("1"):
            ending_at = len(parts[-1])
        elif ending:
            parts.append(parts[-1][:ending_at])
        elif token["line"] != "|" and any(not is_pickup(bar, parts[-1]) for bar in parts[-1]):
            parts.append([])
    return parts, text


def is_pickup(bar, bars):
    tune = Tune.parse(HEADER + bar[:-1] + "|]\n")
    return bar == bars[0] and tune.bars()[0].duration < 2.8


def test_parts_end_at_double_bars_and_repeats_and_bars_count_from_the_first_full_one():
    body = "A2|B8|c8||\nd8|e8:|\n|:f8|g8|]\n"
    expected = [(1, 1)] * 5 + [(1, 2)] * 3
    place = following(HEADER)
    for symbol, (part, bar) in zip(body, expected, strict=False):
        place.add(symbol)
        assert (place.part, place.bar) == (part, bar), symbol
    assert following(HEADER + "A2|B8|c8||").part == 2
    assert following(HEADER + "A2|B8|c8||\nd8|e8:|\n|:").part == 3
    assert following(HEADER + "|:A2|B8").part == 1
    assert following(HEADER + "A2|:B8").part == 1
    assert following(HEADER + "A8:|[K:G]|:B2").part == 2


def test_a_second_ending_goes_on_where_the_first_began():
    body = "A2|B8|c8|1d8|e6:|2"
    place = following(HEADER + body)
    assert (place.part, place.bar) == (1, 3)
    assert place.bars == ("A2|", "B8|", "c8|")
    assert place.before == ("A2|", "B8|", "c8|", "d8|", "e6:")
    assert place.aligned[3] == "d8|"
    assert following(HEADER + "A2|B8|c8|\n[1d8|e6:|\n[2d").bars == place.bars
    place = following(HEADER + body + "d8|f6||")
    assert (place.part, place.before) == (2, ("A2|", "B8|", "c8|", "d8|", "f6|"))


def test_aligned_bars_are_those_that_are_as_this_one_so_far():
    part = "A2|abcd abcd|B8|c8|d8|abc"
    assert following(HEADER + part).aligned == ("abcd abcd|", "", "", "")
    assert following(HEADER + part + "e").aligned == ("", "", "", "")
    assert following(HEADER + part[:-3]).aligned == ("abcd abcd|", "", "c8|", "")
    assert following(HEADER + "A2|B8|c6||").aligned[3] == "A2|"
    assert following(HEADER + "A2|B8|c6||B2|B").aligned[3] == "B8|"
    assert following(HEADER + "B8|c8||B2|B").aligned[3] == "B8|"


def test_degrees_are_those_of_the_key_in_force():
    assert following(HEADER).degree == 0
    assert following(HEADER + "^f,").degree == 3
    assert following(HEADER + '"G7"c').degree == 7
    assert following(HEADER + "d[K:A]").degree == 1
    assert following(HEADER + "d[K:A]d").degree == 4
    assert following(HEADER + "[df").degree == 3


def test_tuplets_chords_and_fields_hold_no_bar_lines():
    body = '(3:2:4abcd [M:C|]e2 "x|y"f2 [ac]2|'
    assert following(HEADER + body).bars == (body,)
    assert following(HEADER + body[:-1]).bars == ()


@pytest.mark.parametrize("tune", IN_FOUR[:12], ids=lambda tune: tune.title)
def test_each_place_is_that_of_a_plain_reading(tune):
    header, body = tune.text[: tune.body_start], tune.body
    place = following(header)
    for end, symbol in enumerate(body, 1):
        place.add(symbol)
        if body[end : end + 1] in "|:]123456789[" or symbol == "[":
            continue  # in the middle of a bar line
        parts, text = bars_in(body[:end])
        assert (list(place.bars), place.text) == (parts[-1], text), body[:end]
        assert place.before == tuple(parts[-2] if len(parts) > 1 else [])


def test_a_form_is_that_which_the_grammar_finds():
    found = {tune.title: form_of(tune) for tune in TUNES}
    expected = {title: (form.bars,) * form.parts for title, form in found.items() if form.parts and form.bars}
    assert len(expected) > 10
    assert {tune.title: form_of_text(tune.text) for tune in TUNES if tune.title in expected} == expected


def test_a_copy_goes_on_by_itself():
    place = following(HEADER + "A8|")
    other = place.copy()
    other.add("B")
    assert (place.text, other.text) == ("", "B")


@pytest.mark.parametrize(
    "text", ["", "X:1\nK:", "K:\n:|:||]:", 'X:1\nK:?\nM:0\n[[[1|"|2\n', "K:G\n|2A|1|3,4:5|::::"]
)
def test_any_text_is_followed(text):
    place = following(text)
    assert place.bar >= 1
    assert form_of_text(text) is not None
