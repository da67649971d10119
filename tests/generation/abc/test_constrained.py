"""Held to the grammar, a model that knows nothing writes tunes that are valid and as asked for."""

import logging
import random

import numpy as np
import pytest

from abclm.errors import ConfigError, NotationError
from abclm.generation.abc.grammar import canonical_opening, grammar_for, way_to_end
from abclm.generation.abc.masks import Masks
from abclm.generation.abc.symbol_filter import GrammarFilter
from abclm.generation.abc.tunes import generate, stream
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.midi.complaints import complaints
from abclm.models.lstm.config import ModelConfig
from abclm.notation.fields import RHYTHMS
from abclm.tokenizers.characters import DEFAULT_SYMBOLS, CharacterTokenizer
from abclm.tune import Tune

TITLE = "The Lost Badger"


@pytest.fixture(scope="module")
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)


def write(lm, **options):
    """Tunes as they were written, closing empty line included; each has to be valid and complete."""
    options = GenerationOptions(best_of=1, **{"title": TITLE, "seed": 1, "max_length": 400, **options})
    texts = []
    for generated in generate(lm, options):
        assert generated.problems == ()
        assert generated.attempts == 1
        assert generated.characters <= options.max_length
        assert generated.tune.check() == []
        texts.append(generated.tune.text.rstrip("\n") + "\n\n")
        # It ended by itself, and the way there is nothing but the tune.
        assert len(texts[-1]) == generated.characters
    return texts


@pytest.mark.parametrize("temperature", [0.8, 1.3, 3])
def test_every_tune_is_valid_and_ends_by_itself(lm, temperature):
    texts = write(lm, n=6, temperature=temperature)
    assert len(set(texts)) == 6
    assert sum(bool(said) for said in complaints(texts)) == 0


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        ({"key": "A Dorian"}, ["K:Ador"]),
        ({"meter": "9/8"}, ["M:9/8"]),
        ({"meter": "5/4"}, ["M:5/4"]),
        ({"meter": "7/16"}, ["M:7/16"]),
        ({"rhythm": "Double Jigs"}, ["R:jig"]),
        ({"rhythm": "slip jig", "key": "Em"}, ["R:slip jig", "M:9/8", "K:Em"]),
        ({"unit_note_length": "1/16"}, ["L:1/16"]),
        ({"title": "Père O’Connor"}, ["T:Pere O'Connor"]),
        (
            {"rhythm": "waltz", "meter": "3/4", "unit_note_length": "1/4", "key": "Bb"},
            ["R:waltz", "M:3/4", "L:1/4", "K:Bb"],
        ),
    ],
)
def test_the_header_has_what_was_asked_for_and_what_goes_with_it(lm, asked, lines):
    for text in write(lm, n=2, **asked):
        assert set(lines) <= set(text.split("\n"))
        tune = Tune.parse(text)
        assert tune.rhythm is None or tune.meter in RHYTHMS[tune.rhythm]


def test_without_a_title_nothing_but_a_title_is_missing(lm):
    for generated in generate(lm, GenerationOptions(best_of=1, seed=1, n=6, max_length=300)):
        assert {each.message for each in generated.tune.check()} <= {"the tune has no title (T:)"}


@pytest.mark.parametrize("temperature", [0.8, 3])
def test_the_longest_length_is_kept_by_leading_to_an_end(lm, temperature):
    for text in write(lm, n=8, max_length=200, temperature=temperature):
        assert text.endswith("\n\n")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"title": "x" * 60, "rhythm": "highland fling", "meter": "C|", "unit_note_length": "1/32", "key": "F#mix"},
        {"title": None, "opening": "GAB cde|fga gfe|dcB AGA|"},
        {"title": "x" * 60, "opening": "GAB cde|fga gfe|"},
    ],
)  # fmt: skip
def test_whatever_is_drawn_the_longest_length_is_kept(asked):
    options = GenerationOptions(best_of=1, max_length=200, **asked)
    tokenizer = CharacterTokenizer.default()
    grammar = grammar_for(*options.prompt)
    for seed in range(30):
        draw = random.Random(seed)
        symbol_filter = GrammarFilter(grammar, Masks(tokenizer), options.prompt.opening, 200)
        text = ""
        while not symbol_filter.ended and len(text) < 200:
            choices = tokenizer.decode(np.flatnonzero(list(symbol_filter.allowed())))
            # The longest header first, then what keeps the bars open.
            wish = [each for each in choices if each in ("TR" if text[-1:] == "\n" else "xhilg(<12")]
            text += draw.choice(wish or choices)
            symbol_filter.advance(tokenizer.char_to_id[text[-1]])
        assert symbol_filter.ended
        tune = Tune.parse(text)
        assert [each for each in tune.check() if "title" not in each.message] == []
        assert tune.body.startswith(options.prompt.opening)
        for letter, value in options.prompt.header.items():
            assert f"\n{letter}:{value}\n" in text


@pytest.mark.parametrize(
    ("opening", "begins"),
    [
        ("GAB", "GAB"),
        ("GAB c2d|", "GAB c2d|"),
        ("D|GAB  c2 d | e", "D|GAB c2 d|e"),
        ("|:GAB c2d|", "GAB c2d|"),
    ],
)
def test_the_opening_begins_the_tune(lm, opening, begins):
    for text in write(lm, n=3, meter="6/8", unit_note_length="1/8", key="G", opening=opening):
        assert text.partition("K:G\n")[2].startswith(begins)


