"""What is given of a tune is kept as it stands, and what is written anew fits in between."""

import numpy as np
import pytest

from abclm.errors import ConfigError, ModelError
from abclm.generation.abc.given.bars import bar_spans
from abclm.generation.abc.given.rewriting import resample
from abclm.generation.abc.given.tune import parts_before
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.context import told_of, with_context
from abclm.models.lstm.config import ModelConfig
from abclm.models.recall import mix, recall
from abclm.notation.place import form_of_text
from abclm.notation.timing import quarters
from abclm.tune import Tune

JIG = """X:1
T:The Lost Badger
R:jig
M:6/8
L:1/8
K:Ador
e|ABA ABc|dBG GBd|e2-e dBA|GAB d2e|
ABA ABc|dBG GBd|e2d BAG|1 A3 A2:|2 A3 A2||
|:c|ded dBA|GAB d2c|ded dBA|G3 A2:|
"""
ODD = "X:4\nM:C\nL:1/8\nK:G\nD2|G2B>d (3gfe d2|[GBd]4 z2 F-F|[M:3/4]G2A2B2|[K:D]d4 f2|e6|]\n"
TUNES = {"jig": JIG, "odd": ODD}


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "structure"])
def lm(request):
    lm = LanguageModel.create(
        ModelConfig(
            embedding_dimension=8, units=16, structure=request.param, cache=(0.5,) * (not request.param)
        ),
        seed=3,
    )
    lm.metadata["training"] = {"told": {"keys": {"jig": {"G": 1}}, "forms": {"jig": {"8 8": 2, "8 4 8": 1}}}}
    return lm


def lengths(tune):
    return [bar.duration for bar in tune.bars()]


@pytest.mark.parametrize(("name", "bars"), [("jig", "5-6,12"), ("odd", "1-3")])
def test_bars_are_written_anew_and_the_rest_stays_byte_for_byte(lm, name, bars):
    old = Tune.parse(TUNES[name]).normalize()
    options = GenerationOptions(rewrite=TUNES[name], rewrite_bars=bars)
    kept = options.gaps.kept()
    for new in lm.rewrite(old, bars, n=2, seed=1, best_of=2):
        assert new.text != old.text
        assert lengths(new) == lengths(old)
        assert [problem for problem in new.check() if problem.severity == "error"] == []
        rest = new.text + "\n" * (not new.text.endswith("\n\n"))
        for text in kept[:-1]:
            assert text in rest
            rest = rest[rest.index(text) + len(text) :]
        assert rest.endswith(kept[-1])
        assert new.normalize().text.rstrip() == new.text.rstrip()


def test_a_note_that_is_tied_to_the_bar_before_is_kept():
    text = "X:1\nM:2/4\nL:1/8\nK:D\nd2f2-|f2a2|e2c2|d4|]\n"
    found = GenerationOptions(rewrite=text, rewrite_bars="2").gaps
    assert found.kept()[0].endswith("d2f2-|f2")
    assert found.gaps[0].filled == 2 * Tune.parse(text).setting().bar_ticks / 2


def test_new_bars_are_the_same_alone_and_in_a_batch_and_another_draw_stays_its_own(lm):
    asked = {"rewrite": JIG, "rewrite_bars": "5-6", "seed": 4, "n": 3, "best_of": 2}
    together = [tune.text for tune in lm.generate(**asked)]
    assert [tune.text for tune in lm.generate(**asked, batch_size=1)] == together
    assert [tune.text for tune in lm.generate(**{**asked, "n": 1})] == together[:1]
    assert "".join(lm.stream(**{**asked, "n": 1})).rstrip() == together[0].rstrip()
    assert len(set(together)) > 1


def test_new_bars_keep_the_compass_in_the_key_in_force(lm):
    text = "X:1\nM:2/4\nL:1/8\nK:D\nd2f2-|f2a2|[K:A]e2c2|d2d2|d2d2|d4|]\n"
    new = lm.rewrite(text, "2,4-5", seed=1, best_of=1, compass="D4-D5")[0]
    assert new.text.startswith(text[: text.index("a2|")])
    pitches = [note.pitch for bar in (1, 3, 4) for note in new.bars()[bar].notes][1:]
    assert set(pitches) <= set(range(62, 75))
    assert len(set(pitches)) > 2


def test_of_the_draws_of_new_bars_one_is_taken_by_how_likely_what_follows_is():
    chances = np.log([0.1, 0.3, 0.6]) - 500
    drawn = [resample(list(chances), number) for number in (0.05, 0.15, 0.35, 0.45, 0.99)]
    assert drawn == [0, 1, 1, 2, 2]
    assert resample([-np.inf, -np.inf], 0.7) == 1


