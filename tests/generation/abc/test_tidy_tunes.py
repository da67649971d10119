"""What a model with random weights writes is tidy all the same."""

import re

import numpy as np
import pytest

from abclm.generation.abc.masks import Masks
from abclm.generation.abc.symbol_filter import GrammarFilter
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.notation.grammar import Grammar
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.default()


def allowed_after(text, **form):
    grammar_filter = GrammarFilter(Grammar(**form), Masks(TOKENIZER), "", 1000)
    for symbol in text:
        assert grammar_filter.allowed()[TOKENIZER.char_to_id[symbol]], symbol
        grammar_filter.advance(TOKENIZER.char_to_id[symbol])
    return TOKENIZER.decode(np.flatnonzero(list(grammar_filter.allowed())))


def test_a_key_change_is_to_another_key_than_the_one_in_force():
    tune = "X:1\nM:2/4\nL:1/8\nK:Bm\nGABc|[K:"
    assert "B" in allowed_after(tune)
    assert set(allowed_after(tune + "B")) == set("]#bmdpl")
    assert set(allowed_after(tune + "Bm")) == {"i"}  # Bmix
    assert "]" not in allowed_after(tune + "G]GABc|[K:G")
    assert "]" in allowed_after(tune + "G]GABc|[K:Bm")


def test_nothing_comes_after_the_bar_line_that_ends_a_tune():
    assert allowed_after("X:1\nM:2/4\nL:1/8\nK:G\nGABc|GABc|]") == "\n"
    assert allowed_after("X:1\nM:2/4\nL:1/8\nK:G\nGABc|GABc|]\n") == "\n"


@pytest.mark.parametrize("form", [{"any_form": True}, {"bars": 16}, {"parts": 2, "bars": 4}])
def test_tunes_are_tidy(form):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)
    for tune in lm.generate(n=8, seed=1, title="Asked", max_length=600, attempts=1, **form):
        music = tune.text.rstrip().partition("\nK:")[2].partition("\n")[2]
        music = re.sub(r"\[[A-Z]:[^\]]*\]", "", music)
        assert re.sub(r"\[[^\]|]*\]", "", music).find("|]") in (
            -1,
            len(re.sub(r"\[[^\]|]*\]", "", music)) - 2,
        )
        assert all(line.rstrip()[-1] in "|:]" for line in music.split("\n"))
