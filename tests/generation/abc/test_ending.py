"""The last bar is drawn until the model itself would end the tune there, and on its tonic where it should."""

import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from abclm.analysis.ends import EVEN, LONG, SHORT, End
from abclm.analysis.forms import ends_on_tonic
from abclm.generation.abc.draft import TuneDraft
from abclm.generation.abc.ending import Ending
from abclm.generation.abc.tunes import generate, stream
from abclm.generation.draft import Snapshot
from abclm.generation.options import GenerationOptions
from abclm.generation.sampling import log_probability
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tune import Tune

FORMS = [
    {"rhythm": "jig", "parts": 2, "bars": 4, "tunes": 3},
    {"rhythm": "reel", "parts": None, "bars": 8, "tunes": 1},
]
HEADER = "X:1\nM:C\nL:1/8\nK:G\n"
HOME = End(on_tonic=True, length=SHORT)
TONIC, OTHER = HEADER + "GABc dedB|G8|]\n\n", HEADER + "GABc dedB|A8|]\n\n"


@pytest.fixture(scope="module")
def lm():
    """An untrained model that knows forms, of which half end on the tonic."""
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)
    lm.metadata["training"] = {"forms": FORMS, "tonic_endings": 0.5}
    return lm


def ending_of(most, *wanted, by_chance=True):
    ending = Ending(most, wanted, by_chance)
    before = HEADER + "GABc dedB|"
    ending.begin(Snapshot(len(before), None, None, None, None, None), before, HEADER)
    return ending


def place_with(chance):
    """A place at which the model gives the first of two symbols this chance."""
    return SimpleNamespace(logits=np.log([chance, 1 - chance]).astype(np.float32))


def complete(draws, text, chance, number):
    """Tell an ending of a tune whose end has this chance; numbers are drawn from a list."""
    draws.follow("|", 0, place_with(chance))
    return draws.take(text, 1, iter(number).__next__)


def test_a_bar_is_kept_as_often_as_the_model_would_end_behind_it():
    assert complete(ending_of(4), OTHER, 0.3, [0.29]) == OTHER
    assert complete(ending_of(4), OTHER, 0.3, [0.31]) is None


def test_only_what_closes_the_bar_counts():
    draws = ending_of(4)
    for symbol, chance in [("|", 0.5), ("A", 0.01), ("|", 0.5), ("]", 0.9), ("\n", 0.8), ("\n", 1 - 1e-7)]:
        draws.follow(symbol, 0, place_with(chance))
    assert draws.take(OTHER, 1, iter([0.35]).__next__) == OTHER  # below 0.36
    assert log_probability(np.float32([1, 2, 3]), 1) == pytest.approx(
        2 - math.log(sum(map(math.exp, (1, 2, 3))))
    )


def test_of_bars_none_of_which_was_kept_one_is_drawn_by_how_likely_the_end_is():
    found = Counter()
    for number in np.arange(0.005, 1, 0.01):
        draws = ending_of(3)
        assert complete(draws, "one", 0.1, [0.99]) is None
        assert complete(draws, "two", 0.3, [0.99]) is None
        found[complete(draws, "three", 0.6, [0.99, number])] += 1
    assert found == {"one": 10, "two": 30, "three": 60}


def test_a_tune_that_should_end_on_its_tonic_does_where_one_was_drawn():
    draws = ending_of(3, HOME)
    assert complete(draws, OTHER, 0.9, [0.1]) is None
    assert complete(draws, TONIC, 0.01, [0.9]) is None
    assert complete(draws, OTHER, 0.9, [0.1, 0.0, 0.5, 0.5]) == TONIC
    draws = ending_of(2, HOME)
    assert complete(draws, OTHER, 0.9, [0.1]) is None
    assert complete(draws, OTHER, 0.9, [0.1, 0.5, 0.5]) == OTHER


def test_a_part_is_drawn_again_until_its_last_note_is_the_tonic_and_long_enough():
    short, half, home = (
        HEADER + "GABc dedB|" + bar for bar in ("A7G|]\n\n", "GABA A4|]\n\n", "GABA G4|]\n\n")
    )
    ends = [End(True, LONG), End(True, EVEN), End(False, LONG), End(False, SHORT)]
    kept = [
        [end for end in ends if complete(ending_of(9, end, by_chance=False), text, 0.1, []) == text]
        for text in (short, half, home)
    ]
    assert kept == [[ends[1], ends[3]], [ends[2], ends[3]], ends]
    draws = ending_of(3, ends[0], by_chance=False)
    assert [complete(draws, text, 0.1, [0.5]) for text in (half, short, half)] == [
        None,
        None,
        short,
    ]  # the tonic first


