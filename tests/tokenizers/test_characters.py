"""Characters to token ids and back."""

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.errors import VocabularyError
from abclm.tokenizers.characters import DEFAULT_SYMBOLS, Vocabulary


def test_the_default_vocabulary_has_the_83_symbols_in_code_point_order():
    expected = "\n !\"#'(),-./0123456789:<=>ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz|"
    assert "".join(DEFAULT_SYMBOLS) == expected
    assert len(Vocabulary.default()) == 83


def test_ids_are_places_in_the_order():
    vocabulary = Vocabulary(("c", "a", "b"))
    assert vocabulary.encode("abc").tolist() == [1, 2, 0]
    assert vocabulary.encode("abc").dtype == np.uint8
    assert vocabulary.decode([1, 2, 0]) == "abc"
    assert vocabulary.char_to_id == {"c": 0, "a": 1, "b": 2}
    assert vocabulary.id_to_char == ("c", "a", "b")
    assert "a" in vocabulary
    assert "d" not in vocabulary


@given(st.text(alphabet="".join(DEFAULT_SYMBOLS)))
def test_decoding_undoes_encoding(text):
    vocabulary = Vocabulary.default()
    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(st.text(min_size=1, max_size=200))
def test_decoding_undoes_encoding_for_any_characters(text):
    vocabulary = Vocabulary.from_text(text)
    assert vocabulary.decode(vocabulary.encode(text)) == text


@pytest.mark.parametrize(
    "text", ["X:1\nK:G\nGA~B\n", "X:1\nK:G\nGAéB\n", "X:1\nK:G\nGA\U0001d15eB\n", "X:1\nK:G\nGA\0B\n"]
)
def test_an_unknown_character_is_an_error_that_names_it_and_its_place(text):
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.default().encode(text)
    assert str(caught.value).startswith(f"line 3:3: the character {text[10]!r} (U+{ord(text[10]):04X})")


def test_an_unknown_character_on_the_first_line_is_counted_from_one():
    with pytest.raises(VocabularyError, match=r"^line 1:1: "):
        Vocabulary.default().encode("~")


@pytest.mark.parametrize("text", ["G~A~", "GéAé", "G\ud800A\ud800"])
def test_an_unknown_character_is_mapped_where_a_symbol_is_given_for_it(text):
    vocabulary = Vocabulary.default()
    assert vocabulary.decode(vocabulary.encode(text, unknown="z")) == "GzAz"


def test_the_symbol_for_unknown_characters_must_itself_be_known():
    with pytest.raises(VocabularyError, match="received '~'"):
        Vocabulary.default().encode("é", unknown="~")


def test_symbols_beyond_ascii_are_encoded():
    vocabulary = Vocabulary.from_text("aé♯\U0001d15e")
    assert vocabulary.encode("♯aé\U0001d15e").tolist() == [2, 0, 1, 3]
    with pytest.raises(VocabularyError, match=r"U\+0062"):
        vocabulary.encode("éb")
    with pytest.raises(VocabularyError, match=r"U\+10FFFF"):
        vocabulary.encode("é\U0010ffff")


def test_the_ids_may_be_changed_by_their_owner():
    for text in ("GAB", "GAé"):
        ids = Vocabulary.from_text(text).encode(text)
        ids[0] = 1
        assert ids[0] == 1


def test_empty_text_gives_no_ids_and_back():
    vocabulary = Vocabulary.default()
    assert vocabulary.encode("").shape == (0,)
    assert vocabulary.decode([]) == ""


@pytest.mark.parametrize("ids", [[83], [-1], [0.5], np.array([255], np.uint8)])
def test_ids_outside_the_vocabulary_are_an_error(ids):
    with pytest.raises(VocabularyError, match="from 0 to 82"):
        Vocabulary.default().decode(ids)


def test_ids_of_any_iterable_are_decoded():
    assert Vocabulary(("a", "b")).decode(i % 2 for i in range(3)) == "aba"


@pytest.mark.parametrize(
    ("symbols", "message"),
    [((), "received 0"), (("a", "b", "a"), "'a' stands in it twice"), (("ab",), "received 'ab'"),
     (tuple(map(chr, range(256))), "received 256")],
)  # fmt: skip
def test_symbols_that_make_no_vocabulary_are_an_error(symbols, message):
    with pytest.raises(VocabularyError, match=message):
        Vocabulary(symbols)


def test_a_vocabulary_goes_to_json_and_back():
    vocabulary = Vocabulary.from_text("GABé♯\n")
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


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
        Vocabulary.from_json(text)
    assert "\n" not in str(caught.value)


def test_a_repeated_symbol_in_json_is_an_error():
    with pytest.raises(VocabularyError, match="twice"):
        Vocabulary.from_json(json.dumps({"symbols": ["a", "a"]}))


def test_encoding_is_a_table_look_up_not_a_loop():
    # A Python loop takes seconds for this much; the bound is loose because test machines are shared.
    text = "".join(DEFAULT_SYMBOLS) * 200_000  # 16.6 MB
    start = time.perf_counter()
    Vocabulary.default().encode(text)
    assert time.perf_counter() - start < 0.6
