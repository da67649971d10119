"""Titles that name another dance than the tune is are drawn again, and words that are none of real titles."""

import numpy as np
import pytest

from abclm.analysis.titles import count_title_words, title_words_in
from abclm.generation.abc.draft import TuneDraft
from abclm.generation.abc.masks import Masks
from abclm.generation.abc.symbol_filter import GrammarFilter
from abclm.generation.abc.title import Title
from abclm.generation.abc.tunes import generate, stream
from abclm.generation.decoder import Decoder
from abclm.generation.options import GenerationOptions
from abclm.generation.sampling import Sampler
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.notation.fields import rhythms_in
from abclm.notation.grammar import Grammar
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.default()
SCRIPTS = ("X:1\nT:The Jig\n", "X:1\nT:The Slip Jig\n", "X:1\nT:The Reel\n")


class Script:
    """An engine that writes one text of several."""

    few = 4

    def __init__(self, texts):
        self.texts, self.turn = texts, 0

    def start(self, batch=1):
        return Place()

    def step(self, state, ids):
        text = self.texts[min(self.turn, len(self.texts) - 1)]
        logits = np.zeros((1, 83), np.float32)
        logits[0, TOKENIZER.char_to_id[text[state.at]] if state.at < len(text) else 0] = 100
        state.at += 1
        return logits


class Place:
    batch, at = 1, 0

    def column(self, place):
        other = Place()
        other.at = self.at
        return other

    only = column

    def put(self, place, column):
        self.at = column.at


@pytest.mark.parametrize(
    ("rhythm", "title"),
    [("reel", "The Reel"), ("jig", "The Jig"), ("slip jig", "The Slip Jig"), ("march", "The Reel")],
)
def test_a_title_is_drawn_until_it_names_no_other_dance_or_often_enough(rhythm, title, monkeypatch):
    grammar = Grammar({"R": rhythm}, title_needed=True)
    random = np.random.default_rng(0)
    draft = TuneDraft(
        GrammarFilter(grammar, Masks(TOKENIZER), "", 300), random, 300, TOKENIZER, title=Title(rhythm)
    )
    engine = Script(SCRIPTS)
    settled, again = [], draft.rewind
    monkeypatch.setattr(TuneDraft, "rewind", lambda self, start: (next_text(engine), again(start))[1])
    for _ in Decoder(engine, TOKENIZER.start, Sampler(), [draft]).run(lambda: None):
        settled.append(draft.settled)
        if "\nR:" in draft.text:
            break
    assert draft.text.startswith(f"X:1\nT:{title}\nR:")
    assert settled == sorted(settled)


@pytest.mark.parametrize(
    ("words", "drawn", "title"),
    [
        ("the old reel", ["The Olg Reel", "The Odl Reel", "The Old Reel"], "The Old Reel"),
        ("o'neill's march", ["O'Neil's March", "O'NEILL'S MARCH"], "O'NEILL'S MARCH"),
        ("old reel", ["Old Reell", "Old Reel"], "Old Reel"),
        ("old reel", ["Old -- Reel", "Reel -Old", "Old-Reel"], "Old-Reel"),
        ("old", ["Old -- Old"] * 20, "Old -- Old"),
        ("", ["Olg -- Rele"], "Olg -- Rele"),
        ("old", ["New"] * 200, "New"),
    ],
)
def test_words_of_a_title_are_drawn_until_real_titles_have_them(words, drawn, title, monkeypatch):
    grammar = Grammar({"R": "reel"}, title_needed=True)
    title_rule = Title("reel", frozenset(words.split()))
    draft = TuneDraft(
        GrammarFilter(grammar, Masks(TOKENIZER), "", 300),
        np.random.default_rng(0),
        300,
        TOKENIZER,
        title=title_rule,
    )
    engine = Script([f"X:1\nT:{each}\nR:" for each in drawn])
    again = draft.rewind
    monkeypatch.setattr(TuneDraft, "rewind", lambda self, start: (next_text(engine), again(start))[1])
    for _ in Decoder(engine, TOKENIZER.start, Sampler(), [draft]).run(lambda: None):
        if "\nR:" in draft.text:
            break
    assert draft.text.startswith(f"X:1\nT:{title}\nR:")


def test_the_words_of_titles_are_those_of_every_training_that_led_to_a_model():
    record = {"title_words": "old reel", "went_on_from": {"title_words": "the reel", "went_on_from": {}}}
    assert title_words_in({"training": record}) == {"old", "reel", "the"}
    assert title_words_in({}) == frozenset()
    assert count_title_words(["The Reel", "the 2nd Boys' reel"]) == "the reel nd boys"


def next_text(engine):
    engine.turn += 1


def test_the_dances_that_a_title_names_are_found():
    assert rhythms_in("Jigsaw Sam") == set()
    assert rhythms_in("Slip Jigs and Reels") == {"slip jig", "reel"}
    assert rhythms_in("The Double Jig; a Highland") == {"jig", "highland fling"}


def test_a_tune_whose_title_is_drawn_again_is_the_same_alone_streamed_and_in_a_batch(monkeypatch):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)
    refuses, turns = Title.refuses, []

    def now_and_then(title, header):
        """Titles of random letters name no dance; here those with an even number of letters are refused."""
        again = len(header) % 2 == 0 and title._redraws < 3
        title._redraws += again
        turns.append(again)
        return again or refuses(title, header)

    monkeypatch.setattr(Title, "refuses", now_and_then)
    options = {"seed": 3, "rhythm": "reel", "max_length": 400, "attempts": 1}
    alone = [each.tune.text for each in generate(lm, GenerationOptions(n=4, batch_size=1, **options))]
    batch = [each.tune.text for each in generate(lm, GenerationOptions(n=4, batch_size=4, **options))]
    assert batch == alone
    assert "".join(stream(lm, GenerationOptions(**options))).rstrip("\n") == alone[0].rstrip("\n")
    assert True in turns


@pytest.mark.parametrize("title", ["The Lost Badger", "THE LOST BADGER.", "Lost: Badger", "Do."])
def test_a_title_that_a_training_tune_has_or_that_looks_like_none_is_drawn_again_but_not_for_ever(title):
    rule = Title("reel", frozenset({"lost", "badger", "the", "do"}), frozenset({"the lost badger"}))
    assert [rule.refuses(f"X:1\nT:{title}") for _ in range(17)] == [True] * 16 + [False]
    assert not Title("reel").refuses(f"X:1\nT:{title}")  # of a model that doesn't know its titles


def test_a_word_to_be_ashamed_of_is_never_kept():
    rule = Title("reel")
    assert all(rule.refuses("T:The Bastards of Cork") for _ in range(100))
    assert not any(
        rule.refuses(f"T:{each}") for each in ("Cockle Bay", "The Assembly Rooms", "Dickson's Fancy", "Titus")
    )
