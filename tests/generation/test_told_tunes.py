"""Tunes of a model with structure: what it is told is what the tune has, and a tune is the same alone and in a batch."""

from dataclasses import replace

import numpy as np
import pytest

from abclm.analysis.ends import ends_of
from abclm.generation.abc.request import Request
from abclm.generation.abc.tunes import generate, stream
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.context import told_of
from abclm.models.lstm.config import ModelConfig

TOLD = {
    "keys": {"jig": {"G": 3, "Em": 1}, "reel": {"Ador": 2}, "": {"D": 1}},
    "forms": {"jig": {"8 8": 3, "4 4 8": 1, "7 9": 1}, "reel": {"4 4": 2}, "": {"8": 1}},
}

ENDS = {"reel": {"": {"110": 1}, "11.": {"112": 1, "010": 1}, ".": {"110": 1}}}


@pytest.fixture(scope="module")
def lm():
    """Sure of itself, with a gate that likes copies."""
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=48, structure=True), seed=3)
    generator = np.random.default_rng(0)
    for name, weight in lm.weights.items():
        lm.weights[name] = generator.normal(0, 2 / np.sqrt(weight.shape[0]), weight.shape).astype(np.float32)
    lm.metadata["training"] = {"told": TOLD, "ends": ENDS}
    return lm


def write(lm, **changes):
    changes = {
        "title": "Asked",
        "seed": 1,
        "n": 8,
        "max_length": 700,
        "attempts": 1,
        "ending_draws": 4,
        **changes,
    }
    return [str(each.tune) for each in generate(lm, GenerationOptions(best_of=1, **changes))]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"constrained": False, "max_length": 300},
        {"top_p": 0.8, "temperature": 1.5},
        {"bar_redraws": 2, "bar_repetition": 0.5, "temperature": 0.7},
    ],
)
def test_tunes_are_the_same_in_batches_of_any_size(lm, changes):
    one_by_one = write(lm, batch_size=1, **changes)
    assert len(set(one_by_one)) == 8
    for batch_size in (3, 8):
        assert write(lm, batch_size=batch_size, **changes) == one_by_one


def test_a_rhythm_that_the_model_hardly_knows_is_written_as_tunes_without_one_and_that_is_said(lm, caplog):
    options = GenerationOptions(best_of=1, seed=1, title="Asked", rhythm="polka")
    request = Request.of(lm, options)
    assert caplog.messages == [
        "the model learned from 0 tunes with R:polka; it writes one as it writes tunes in 2/4 without R:"
    ]
    assert request.begin(0, 0)[1].told[:2] == ("", "D")
    assert next(generate(lm, options)).tune.rhythm == "polka"
    caplog.clear()
    assert Request.of(lm, replace(options, rhythm="reel")).begin(0, 0)[1].told.rhythm == "reel"
    assert caplog.messages == []


def test_what_the_model_is_told_is_what_the_tune_has(lm):
    request = Request.of(lm, GenerationOptions(best_of=1, seed=1, title="Asked", max_length=1500))
    begun = [request.begin(index, 0)[1].told for index in range(12)]
    tunes = [
        generated.tune
        for generated in generate(lm, GenerationOptions(best_of=1, seed=1, title="Asked", n=12))
    ]
    for told, tune in zip(begun, tunes, strict=True):
        assert tune.check() == []
        assert (tune.rhythm or "", tune.key) == (told.rhythm, told.key)
        assert len(told_of(tune.text).form) == len(told.form)
    assert {told.rhythm for told in begun} == {"jig", "reel", ""}
    assert {told.form for told in begun} >= {(8, 8), (4, 4), (8,)}
    assert (7, 9) not in {told.form for told in begun}  # no phrases of four bars


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rhythm": "reel", "key": "D"}, ("reel", "D", (4, 4))),
        (
            {"meter": "6/8", "bars": 16, "rhythm": "jig", "key": "G"},
            ("jig", "G", {(8, 8), (4, 4, 8), (7, 9)}),
        ),
        (
            {"meter": "9/8", "rhythm": "slip jig", "parts": 3, "bars": 4, "key": "D"},
            ("", "D", (4, 4, 4)),  # which no training tune has
        ),
        ({"rhythm": "jig", "key": "G", "parts": 2}, ("jig", "G", (8, 8))),
        ({"rhythm": "jig", "key": "G", "any_form": True}, ("jig", "G", ())),
        ({"opening": "GAB cde|", "key": "Em", "parts": 2, "bars": 8}, ({"jig", ""}, "Em", (8, 8))),
    ],
)
def test_what_is_asked_for_is_told_and_the_rest_drawn_to_go_with_it(lm, changes, expected):
    request = Request.of(lm, GenerationOptions(best_of=1, seed=2, **changes))
    for index in range(12):
        for value, wanted in zip(request.begin(index, 0)[1].told, expected, strict=True):
            assert value in wanted if isinstance(wanted, set) else value == wanted


def test_without_counts_only_what_is_asked_for_is_told(lm):
    bare = lm.copy()
    bare.metadata = {}
    request = Request.of(bare, GenerationOptions(best_of=1, seed=2, key="G"))
    assert request.begin(0, 0)[1].told == (None, "G", ())


def test_an_unconstrained_tune_has_the_header_that_it_was_told(lm):
    options = {"constrained": False, "seed": 1, "n": 6, "max_length": 300, "attempts": 1, "title": "Asked"}
    request = Request.of(lm, GenerationOptions(best_of=1, **options))
    for index, text in enumerate(write(lm, **options)):
        told = request.begin(index, 0)[1].told
        assert f"\nK:{told.key}\n" in text
        assert f"\nR:{told.rhythm}\n" in text or not told.rhythm


def test_a_stream_is_the_tune(lm):
    options = GenerationOptions(best_of=1, seed=4, title="Asked", max_length=500, attempts=1)
    (generated,) = generate(lm, options)
    assert "".join(stream(lm, options)).rstrip("\n") == str(generated.tune).rstrip("\n")


def test_the_end_is_as_likely_as_by_the_mixture(lm, monkeypatch):
    from abclm.generation.abc.ending import Ending

    follow, found = Ending.follow, []

    def noting(ending, symbol, token_id, here):
        found.append(here.logits)
        follow(ending, symbol, token_id, here)

    monkeypatch.setattr(Ending, "follow", noting)
    write(lm, n=1)
    assert found
    for logits in found:
        assert logits.shape == (83,)
        assert np.exp(logits).sum() == pytest.approx(1, abs=1e-4)


def test_parts_end_as_was_drawn_and_their_last_bars_are_those_of_the_part_before():
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16, structure=True), seed=3)
    ends = {"reel": {"": {"100": 1}, "10.": {"102": 2, "000": 1}}}
    lm.metadata["training"] = {
        "told": {"keys": {"reel": {"D": 1}}, "forms": {"reel": {"4 4": 1}}},
        "ends": ends,
    }

    def found(most):
        options = GenerationOptions(
            best_of=1, seed=1, n=8, title="Asked", unit_note_length="1/8", ending_draws=most
        )
        request = Request.of(lm, options)
        for index, generated in enumerate(generate(lm, options)):
            yield zip(request.draft(index, 0)._ending._wanted, ends_of(generated.tune), strict=True)

    ends = [pair for pairs in found(24) for pair in pairs]
    assert np.mean([end.on_tonic for wanted, end in ends if wanted.on_tonic]) > 0.9
    assert np.mean([end.alike >= wanted.alike for wanted, end in ends if wanted.alike]) > 0.3
    assert np.mean([end.on_tonic for pairs in found(2) for _, end in pairs]) < 0.5