@pytest.mark.parametrize("opening", ["GAB", "GAB,", "G2B c'"])
def test_the_last_note_of_an_opening_keeps_its_pitch(opening):
    header = {"M": "6/8", "L": "1/8", "K": "G"}
    grammar = grammar_for(header, opening, None, None, 400)
    masks = Masks(CharacterTokenizer.default())
    constraint = GrammarFilter(grammar, masks, opening, 400)
    for symbol in f"X:1\nT:A\nM:6/8\nL:1/8\nK:G\n{opening}":
        constraint.advance(masks.symbols.index(symbol))
    allowed = [
        symbol for symbol, is_allowed in zip(masks.symbols, constraint.allowed(), strict=True) if is_allowed
    ]
    assert {"A", "B"} & set(allowed)
    assert not {",", "'"} & set(allowed)
    constraint.advance(masks.symbols.index("A"))
    assert constraint.allowed()[masks.symbols.index(",")]


def test_an_opening_picks_a_meter_and_a_rhythm_that_it_fits(lm):
    for text in write(lm, n=6, opening="GAB cde|fga gfe|"):
        assert "\nL:" in text
        assert text.partition("\nK:")[2].partition("\n")[2].startswith("GAB cde|fga gfe|")


def test_the_canonical_opening_keeps_what_closes_it():
    assert canonical_opening("GABc dedB|") == "GABc dedB|"
    assert canonical_opening("GABc dedB") == "GABc dedB"
    assert canonical_opening("GABc dedB ") == "GABc dedB "
    assert canonical_opening("|:GABc") == "GABc"


@pytest.mark.parametrize("opening", ["GAB-", "GAB (3", "GAB>", "GAB [", "[GB"])
def test_what_an_opening_begins_may_be_gone_on_with(lm, opening):
    assert canonical_opening(opening.strip()) == opening.strip()
    options = GenerationOptions(best_of=1, opening=opening)
    assert options.prompt.opening == opening


def test_the_way_to_the_end_leads_past_the_opening():
    grammar = grammar_for({"K": "G", "M": "6/8", "L": "1/8"}, "GAB c2d|")
    way = way_to_end(grammar, grammar.start(), "GAB c2d|")
    assert "\nK:G\nGAB c2d|" in way
    assert grammar.follow(way).lex == "end"


def test_temperature_0_writes_one_tune_whatever_the_seed(lm):
    assert write(lm, temperature=0, seed=1) == write(lm, temperature=0, seed=2)


@pytest.mark.parametrize(
    "control", [{"top_k": 1}, {"top_k": 3}, {"top_p": 0.1}, {"min_p": 1}, {"typical_p": 0.2}]
)
def test_the_other_controls_choose_among_what_is_allowed(lm, control):
    write(lm, n=2, temperature=1.3, **control)


def test_streaming_ends_by_itself(lm):
    text = "".join(stream(lm, GenerationOptions(seed=4, max_length=300)))
    assert text.endswith("\n\n")
    assert text.count("\n\n") == 1


def test_a_tune_does_not_depend_on_those_before_it(lm):
    three = write(lm, n=3)
    assert write(lm, n=1) == three[:1]
    assert write(lm, n=3) == three


# What can't be met is said before anything is sampled.


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rhythm": "jig", "meter": "3/4"}, "rhythm jig goes with meter 6/8, 12/8, received 3/4; give one of these"),
        ({"meter": "none"}, "meter none has no bars to keep; give another meter, or leave tunes unconstrained"),
        ({"meter": "5/32", "unit_note_length": "1/2"}, "bars of meter 5/32 can't be written in notes of unit note"),
        ({"meter": "100/1"}, "bars of meter 100/1 can't be written in notes of any unit note length"),
        ({"opening": "GAB |[ ] (3GA|"}, "the opening 'GAB |[ ] (3GA|' can't begin a tune: it is no music code"),
        ({"opening": "GAB cde f|GA|GA|"}, "or its bars have the wrong length; give other music, or another meter"),
        ({"opening": "GAB cde|fga gfe|", "rhythm": "reel"}, "can't begin a tune in R:reel"),
        (
            {
                "max_length": 200, "title": "x" * 60, "rhythm": "highland fling", "unit_note_length": "1/16",
                "key": "F#mix", "opening": "G16|" + "z16|" * 19,
            },
            "more than max_length=200; raise max_length or shorten the opening",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said(asked, said):
    with pytest.raises(ConfigError) as caught:
        GenerationOptions(best_of=1, **asked)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_the_grammar_refuses_can_be_asked_for_unconstrained():
    GenerationOptions(constrained=False, rhythm="jig", meter="3/4", opening="GAB |[ ] (3GA|")
    GenerationOptions(constrained=False, meter="none")


def test_the_grammar_of_what_does_not_go_together_is_an_error():
    with pytest.raises(NotationError, match="jig goes with meter 6/8, 12/8"):
        grammar_for({"R": "jig", "M": "3/4"}, "")


# A model with another vocabulary is left to itself.


def test_a_vocabulary_without_the_83_symbols_falls_back_with_a_warning(caplog):
    tokenizer = CharacterTokenizer.from_text("".join(DEFAULT_SYMBOLS).replace("q", "").replace("(", "") + "~")
    lm = LanguageModel.create(ModelConfig(embedding_dimension=3, units=4), tokenizer)
    with caplog.at_level(logging.WARNING, "abclm"):
        text = "".join(stream(lm, GenerationOptions(seed=1, key="G", max_length=200)))
    assert "the model's vocabulary lacks '(', 'q': its tunes are not held to the grammar" in caplog.text
    assert "\nK:G\n" in text


def test_a_vocabulary_with_more_than_the_83_symbols_is_held_to_the_grammar():
    lm = LanguageModel.create(
        ModelConfig(embedding_dimension=3, units=4),
        CharacterTokenizer.from_text("".join(DEFAULT_SYMBOLS) + "~é"),
    )
    (text,) = write(lm, temperature=3)
    assert set(text) <= set(DEFAULT_SYMBOLS)
