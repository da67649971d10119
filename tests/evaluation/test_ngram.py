import math
from dataclasses import replace

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.datasets.encoded import EncodedCorpus
from abclm.errors import ConfigError, VocabularyError
from abclm.evaluation.ngram import NGramModel, count_models
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tokenizers.notes import NoteTokenizer
from abclm.tune import Tune

TUNE = Tune.parse("X:1\nK:C\nABABABAC|]\n")
SYMBOLS = CharacterTokenizer(("\n", "1", ":", "A", "B", "C", "K", "X", "]", "|"))


@pytest.mark.parametrize("order", [1, 2, 3, 6, 9])
@pytest.mark.parametrize("text", ["", "X", "X:1\nK:C\nABA", "CCCCCCCCC", "\n\n"])
def test_the_probabilities_after_any_context_are_positive_and_sum_to_1(order, text):
    probabilities = NGramModel([TUNE], order, SYMBOLS).probabilities(text)
    assert probabilities.shape == (10,)
    assert probabilities.min() > 0
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)


def test_order_1_mixes_the_counts_with_the_uniform_distribution():
    # 20 characters of 10 kinds, 4 of them A: (4 + 10 / 10) / (20 + 10)
    probabilities = NGramModel([TUNE], 1, SYMBOLS).probabilities("AB")
    text = TUNE.text + "\n"
    assert (len(text), text.count("A"), len(set(text))) == (20, 4, 10)
    assert probabilities[3] == pytest.approx(5 / 30)


def test_order_2_mixes_what_follows_with_order_1():
    # B was seen 3 times, A after it each time: (3 + 1 · p(A)) / (3 + 1)
    shorter = NGramModel([TUNE], 1, SYMBOLS).probabilities("")[3]
    probabilities = NGramModel([TUNE], 2, SYMBOLS).probabilities("B")
    assert probabilities[3] == pytest.approx((3 + shorter) / 4)


def test_a_context_never_seen_leaves_the_shorter_one():
    model = NGramModel([TUNE], 3, SYMBOLS)
    assert model.probabilities("1B") == pytest.approx(model.probabilities("XB"))
    assert model.probabilities("1B") == pytest.approx(NGramModel([TUNE], 2, SYMBOLS).probabilities("B"))


def test_a_tune_begins_after_a_newline_that_no_other_tune_comes_before():
    model = NGramModel([TUNE], 6, SYMBOLS)
    assert SYMBOLS.decode([int(model.probabilities("").argmax())]) == "X"
    assert model.bits_per_character([TUNE, TUNE]) == pytest.approx(model.bits_per_character([TUNE]))


def test_bits_per_character_are_those_of_every_character_with_the_closing_empty_line():
    model = NGramModel([TUNE], 4, SYMBOLS)
    other = Tune.parse("X:1\nK:C\nABCBA|]\n")
    text = other.text.rstrip() + "\n\n"
    ids = SYMBOLS.encode(text)
    bits = [-math.log2(model.probabilities(text[:place])[ids[place]]) for place in range(len(text))]
    assert model.bits_per_character([other]) == pytest.approx(np.mean(bits))


def test_it_learns_from_a_corpus():
    train, validation = Corpus.load("oldTunes").normalize().split(0.2)
    assert NGramModel(train, 5).bits_per_character(validation) < NGramModel(train, 1).bits_per_character(
        validation
    )
    assert NGramModel(train, 5).bits_per_character(train) < 1.5 < math.log2(83)


@pytest.mark.parametrize("order", [0, -1, 10])
def test_an_order_out_of_range_is_refused(order):
    with pytest.raises(ConfigError, match=f"is 1 to 9 here; received {order}"):
        NGramModel([TUNE], order)


def test_no_tunes_and_unknown_characters_are_refused():
    with pytest.raises(ConfigError, match="no tunes"):
        NGramModel([])
    model = NGramModel([TUNE], 2, SYMBOLS)
    with pytest.raises(ConfigError, match="no held-out tunes"):
        model.bits_per_character([])
    with pytest.raises(VocabularyError):
        model.probabilities("?")


def test_count_models_of_pieces_are_those_of_the_equation_on_each_split():
    corpus = EncodedCorpus("x", "", np.array([0, 1, 2, 1, 0, 1, 2, 0], np.uint8), np.array([5, 8]))
    held_out = EncodedCorpus("y", "", np.array([0, 1, 1, 0], np.uint8), np.array([4]))
    tokenizer = NoteTokenizer(("", "C4", "D4"))
    # Unigrams of 0, 1, 2: two, three, two of seven; three kinds, so p(x) = (c + 3 / 3) / (7 + 3).
    unigram = np.array([3, 4, 3]) / 10
    found = count_models(corpus, held_out, tokenizer, highest=2)
    assert found[1] == pytest.approx(-np.log(unigram[[1, 1, 0]]).mean())
    # After 0: 1 twice, one kind. After 1: 2 twice, 0 once, two kinds.
    after = [(2 + unigram[1]) / 3, 2 * unigram[1] / 5, (1 + 2 * unigram[0]) / 5]
    assert found[2] == pytest.approx(-np.log(after).mean())
    # Of targets alone.
    part = replace(held_out, targets=np.array([2]))
    assert count_models(corpus, part, tokenizer, highest=2)[2] == pytest.approx(-np.log(after[1]))


def test_count_models_stop_where_n_grams_become_too_many():
    corpus = EncodedCorpus("x", "", np.array([0, 1, 0], np.uint16), np.array([3]))
    names = [f"{step}{octave}" for step in ("C", "D") for octave in range(5)]
    assert list(count_models(corpus, corpus, NoteTokenizer(("", *names)), highest=20)) == list(range(1, 18))
