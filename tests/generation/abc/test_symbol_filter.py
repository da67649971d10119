"""Unconstrained, what is asked for stands in the header, once, in its place, whatever the model wants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abclm.errors import ModelError
from abclm.generation.abc.masks import Masks
from abclm.generation.abc.symbol_filter import FreeFilter
from abclm.generation.options import GenerationOptions
from abclm.tokenizers.characters import DEFAULT_SYMBOLS, CharacterTokenizer
from abclm.tune import Tune

TOKENIZER = CharacterTokenizer.default()


def free_filter(options, tokenizer=TOKENIZER):
    return FreeFilter(options.prompt, Masks(tokenizer))


def write(options, wish, length=400):
    """Write what the filter allows and `wish(text)` would like best, a string of characters in order."""
    free = free_filter(options)
    text = ""
    while not free.ended and len(text) < length:
        allowed = free.allowed()
        choices = TOKENIZER.decode(np.flatnonzero(list(allowed)))
        assert choices
        character = next((each for each in wish(text) if each in choices), choices[0])
        free.advance(TOKENIZER.char_to_id[character])
        text += character
    return text


def speller(script):
    """Wish for what a tune has on each line of its header, and for its body."""

    def wish(text):
        _, key, after = text.partition("\nK:")
        if key and "\n" in after:
            return script["body"][len(after.partition("\n")[2]) :]
        line = text.rpartition("\n")[2]
        if text.startswith("X:1\n") and line:
            return f"{line[0]}:{script[line[0]]}\n"[len(line) :]
        return [letter for letter in script["order"] if f"\n{letter}:" not in text]

    return wish


MODELS_OWN = {
    "order": "TRMLK", "T": "Own", "R": "reel", "M": "C|", "L": "1/16", "K": "Em", "body": "GABc dedB|]\n\n",
}  # fmt: skip


def test_what_is_not_asked_for_is_the_models_own():
    text = write(GenerationOptions(constrained=False), speller(MODELS_OWN))
    assert text == "X:1\nT:Own\nR:reel\nM:C|\nL:1/16\nK:Em\nGABc dedB|]\n\n"


def test_the_model_may_leave_out_what_is_not_asked_for():
    assert write(GenerationOptions(constrained=False), speller({**MODELS_OWN, "order": "MK"})).startswith(
        "X:1\nM:C|\nK:Em\nG"
    )


def test_what_is_asked_for_replaces_what_the_model_would_write():
    text = write(
        GenerationOptions(constrained=False, title="Asked", meter="6/8", key="G"), speller(MODELS_OWN)
    )
    assert text == "X:1\nT:Asked\nR:reel\nM:6/8\nL:1/16\nK:G\nGABc dedB|]\n\n"


def test_what_is_asked_for_stands_there_even_if_the_model_would_pass_it_over():
    options = GenerationOptions(constrained=False, rhythm="jig", unit_note_length="1/8")
    text = write(options, speller({**MODELS_OWN, "order": "K"}))
    assert text.startswith("X:1\nR:jig\nL:1/8\nK:Em\n")


def test_everything_can_be_asked_for():
    options = GenerationOptions(
        constrained=False,
        title="Asked",
        rhythm="jig",
        meter="6/8",
        unit_note_length="1/8",
        key="G",
        opening="|:GAB\ncde",
    )
    text = write(options, lambda text: "zzz")
    assert text.startswith("X:1\nT:Asked\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GAB\ncdez")


def test_the_opening_begins_the_body():
    text = write(
        GenerationOptions(constrained=False, opening="|:GAB"),
        speller({**MODELS_OWN, "body": "|:GAB cde:|\n\n"}),
    )
    assert text.endswith("K:Em\n|:GAB cde:|\n\n")


def test_a_body_may_end_right_after_the_opening():
    text = write(GenerationOptions(constrained=False, opening="GAB|]"), lambda text: "\nK")
    assert text == "X:1\nK:K\nGAB||\n\n"


def test_values_of_the_models_own_have_an_end():
    text = write(GenerationOptions(constrained=False), lambda text: "TRMLKabc", length=150)
    lines = text.split("\n")
    assert [line[:2] for line in lines[:6]] == ["X:", "T:", "R:", "M:", "L:", "K:"]
    assert [len(line) - 2 for line in lines[1:6]] == [60, 20, 7, 5, 8]


def test_values_of_the_models_own_are_not_empty_and_have_no_space_at_an_end():
    text = write(
        GenerationOptions(constrained=False),
        lambda text: "TRMLK" if text.endswith("\n") else " \n",
        length=130,
    )
    assert text.count("\n") > 5
    for line in text.split("\n")[1:6]:
        assert line[2:].strip() == line[2:] != ""


def test_no_line_of_the_body_is_a_second_header():
    options = GenerationOptions(constrained=False, title="Asked")
    text = write(options, lambda text: "T" if text.endswith("\n") else ":\n", length=90)
    assert text.count("T:") == 1


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**32),
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.sampled_from(["The Lost Badger", "X:1", "K:G", "x" * 60]),
            "key": st.sampled_from(["G", "A Dorian"]),
            "meter": st.sampled_from(["6/8", "C|"]),
            "rhythm": st.sampled_from(["jig", "slip jig"]),
            "unit_note_length": st.just("1/8"),
            "opening": st.sampled_from(["GAB", "|:g2"]),
        },
    ),
)
def test_whatever_is_drawn_the_tune_carries_what_was_asked_for(seed, asked):
    generator = np.random.default_rng(seed)
    options = GenerationOptions(constrained=False, **asked)

    def wish(text):  # line ends and colons more often than chance, since they are what could go wrong
        return "".join(generator.permutation(list(DEFAULT_SYMBOLS) + ["\n", ":"] * 20))

    text = write(options, wish, length=260)
    tune = Tune.parse(text)
    header = options.prompt.header
    lines = text.split("\n")
    for letter, value in header.items():
        assert [line for line in lines if line.startswith(f"{letter}:")] == [f"{letter}:{value}"]
    assert tune.body.startswith(options.prompt.opening)
    if "T" in header:
        assert tune.title == header["T"]
    assert text.find("\n\n") in (-1, len(text) - 2)


def test_a_vocabulary_that_lacks_what_is_asked_for_is_an_error():
    tokenizer = CharacterTokenizer.from_text("X:1\nK:GABc|")
    free_filter(GenerationOptions(constrained=False, key="G"), tokenizer)
    with pytest.raises(ModelError, match="lacks 'T', 'd', 'g'"):
        free_filter(
            GenerationOptions(constrained=False, key="G", title="BaBdg"),
            CharacterTokenizer.from_text("X:1\nK:GABca|"),
        )
    with pytest.raises(ModelError, match="lacks 'X'"):
        free_filter(GenerationOptions(constrained=False), CharacterTokenizer.from_text("1:\nK"))


def test_a_small_vocabulary_offers_the_fields_it_has():
    tokenizer = CharacterTokenizer.from_text("X:1\nK:GMB")
    free = free_filter(GenerationOptions(constrained=False), tokenizer)
    for character in "X:1\n":
        free.advance(tokenizer.char_to_id[character])
    assert tokenizer.decode(np.flatnonzero(list(free.allowed()))) == "KM"
