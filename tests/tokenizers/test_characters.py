"""Characters to token ids and back."""

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.errors import VocabularyError
from abclm.tokenizers.characters import DEFAULT_SYMBOLS, CharacterTokenizer
from abclm.tokenizers.tokenizer import read_tokenizer


def test_the_default_vocabulary_has_the_83_symbols_in_code_point_order():
    expected = "\n !\"#'(),-./0123456789:<=>ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz|"
    assert "".join(DEFAULT_SYMBOLS) == expected
    assert len(CharacterTokenizer.default()) == 83


def test_ids_are_places_in_the_order():
    tokenizer = CharacterTokenizer(("c", "a", "b"))
    assert tokenizer.encode("abc").tolist() == [1, 2, 0]
    assert tokenizer.encode("abc").dtype == np.uint8
    assert tokenizer.decode([1, 2, 0]) == "abc"
    assert tokenizer.char_to_id == {"c": 0, "a": 1, "b": 2}
    assert tokenizer.id_to_char == ("c", "a", "b")
    assert "a" in tokenizer
    assert "d" not in tokenizer


@given(st.text(alphabet="".join(DEFAULT_SYMBOLS)))
def test_decoding_undoes_encoding(text):
    tokenizer = CharacterTokenizer.default()
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(st.text(min_size=1, max_size=200))
def test_decoding_undoes_encoding_for_any_characters(text):
    tokenizer = CharacterTokenizer.from_text(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    "text", ["X:1\nK:G\nGA~B\n", "X:1\nK:G\nGAéB\n", "X:1\nK:G\nGA\U0001d15eB\n", "X:1\nK:G\nGA\0B\n"]
)
def test_an_unknown_character_is_an_error_that_names_it_and_its_place(text):
    with pytest.raises(VocabularyError) as caught:
        CharacterTokenizer.default().encode(text)
    assert str(caught.value).startswith(f"line 3:3: the character {text[10]!r} (U+{ord(text[10]):04X})")


def test_an_unknown_character_on_the_first_line_is_counted_from_one():
    with pytest.raises(VocabularyError, match=r"^line 1:1: "):
        CharacterTokenizer.default().encode("~")


@pytest.mark.parametrize("text", ["G~A~", "GéAé", "G\ud800A\ud800"])
def test_an_unknown_character_is_mapped_where_a_symbol_is_given_for_it(text):
    tokenizer = CharacterTokenizer.default()
    assert tokenizer.decode(tokenizer.encode(text, unknown="z")) == "GzAz"


def test_the_symbol_for_unknown_characters_must_itself_be_known():
    with pytest.raises(VocabularyError, match="received '~'"):
        CharacterTokenizer.default().encode("é", unknown="~")


def test_symbols_beyond_ascii_are_encoded():
    tokenizer = CharacterTokenizer.from_text("aé♯\U0001d15e")
    assert tokenizer.encode("♯aé\U0001d15e").tolist() == [2, 0, 1, 3]
    with pytest.raises(VocabularyError, match=r"U\+0062"):
        tokenizer.encode("éb")
    with pytest.raises(VocabularyError, match=r"U\+10FFFF"):
        tokenizer.encode("é\U0010ffff")


def test_the_ids_may_be_changed_by_their_owner():
    for text in ("GAB", "GAé"):
        ids = CharacterTokenizer.from_text(text).encode(text)
        ids[0] = 1
        assert ids[0] == 1


def test_empty_text_gives_no_ids_and_back():
    tokenizer = CharacterTokenizer.default()
    assert tokenizer.encode("").shape == (0,)
    assert tokenizer.decode([]) == ""


@pytest.mark.parametrize("ids", [[83], [-1], [0.5], np.array([255], np.uint8)])
def test_ids_outside_the_vocabulary_are_an_error(ids):
    with pytest.raises(VocabularyError, match="from 0 to 82"):
        CharacterTokenizer.default().decode(ids)


def test_ids_of_any_iterable_are_decoded():
    assert CharacterTokenizer(("a", "b")).decode(i % 2 for i in range(3)) == "aba"


@pytest.mark.parametrize(
    ("symbols", "message"),
    [((), "received 0"), (("a", "b", "a"), "'a' stands in it twice"), (("ab",), "received 'ab'"),
     (tuple(map(chr, range(256))), "received 256")],
)  # fmt: skip
def test_symbols_that_make_no_vocabulary_are_an_error(symbols, message):
    with pytest.raises(VocabularyError, match=message):
        CharacterTokenizer(symbols)


def test_a_vocabulary_goes_to_json_and_back():
    tokenizer = CharacterTokenizer.from_text("GABé♯\n")
    assert read_tokenizer(tokenizer.to_json()) == tokenizer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"symbols": "ab"}',
        '{"symbols": [1]}',
        '{"symbols": ["a"], "x": 1}',
        "[" * 100_000,
    ],
)
def test_json_that_is_no_vocabulary_is_an_error(text):
    with pytest.raises(VocabularyError) as caught:
        read_tokenizer(text)
    assert "\n" not in str(caught.value)


def test_a_repeated_symbol_in_json_is_an_error():
    with pytest.raises(VocabularyError, match="twice"):
        read_tokenizer(json.dumps({"symbols": ["a", "a"]}))


def test_encoding_is_a_table_look_up_not_a_loop():
    # A Python loop takes seconds for this much; the bound is loose because test machines are shared.
    text = "".join(DEFAULT_SYMBOLS) * 200_000  # 16.6 MB
    start = time.process_time()
    CharacterTokenizer.default().encode(text)
    assert time.process_time() - start < 0.6
