"""Of several draws of a tune the one is kept that is most like real tunes."""

import pytest

from abclm.generation.abc.draws import choice, rank
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tune import Tune

TEXT = "X:1\nT:Asked\nR:reel\nM:2/4\nL:1/16\nK:D\n{bars}|c2e2d4:|\n"
SEQUENCE = "fdAdfdAd|gecegece|afdfafdf|bgegbgeg|fdAdfdAd|gecegece|agfedcBA"
SHUFFLED = "fAddAfdd|egceegce|afdfdffa|bgegegbg|dAfdAdfd|egecgece|adgBfceA"


@pytest.fixture(scope="module")
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)


def test_a_tune_whose_bars_and_shapes_come_again_is_ranked_above_one_whose_do_not():
    again, other = (Tune.parse(TEXT.format(bars=bars)) for bars in (SEQUENCE, SHUFFLED))
    assert rank.score(again) > rank.score(other) + 0.3


def test_the_rank_is_the_sum_of_weighted_figures_up_to_two_units_and_what_is_missing_is_a_mean(monkeypatch):
    monkeypatch.setattr(rank, "figures", lambda tune: {"motifs": 1.0, "leaps": 0.5, "sevenths": -9})
    weights = {
        "motifs": rank.Weight(2.0, 0.75, 0.5),
        "leaps": rank.Weight(-1.0, 0.25, 1.0),
        "lag_4_over_3": rank.Weight(3.0, 0.5, 0.1),
        "sevenths": rank.Weight(5.0, 0.0, 1.0),
    }
    monkeypatch.setattr(rank, "WEIGHTS", weights)
    assert rank.score(Tune.parse(TEXT)) == pytest.approx(2 * (1 - 0.75) / 0.5 - (0.5 - 0.25) + 5 * -2)


def test_each_weight_is_of_a_figure_that_tunes_have():
    tune = Tune.parse(TEXT.format(bars=SEQUENCE))
    assert rank.WEIGHTS.keys() <= rank.figures(tune).keys()
    assert all(weight.unit > 0 and weight.weight for weight in rank.WEIGHTS.values())
    assert rank.score(Tune.parse("X:1\nK:D\nd4|\n")) == 0


def test_the_draw_with_the_highest_rank_is_kept_and_is_the_same_in_a_batch(lm, monkeypatch):
    asked = {"title": "Asked", "rhythm": "jig", "parts": 2, "bars": 4, "seed": 1, "best_of": 3}
    seen = {}
    chosen = choice.choose

    def watched(tries, index, request):
        seen[index] = [attempt.text for attempt in tries.good()]
        return chosen(tries, index, request)

    monkeypatch.setattr("abclm.generation.abc.tunes.choose", watched)
    together = lm.generate(n=3, **asked)
    for index, tune in enumerate(together):
        assert len(set(seen[index])) == 3
        assert tune.text == max(seen[index], key=lambda text: rank.score(Tune.parse(text)))
    assert [tune.text for tune in together] != [seen[index][0] for index in range(3)]
    alone = lm.generate(n=3, batch_size=1, **asked)
    assert [tune.text for tune in alone] == [tune.text for tune in together]
    assert lm.generate(n=1, **asked)[0].text == together[0].text
    assert "".join(lm.stream(**asked)) == together[0].text


def test_a_draw_without_notes_in_a_wrong_octave_is_kept_if_there_is_one(lm, monkeypatch):
    found = []
    chosen = choice.choose

    def watched(tries, index, request):
        kept = chosen(tries, index, request)
        found.append((kept.draft.wrong_octaves, [each.draft.wrong_octaves for each in tries.good()]))
        return kept

    monkeypatch.setattr("abclm.generation.abc.tunes.choose", watched)
    lm.generate(n=6, parts=1, bars=4, seed=1, compass="E4-F5", best_of=4)
    assert all((kept == 0) == (min(drawn) == 0) for kept, drawn in found)
    assert any(kept == 0 < max(drawn) for kept, drawn in found)


def test_a_tune_is_the_best_of_four_draws_by_default_and_a_stream_is_one_draw(lm):
    asked = {"title": "Asked", "parts": 2, "bars": 4, "seed": 1}
    assert lm.generate(**asked)[0].text == lm.generate(best_of=4, **asked)[0].text
    assert "".join(lm.stream(**asked)) == lm.generate(best_of=1, **asked)[0].text


def test_at_temperature_0_a_tune_is_drawn_once(lm):
    asked = {"temperature": 0, "seed": 1, "max_length": 250}
    assert lm.generate(best_of=4, **asked)[0].text == lm.generate(**asked)[0].text
    assert GenerationOptions(best_of=4).asked() == {"Best of": "4"}
