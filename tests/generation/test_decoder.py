"""A tune is the same alone, in a small batch and in a large one, and bars that repeat can be held back."""

from collections import Counter

import numpy as np
import pytest

import abclm
from abclm.generation import decoder
from abclm.generation.abc.draft import TuneDraft
from abclm.generation.abc.request import Request
from abclm.generation.abc.tunes import generate, stream
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig


@pytest.fixture(scope="module")
def lm():
    """As wide as threads need."""
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=48), seed=3)
    generator = np.random.default_rng(0)
    for name, weight in lm.weights.items():
        lm.weights[name] = generator.normal(0, 2 / np.sqrt(weight.shape[0]), weight.shape).astype(np.float32)
    return lm


def write(lm, **changes):
    changes = {"title": "Asked", "seed": 1, "n": 12, "max_length": 300, "attempts": 2, **changes}
    return [(str(each.tune), each.attempts) for each in generate(lm, GenerationOptions(best_of=1, **changes))]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"constrained": False},
        {"temperature": 0.5, "top_k": 5},
        {"top_p": 0.8, "min_p": 0.01, "temperature": 1.5},
        {"typical_p": 0.5},
        {"bar_repetition": 0.1},
        {"bar_redraws": 4},
        {"bar_redraws": 2, "bar_repetition": 0.5, "temperature": 0.7},
    ],
)
def test_tunes_are_the_same_in_batches_of_any_size(lm, changes):
    one_by_one = write(lm, batch_size=1, **changes)
    assert len(set(one_by_one)) == 12
    for batch_size in (2, 5, 12, 128):
        assert write(lm, batch_size=batch_size, **changes) == one_by_one


def test_finished_tunes_make_room_for_others(lm):
    request = Request.of(lm, GenerationOptions(seed=1, constrained=False, max_length=200))
    waiting = [request.draft(index, 0) for index in range(20)]
    first = [waiting.pop(0) for _ in range(6)]
    running = decoder.Decoder(lm.config.engine(lm.weights), lm.tokenizer.start, request.sampler, first)
    finished = []
    for ended in running.run(lambda: waiting.pop(0) if waiting else None):
        assert len(running.drafts) <= 6
        finished += ended
    assert sorted(draft.index for draft in finished) == list(range(20))
    assert all(len(draft.text) == 200 or draft.text.endswith("\n\n") for draft in finished)


# Bars that repeat


def bars(text):
    """The bars of more than one note, as they are written."""
    music = text.partition("\nK:")[2].partition("\n")[2]
    found = ("".join(each.split()) for each in music.replace(":", "|").split("|"))
    return [each.lstrip("12") for each in found if sum(symbol.isalpha() for symbol in each) > 1]


def repeated(texts):
    return sum(sum(count - 1 for count in Counter(bars(text)).values()) for text in texts)


def test_bars_repeat_as_rarely_as_is_asked():
    lm = abclm.load("session")
    options = {"rhythm": "jig", "key": "G", "temperature": 0.5, "n": 6, "seed": 1, "max_length": 350}
    texts = {
        keep: [str(tune) for tune in lm.generate(best_of=1, bar_repetition=keep, **options)]
        for keep in (1.0, 0.5, 0.0)
    }
    assert repeated(texts[1.0]) > repeated(texts[0.5]) > repeated(texts[0.0])
    assert repeated(texts[0.0]) <= 2  # where a bar has too few forms, or the tune is led to its end


def test_a_tune_with_bars_held_back_is_valid(lm):
    for generated in generate(
        lm, GenerationOptions(best_of=1, seed=1, n=10, bar_repetition=0, title="Asked", max_length=400)
    ):
        assert generated.problems == ()
        assert generated.tune.check() == []
        assert generated.characters <= 400


@pytest.mark.parametrize("changes", [{"bar_repetition": 0.2}, {"bar_redraws": 8}])
def test_a_stream_takes_nothing_back(changes):
    lm = abclm.load("session")
    options = GenerationOptions(
        best_of=1, rhythm="jig", temperature=0.5, seed=1, max_length=300, title="Asked", **changes
    )
    (generated,) = generate(lm, options)
    streamed = "".join(stream(lm, options))
    assert streamed.rstrip("\n") == str(generated.tune).rstrip("\n")
    assert streamed.endswith("\n\n")


# Bars that the model would not have written


@pytest.mark.parametrize("most", [0, 1, 4])
def test_a_bar_is_drawn_anew_so_often_at_most_and_then_bent_to_the_grammar(lm, monkeypatch, most):
    begun = []  # of each bar that is begun again, the tune and where the bar stands in it
    rewind = TuneDraft.rewind

    def counting(draft, start):
        begun.append((draft.index, start.length))
        return rewind(draft, start)

    monkeypatch.setattr(TuneDraft, "rewind", counting)
    write(lm, n=6, attempts=1, bar_redraws=most)
    counts = Counter(begun)
    assert max(counts.values(), default=0) == most


def test_a_tune_with_bars_drawn_anew_is_valid(lm):
    for generated in generate(
        lm, GenerationOptions(best_of=1, seed=1, n=6, bar_redraws=16, title="Asked", max_length=400)
    ):
        assert generated.problems == ()
        assert generated.tune.check() == []


def test_the_likeliest_tune_is_the_same_however_often_a_bar_may_be_drawn(lm):
    options = {"temperature": 0, "title": "Asked", "max_length": 300, "attempts": 1}
    assert lm.generate(best_of=1, bar_redraws=8, **options) == lm.generate(best_of=1, **options)
