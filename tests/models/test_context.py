"""What a model with structure reads beside the symbols of a tune."""

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.models.context import (
    AGREE,
    COLUMNS,
    COPIES,
    FORM,
    INPUTS,
    TOLD,
    Context,
    Told,
    context_rows,
    told_of,
)
from abclm.models.recall import WEIGHTS, recall
from abclm.notation.place import Place
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.default()
TUNES = Corpus.load("oldTunes").normalize().tunes
TUNE = TUNES[2]  # Drowsy Maggie, 8 and 8 bars
HEADER = "X:1\nM:4/4\nL:1/8\nK:D\n"


def rows_of(text, told=None):
    ids = TOKENIZER.encode_piece(text)
    rows = context_rows(TOKENIZER, ids, told_of(text) if told is None else told)
    assert rows.shape == (len(ids), len(COLUMNS))
    assert rows.dtype == np.uint8
    return ids, rows


def column(rows, name):
    return rows[:, COLUMNS.index(name)]


@pytest.mark.parametrize("tune", TUNES[::4], ids=lambda tune: tune.title)
def test_every_column_is_below_its_number_of_values(tune):
    _, rows = rows_of(tune.text)
    sizes = [*INPUTS.values(), *[1 + len(TOKENIZER)] * len(COPIES), *COPIES.values(), *AGREE.values()]
    assert (rows < np.array(sizes)).all()


def test_what_is_told_is_known_from_the_first_symbol_and_the_form_in_the_body():
    _, rows = rows_of(TUNE.text)
    assert told_of(TUNE.text) == Told("reel", "Edor", (8, 8))
    for name in TOLD:
        assert set(column(rows, name).tolist()) == {int(column(rows, name)[0])} != {0}
    in_body = column(rows, "part") > 0
    assert not column(rows, "left")[~in_body].any()
    assert column(rows, "left")[in_body].min() == 1
    assert column(rows, "left").max() == 9
    assert sorted(set(column(rows, "parts_left")[in_body].tolist())) == [1, 2, 3]
    _, unknown = rows_of(TUNE.text, Told())
    for name in (*TOLD, *FORM):
        assert not column(unknown, name).any()
        unknown[:, COLUMNS.index(name)] = column(rows, name)
    np.testing.assert_array_equal(unknown, rows)


@pytest.mark.parametrize("tune", TUNES[::5], ids=lambda tune: tune.title)
def test_a_row_depends_on_nothing_that_comes_later(tune):
    ids, rows = rows_of(tune.text)
    told = told_of(tune.text)
    for end in range(1, len(ids), 37):
        np.testing.assert_array_equal(context_rows(TOKENIZER, ids[:end], told), rows[:end])


@pytest.mark.parametrize("tune", TUNES[::5], ids=lambda tune: tune.title)
def test_a_row_is_that_of_the_place_and_of_what_is_recalled(tune):
    ids, rows = rows_of(tune.text)
    recalled, lengths = recall(ids.tolist(), tuple(length / 100 for length in range(1, 1 + len(WEIGHTS))))
    place = Place()
    for at, row in enumerate(rows.tolist()):
        if at:
            place.add(TOKENIZER.symbols[ids[at]])
        found = dict(zip(COLUMNS, row, strict=True))
        assert found["copy/recall"] == (1 + recalled[at] if lengths[at] else 0)
        assert found["matched/recall"] == round(100 * lengths[at])
        assert found["bar"] == place.bar * place.in_body
        for name, bar in zip(list(COPIES)[1:], place.aligned, strict=True):
            assert found[f"copy/{name}"] == (1 + TOKENIZER.char_to_id[bar[len(place.text)]] if bar else 0)
            assert found[f"matched/{name}"] == (1 + min(len(place.text), 15) if bar else 0)
        copies = [found[f"copy/{name}"] for name in COPIES]
        agree = [found[f"agree/{name}"] for name in COPIES]
        assert agree == [copies.count(each) - 1 if each else 0 for each in copies]


def test_a_bar_that_comes_again_is_copied_to_its_end():
    """Bar 5 of both parts is bar 1, and the copy of four bars ago says so for every symbol."""
    ids, rows = rows_of(TUNE.text)
    bars = np.flatnonzero((column(rows, "bar") == 5) & (column(rows, "position") > 1))
    assert len(bars) > 10
    copied = column(rows, "copy/bar_4")[bars]
    after = ids[bars + 1]
    assert np.mean(copied == 1 + after.astype(int)) > 0.8


def test_a_copy_goes_on_by_itself():
    context = Context(TOKENIZER)
    for token_id in TOKENIZER.encode(HEADER + "abcd efga|"):
        context.add(int(token_id))
    row, other = context.row, context.copy()
    other.add(TOKENIZER.char_to_id["b"])
    assert context.row == row != other.row


def test_symbols_that_the_vocabulary_lacks_are_no_copies_and_strange_keys_are_not_told():
    tokenizer = CharacterTokenizer.from_text("\nX:1MKDABCG4/8L")
    text = "X:1\nM:4/4\nL:1/8\nK:D\nA8"
    ids = tokenizer.encode("\n" + text)
    assert not context_rows(tokenizer, ids, Told())[:, COLUMNS.index("copy/bar_4")].any()
    assert told_of("X:1\nK:strange\nABC|]\n").key is None
    assert Told("no such dance", "D").values()[0] == 0
    assert Told("", None).values() == (1, 0, 0)
