"""Tokenizers by their kind: what a vocabulary says of itself, and what becomes of one that nobody knows."""

import json

import numpy as np
import pytest

import abclm
from abclm.errors import ModelError, VocabularyError
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tokenizers.tokenizer import TOKENIZERS, Tokenizer, read_tokenizer, register


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """What a test registers is gone when it is over."""
    monkeypatch.setattr(TOKENIZERS, "known", dict(TOKENIZERS.known))


class Numbers(Tokenizer[list[int]]):
    """Numbers below a limit, which stand for themselves; the limit itself stands between pieces."""

    kind = "numbers"

    def __init__(self, limit):
        self.limit = limit

    def __len__(self):
        return self.limit + 1

    @property
    def start(self):
        return self.limit

    @property
    def end(self):
        return (self.limit,)

    def encode(self, content):
        return np.array(content, self.dtype)

    def decode(self, ids):
        return list(ids)

    def encode_piece(self, content):
        return self.encode([self.start, *content, *self.end])

    def settings(self):
        return {"limit": self.limit}

    @classmethod
    def from_settings(cls, settings):
        return cls(**settings)


def test_a_tokenizer_of_ones_own_is_loaded_from_a_folder(tmp_path):
    own = register(Numbers)(7)
    LanguageModel.create(ModelConfig(embedding_dimension=3, units=4), own).save(tmp_path / "m")
    loaded = abclm.load(tmp_path / "m")
    assert type(loaded.tokenizer) is Numbers
    assert loaded.tokenizer.limit == 7
    assert loaded.logits([1, 2, 3]).shape == (3, 8)


@pytest.mark.parametrize(
    ("limit", "dtype"), [(1, "uint8"), (255, "uint8"), (256, "uint16"), (70_000, "uint32")]
)
def test_ids_take_the_smallest_type_that_holds_them(limit, dtype):
    assert Numbers(limit).dtype == np.dtype(dtype)


def test_pieces_are_found_where_they_end():
    own = Numbers(9)
    text = np.concatenate([own.encode_piece([1, 2]), own.encode_piece([3])[1:]])
    assert text.tolist() == [9, 1, 2, 9, 3, 9]
    assert own.ends_in(text).tolist() == [3, 5]


def test_a_vocabulary_without_a_kind_is_one_of_characters():
    assert read_tokenizer('{"symbols": ["a", "b"]}') == CharacterTokenizer(("a", "b"))
    assert json.loads(CharacterTokenizer(("a",)).to_json()) == {"kind": "characters", "symbols": ["a"]}


@pytest.mark.parametrize(
    ("kind", "near"),
    [
        ("nodes", "notes"),
        (3, None),
        (None, None),
        (["characters"], "characters"),
    ],
)
def test_an_unknown_kind_is_one_clear_line(kind, near, tmp_path):
    LanguageModel.create(ModelConfig(embedding_dimension=3, units=4)).save(tmp_path / "m")
    path = tmp_path / "m" / "vocabulary.json"
    path.write_text(json.dumps({"kind": kind, "symbols": []}))
    with pytest.raises(ModelError) as caught:
        abclm.load(tmp_path / "m")
    known = f"did you mean {near}?" if near else "it is one of characters, events, lowest, notes, rolls."
    assert str(caught.value) == (
        f"{path}: the tokenizer {kind!r} is unknown; {known} For one of your own, import the module that "
        "registers it first; else update abclm"
    )


def test_what_a_tokenizer_lacks_is_said_when_it_is_registered():
    class Half(Tokenizer[str]):
        def __len__(self):
            return 1

    with pytest.raises(VocabularyError) as caught:
        register(Half)
    assert str(caught.value) == (
        "the tokenizer Half can't be registered: it lacks kind, decode, encode, encode_piece, end, from_settings, "
        "settings, start"
    )


@pytest.mark.parametrize("thing", [dict, "characters", CharacterTokenizer(("a",))])
def test_what_is_no_tokenizer_is_refused(thing):
    with pytest.raises(VocabularyError, match="can't be registered: it is no subclass of Tokenizer"):
        register(thing)


def test_a_kind_is_taken_once():
    register(register(Numbers))

    class Other(Numbers):
        kind = "characters"

    with pytest.raises(VocabularyError, match="'characters' is registered already; give yours another kind"):
        register(Other)
