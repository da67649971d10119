"""Options are checked as a whole, and prompts are written in canonical spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.errors import ConfigError, NotationError
from abclm.generation.abc.prompt import opening_text, title_text, title_without
from abclm.generation.options import GenerationOptions
from abclm.tokenizers.characters import DEFAULT_SYMBOLS


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("n", [0, -1, 1.0, True, "3", None, 10**7]),
        ("seed", [-1, 0.5, "7", True]),
        ("temperature", [-1, -1e-9, float("nan"), float("inf"), "hot", None, 1000]),
        ("top_k", [0, -3, 2.0, "5"]),
        ("top_p", [0, -0.1, 1.1, float("nan"), "all"]),
        ("min_p", [-0.1, 1.1, float("nan"), True]),
        ("typical_p", [0, 1.1, float("nan"), True]),
        ("max_length", [0, 199, 10**6, 300.0, None]),
        ("attempts", [0, -1, 1001, 1.5]),
        ("title", ["", "  ", 7, "two\nlines", "x" * 61, "日本", "%"]),
        ("key", ["H", "", "G##", "G\n", "G\nM:3/4", 3]),
        ("meter", ["5/0", "", "waltz", "6/8\n", 6]),
        ("rhythm", ["lambada", "", "slip\njig", "reel\n", 3]),
        ("unit_note_length", ["1/7", "", "0/8", "1/8\n"]),
        ("opening", ["", "|", "GAB\n\nGAB", "K:G", "GAB\nT:Other", "GA~B", 3]),
    ],
)
def test_an_option_out_of_range_is_named_with_what_was_received(name, values):
    for value in values:
        with pytest.raises(ConfigError) as caught:
            GenerationOptions(**{name: value})
        message = str(caught.value)
        assert message.startswith(name)
        assert "\n" not in message
        shown = (repr(value), repr(value)[:20], "'T:Other'", "would end the tune")
        assert any(each in message for each in shown)


def test_every_option_that_is_wrong_is_named_at_once():
    with pytest.raises(ConfigError) as caught:
        GenerationOptions(temperature=-1, n=0, key="H", meter="5/0", top_p=2)
    named = [f"{name} is " for name in ("n", "temperature", "top_p")] + ["'5/0' is no meter", "'H' is no key"]
    assert all(problem in str(caught.value) for problem in named)


def test_a_config_error_is_a_value_error():
    with pytest.raises(ValueError, match="temperature"):
        GenerationOptions(temperature=-1)


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 0}, {"temperature": 100}, {"top_p": 1}, {"top_p": 1e-9}, {"min_p": 0}, {"min_p": 1},
        {"seed": 0}, {"seed": 2**80}, {"max_length": 200}, {"max_length": 100_000}, {"top_k": 1},
        {"title": "x" * 60},
    ],
)  # fmt: skip
def test_the_ends_of_the_ranges_are_in_them(changes):
    GenerationOptions(**changes)


def test_several_tunes_at_temperature_0_would_be_one():
    with pytest.raises(ConfigError, match=r"temperature 0 writes one tune only, received n=2"):
        GenerationOptions(temperature=0, n=2)


def test_an_opening_must_leave_room():
    with pytest.raises(ConfigError, match=r"an opening of 150 characters is more than max_length=250 leaves"):
        GenerationOptions(opening="GAB" * 50, max_length=250)


def test_the_header_is_canonical_and_in_order():
    options = GenerationOptions(
        key="A Dorian", unit_note_length=" 1/8 ", meter="6/8", rhythm="Double Jig", title=" Père  O’Connor "
    )
    header = options.prompt.header
    assert header == {"T": "Pere O'Connor", "R": "jig", "M": "6/8", "L": "1/8", "K": "Ador"}
    assert "".join(header) == "TRMLK"


def test_nothing_asked_for_is_an_empty_header():
    assert GenerationOptions().prompt.header == {}
    assert GenerationOptions().prompt.opening == ""


def test_a_seed_is_drawn_where_none_is_given():
    drawn = {GenerationOptions().with_seed().seed for _ in range(4)}
    assert len(drawn) == 4
    assert all(0 <= seed < 2**32 for seed in drawn)
    options = GenerationOptions(seed=7)
    assert options.with_seed() == options


def test_a_title_is_taken_without_what_it_can_not_have_and_that_is_named():
    assert title_text("Who's there?") == "Who's there"
    assert title_text("50% of 日") == "50 of"
    assert title_without("50% of 日") == ["%", "日"]
    with pytest.raises(NotationError, match=r"'%日' has '%', '日'; write it in letters"):
        title_text("%日")


@pytest.mark.parametrize(("text", "strange"), [("hello", "'h', 'l', 'o'"), ("the GAB", "'h', 't'")])
def test_an_opening_of_words_is_refused(text, strange):
    with pytest.raises(NotationError, match=f"has {strange}, which is no note"):
        opening_text(text)


@pytest.mark.parametrize("text", ['"Am"A2 "^slowly"B', "!trill!G TB uc vd .e", "[K:Dmix]d2 z2 x2", 'M"G7"G2'])
def test_an_opening_may_have_letters_that_mean_something(text):
    assert opening_text(text) == text


@pytest.mark.parametrize(
    ("key", "meant"), [("em", "Em"), ("bB", "Bb"), ("d drian", "Ddor"), ("A mxolydian", "Amix")]
)
def test_a_key_that_is_nearly_one_is_told_which_was_meant(key, meant):
    with pytest.raises(ConfigError, match=rf"is no key; did you mean {meant}\?"):
        GenerationOptions(key=key)


def test_a_mode_may_be_written_out():
    assert GenerationOptions(key="D dorian").prompt.header["K"] == "Ddor"


@pytest.mark.parametrize(("rhythm", "meant"), [("jigg", "jig"), ("Hornpip", "hornpipe"), ("waltzz", "waltz")])
def test_a_rhythm_that_is_nearly_one_is_told_which_was_meant(rhythm, meant):
    with pytest.raises(ConfigError, match=rf"did you mean {meant}\? Else give one of reel, "):
        GenerationOptions(rhythm=rhythm)


@given(st.text(max_size=80))
def test_a_title_is_written_in_the_83_symbols_or_refused(text):
    try:
        title = title_text(text)
    except NotationError:
        return
    assert 1 <= len(title) <= 60
    assert set(title) <= set(DEFAULT_SYMBOLS) - {"\n"}
    assert title == title.strip()


def test_an_opening_keeps_its_lines_and_marks():
    assert opening_text("\n|:G2 B’d\r\nefg |\n") == "|:G2 B'd\nefg |"


def test_an_opening_brace_is_not_taken_for_a_parenthesis():
    with pytest.raises(NotationError, match=r"has '\{', '\}'"):
        opening_text("{g}GAB")


def test_what_was_asked_for_is_said_in_words():
    options = GenerationOptions(
        title="The Lost Badger", top_p=0.9, max_length=400, n=3, seed=7, temperature=0.85
    )
    assert options.asked() == {"Title": "The Lost Badger", "Top p": "0.9", "Max length": "400"}
    assert GenerationOptions().asked() == {}