def test_the_likelihood_of_what_follows_is_that_of_the_kept_symbols(lm, monkeypatch):
    from abclm.generation.abc.draws import choice

    seen, engine = [], lm.config.engine(lm.weights)

    def watched(draft):
        ids = np.append(lm.tokenizer.start, draft.ids)
        if draft.context is not None:
            ids = with_context(lm.tokenizer, ids, draft.context.told)
        logits = engine.logits(ids[:-1]).astype(float)
        if (cache := draft.cache) is not None:
            likely, weights = recall(draft.ids[:-1], cache.weights, cache.begin)
            mix(logits[1:], likely, weights)
        costs = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(draft.ids)), draft.ids]
        assert draft.chance == pytest.approx(-sum(costs[at] for at in draft.counted), abs=1e-2)
        seen.append("".join(draft.text[at] for at in draft.counted).replace("\n", ""))
        return draft.chance

    monkeypatch.setattr(choice, "_chance", watched)
    lm.rewrite(JIG, "B2-3", seed=1, best_of=3)
    assert set(seen) == {"||G3 A2:|"}


@pytest.mark.parametrize("form", [(8, 4), (8,)], ids=["with a part B", "alone"])
def test_the_parts_before_the_one_that_is_asked_for_are_kept_whole(lm, form):
    old = Tune.parse(JIG).normalize()
    first = old.text[: old.text.index("||") + 2]
    given = JIG if len(form) == 2 else first.replace("||", "|]") + "\n"
    for new in lm.generate(like=given, part="B", n=3, seed=2):
        assert new.text.startswith(first)
        assert new.title == old.title
        found = form_of_text(new.text)
        assert found[0] == 8
        assert found == form or (len(form) == 1 and len(found) > 1)
        assert new.check() == []
    assert told_of(old.text).form == (8, 4)


def test_a_tune_without_a_rhythm_and_a_title_of_its_own_keeps_the_one_and_gets_the_other(lm):
    given = ODD.replace("X:4\n", "X:4\nT:Old\n").split("|[M:")[0] + "|]\n"
    new = lm.generate(like=given, part="B", title="New", seed=1)[0]
    assert (new.title, new.rhythm, new.key) == ("New", None, "G")


def test_parts_are_kept_up_to_their_bar_line():
    repeated = "X:1\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2::e2c2|d4:|\n"
    assert parts_before(repeated, "B").opening == "d2f2|a2f2:|"
    assert parts_before(repeated, "c").opening.endswith("d4:|")
    assert parts_before(repeated, "C").form == (2, 2)


def test_bars_are_found_where_they_stand():
    text = Tune.parse(JIG).normalize().text
    spans = bar_spans(text)
    assert len(spans) == len(lengths(Tune.parse(JIG)))
    named = {(span.part, span.bar, text[span.begin : span.end]) for span in spans}
    assert {(1, 1, "e"), (1, 8, "A3 A2"), (2, 4, "G3 A2")} <= named


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rewrite": JIG, "rewrite_bars": "13"}, "the tune has bars 1 to 12, received 13"),
        ({"rewrite": JIG, "rewrite_bars": "B5"}, "part B has bars 1 to 4, received B5"),
        ({"rewrite": JIG, "rewrite_bars": "C1"}, "the tune has parts A to B, received C1"),
        ({"rewrite": JIG, "rewrite_bars": "8-5"}, "received 8-5"),
        ({"rewrite": JIG, "rewrite_bars": "two"}, "'two' is no list of bars"),
        ({"rewrite": JIG}, "go together"),
        ({"rewrite_bars": "3"}, "go together"),
        ({"rewrite": JIG, "rewrite_bars": "3", "key": "G", "bars": 8}, "leave out key, bars"),
        ({"rewrite": JIG, "rewrite_bars": "3", "constrained": False}, "constrained=False"),
        ({"rewrite": "no tune", "rewrite_bars": "3"}, "rewrite: "),
        ({"rewrite": ODD, "rewrite_bars": "4", "n": 0}, "n is an integer"),
        ({"rewrite": "X:1\nM:none\nL:1/8\nK:D\nd2f2|a2f2|]\n", "rewrite_bars": "1"}, "without a meter"),
        ({"rewrite": "X:1\nM:2/4\nL:1/8\nK:D\nd2f2f2|a2f2|]\n", "rewrite_bars": "1"}, "longer than its meter"),
        ({"like": JIG, "part": "A"}, "part: is one of B, C"),
        ({"like": JIG, "part": "D"}, "the tune has parts A to B, so that C is the last"),
        ({"like": JIG, "part": "B", "rhythm": "reel", "parts": 2}, "leave out rhythm, parts"),
        ({"like": "X:1\nK:D\n", "part": "B"}, "part: "),
        ({"like": "", "part": "B"}, "like is text"),
        ({"part": "B"}, "goes on from a tune"),
        ({"like": 3, "part": "B"}, "like is text"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_the_tune_is_said_in_one_line(asked, said):
    with pytest.raises(ConfigError) as caught:
        GenerationOptions(**asked)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_that_lacks_symbols_of_the_tune_says_so():
    from abclm.tokenizers.characters import CharacterTokenizer

    tokenizer = CharacterTokenizer(
        [symbol for symbol in CharacterTokenizer.default().symbols if symbol != "B"]
    )
    lm = LanguageModel.create(ModelConfig(embedding_dimension=4, units=8), tokenizer)
    with pytest.raises(ModelError, match="lacks 'B'"):
        lm.rewrite(JIG, "2")


def test_the_time_of_a_bar_that_is_short_is_kept():
    found = GenerationOptions(rewrite=JIG, rewrite_bars="12").gaps.gaps
    assert [quarters(gap.filled) for gap in found] == [2.5]
