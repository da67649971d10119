"""Titles are of known words and fit the tune: others are drawn again."""

import numpy as np
import pytest

from abclm.generation.abc.draft import TuneDraft
from abclm.generation.abc.masks import Masks
from abclm.generation.abc.symbol_filter import GrammarFilter
from abclm.generation.abc.title import KnownTitles, Title
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
LETTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'")
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
        GrammarFilter(grammar, Masks(TOKENIZER), "", 300),
        random,
        300,
        TOKENIZER,
        title=Title(rhythm, KnownTitles(())),
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


def next_text(engine):
    engine.turn += 1


def test_the_dances_that_a_title_names_are_found():
    assert rhythms_in("Jigsaw Sam") == set()
    assert rhythms_in("Slip Jigs and Reels") == {"slip jig", "reel"}
    assert rhythms_in("The Double Jig; a Highland") == {"jig", "highland fling"}


def test_a_tune_whose_title_is_drawn_again_is_the_same_alone_streamed_and_in_a_batch(monkeypatch):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)
    refuses, turns = Title.refuses, []

    def now_and_then(title, written):
        """Titles of random letters name no dance; here those with an even number of letters are refused."""
        again = len(written) % 2 == 0 and title._redraws < 3
        title._redraws += again
        turns.append(again)
        return again or refuses(title, written)

    monkeypatch.setattr(Title, "refuses", now_and_then)
    options = {"seed": 3, "rhythm": "reel", "max_length": 400, "attempts": 1}
    alone = [
        each.tune.text for each in generate(lm, GenerationOptions(best_of=1, n=4, batch_size=1, **options))
    ]
    batch = [
        each.tune.text for each in generate(lm, GenerationOptions(best_of=1, n=4, batch_size=4, **options))
    ]
    assert batch == alone
    assert "".join(stream(lm, GenerationOptions(**options))).rstrip("\n") == alone[0].rstrip("\n")
    assert True in turns


KNOWN = ["The Lost Badger", "Paddy's Rambles -- Reel", "Cock o' the North"]
MASKS = Masks(TOKENIZER)


def drawn(titles, known, rhythm="reel"):
    """The title that is kept of these, drawn one after another."""
    title = Title(rhythm, KnownTitles(known))
    title.begin(0)
    for text in titles:
        for at, symbol in enumerate(text):
            assert title.drawable(MASKS)[TOKENIZER.char_to_id[symbol]], text[: at + 1]
            if title.take(text[:at], symbol) is not None:
                break
        else:
            return text
    raise AssertionError(titles)


def after(text, known):
    """The symbols that may follow the beginning of a title."""
    title = Title("reel", KnownTitles(known))
    title.begin(0)
    for at, symbol in enumerate(text):
        title.take(text[:at], symbol)
    return "".join(TOKENIZER.decode(np.flatnonzero(list(title.drawable(MASKS)))))


def test_only_letters_are_drawn_that_lead_to_words_of_titles():
    assert set(after("", KNOWN)) & LETTERS == set("TLBPRCONtlbprcon")
    assert after("The L", KNOWN) == "Oo"
    assert after("The Lo", KNOWN) == "Ss"
    assert set(after("The Lost", KNOWN)) & LETTERS == {"'"}
    assert after("PADDY'", KNOWN) == "Ss"
    assert set(after("Cock o'", KNOWN)) & LETTERS == set("Ss")
    assert " " in after("Cock o'", KNOWN)
    assert " " not in after("Cock'", KNOWN)
    assert len(after("Q", [])) == 83  # no titles are known


def test_the_possessive_of_a_known_word_is_a_word():
    assert after("The Badger'", KNOWN) == "Ss"
    assert drawn(["The Badger's Rambles\n"], KNOWN) == "The Badger's Rambles\n"


def test_a_title_without_room_for_a_whole_word_is_drawn_again():
    grammar = Grammar({"R": "reel"}, title_needed=True)
    draft = TuneDraft(
        GrammarFilter(grammar, MASKS, "", 300),
        np.random.default_rng(0),
        300,
        TOKENIZER,
        title=Title("reel", KnownTitles(["Tabcdefgh" * 20, "The Road", "Green"])),
    )
    engine = Script(["X:1\nT:" + "Tabcdefgh" * 20, "X:1\nT:The Green Road\n"])
    again = draft.rewind
    rewinds = []

    def rewind(start):
        rewinds.append(len(draft.text))
        next_text(engine)
        return again(start)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TuneDraft, "rewind", lambda self, start: rewind(start))
        for _ in Decoder(engine, TOKENIZER.start, Sampler(), [draft]).run(lambda: None):
            if "\nR:" in draft.text:
                break
    assert len(rewinds) == 1
    assert draft.text.startswith("X:1\nT:The Green Road\n")


@pytest.mark.parametrize(
    "refused", ["The Lost Badger", "the lost Badger.", "Lost: Badger", "Tit Lost", "The Lost Jig", "Do."]
)
def test_a_title_that_does_not_fit_is_drawn_again(refused):
    known = [*KNOWN, "Tit for Tat", "Slip Jig", "Do"]
    assert drawn([f"{refused}\n", "Lost Rambles\n"], known) == "Lost Rambles\n"


def test_a_word_to_be_ashamed_of_is_never_kept():
    title = Title("reel", KnownTitles(()))
    assert all(title.refuses("The Bastards of Cork") for _ in range(100))
    assert not any(
        title.refuses(each) for each in ("Cockle Bay", "The Assembly Rooms", "Dickson's Fancy", "Titus")
    )