def test_parts_before_the_last_end_as_they_should_whatever_the_chance():
    draws = ending_of(3, HOME, End(False, SHORT))
    assert (draws.matters(3), draws.matters(2), draws.matters(1)) == (False, True, True)
    assert draws.take(OTHER, 2, iter([]).__next__) is None
    assert draws.take(TONIC, 2, iter([]).__next__) == TONIC


def test_the_last_bar_is_drawn_again_by_the_logits_of_its_beginning(lm, monkeypatch):
    take, found = Ending.take, []

    def noting(draws, text, parts_left, number):
        found.append((draws.start.scores, text[: draws.start.length]))
        return take(draws, text, parts_left, number)

    monkeypatch.setattr(Ending, "take", noting)
    options = {"bar_redraws": 3, "seed": 1, "title": "Asked", "max_length": 400}
    lm.generate(best_of=1, n=6, batch_size=1, **options)
    engine = lm.config.engine(lm.weights)
    for logits, text in found:
        np.testing.assert_array_equal(logits, engine.logits(lm.tokenizer.encode("\n" + text))[-1])
    assert len(found) >= 6


@pytest.mark.parametrize("changes", [{}, {"bar_redraws": 3}, {"bar_repetition": 0.5}, {"temperature": 1.5}])
def test_a_tune_is_the_same_alone_streamed_and_in_a_batch(lm, changes):
    options = {"seed": 3, "title": "Asked", "max_length": 600, "ending_draws": 6, **changes}
    tunes = lm.generate(best_of=1, n=7, batch_size=7, **options)
    assert lm.generate(best_of=1, n=7, batch_size=2, **options) == tunes
    streamed = "".join(stream(lm, GenerationOptions(**options)))
    assert streamed.rstrip() == tunes[0].text.rstrip()
    assert len(set(map(str, tunes))) == 7


def test_the_tune_before_its_last_bar_is_the_same_however_often_that_is_drawn(lm, monkeypatch):
    lengths = {}
    snapshot = TuneDraft.snapshot

    def noting(draft, here):  # without bars that are drawn again, the last bar alone is remembered
        lengths[draft.index] = len(draft.text)
        return snapshot(draft, here)

    monkeypatch.setattr(TuneDraft, "snapshot", noting)
    once, often = (
        [
            each.tune.text
            for each in generate(
                lm, GenerationOptions(best_of=1, n=5, seed=1, title="Asked", ending_draws=most)
            )
        ]
        for most in (2, 16)
    )
    assert once != often
    for index, (one, other) in enumerate(zip(once, often, strict=True)):
        assert one[: lengths[index]] == other[: lengths[index]]
        bars = Tune.parse(one).bars()
        assert "|" in one[: lengths[index]] or len(bars) == 1
        assert Tune.parse(other).check() == []


def test_tunes_end_on_their_tonic_as_often_as_those_learned_from(lm):
    def share(wanted, most):
        other = lm.copy()
        other.metadata["training"] = {"forms": FORMS, "tonic_endings": wanted}
        tunes = other.generate(best_of=1, n=24, seed=1, title="Asked", key="G", ending_draws=most)
        return sum(map(ends_on_tonic, tunes)) / 24

    assert share(1.0, 1) == share(0.0, 1) < 0.4
    assert share(1.0, 24) > 0.75
    assert share(0.0, 24) < 0.4


def test_a_tune_of_any_form_ends_where_the_model_ends_it(lm):
    options = {"n": 3, "seed": 1, "title": "Asked", "max_length": 400, "best_of": 1}
    assert lm.generate(any_form=True, ending_draws=9, **options) == lm.generate(
        any_form=True, ending_draws=1, **options
    )


def test_the_last_note_decides_in_the_key_that_is_in_force():
    assert ends_on_tonic(Tune.parse(TONIC))
    assert not ends_on_tonic(Tune.parse(OTHER))
    assert ends_on_tonic(Tune.parse(HEADER + "GABc dedB|[K:A]G4 A4|]\n"))
    assert not ends_on_tonic(Tune.parse(HEADER + "z8|]\n"))
