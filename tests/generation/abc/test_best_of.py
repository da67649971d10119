"""Of several draws of a tune one is kept, the more often the more its structure is like that of real tunes."""

import numpy as np
import pytest

from abclm.analysis.structure import FIGURES
from abclm.generation.abc.draws import choice, rank
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tune import Tune

TEXT = "X:1\nT:Asked\nR:{rhythm}\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2|e2c2|d2e2|{bars}|gfec|d4:|\n"


@pytest.fixture(scope="module")
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)


@pytest.mark.parametrize("rhythm", ["reel", "polka"])
def test_a_tune_whose_bars_come_again_is_ranked_above_one_whose_do_not(rhythm):
    again, other = (Tune.parse(TEXT.format(rhythm=rhythm, bars=bars)) for bars in ("d2f2|a2f2", "e2g2|b2g2"))
    assert rank.score(again) > rank.score(other) + 0.5


def test_the_rank_is_the_sum_of_the_weighted_figures_and_one_that_is_missing_is_a_mean(monkeypatch):
    monkeypatch.setattr(rank, "structure", lambda tune: {"bar_5_is_1": 1.0, "last_bars_alike": 0.5})
    monkeypatch.setattr(rank, "MEANS", (0.75,) * len(rank.FIGURES))
    monkeypatch.setattr(rank, "WEIGHTS", {"": (2.0,) * len(rank.FIGURES)})
    assert rank.score(Tune.parse(TEXT)) == pytest.approx(2 * (1 - 0.75) + 2 * (0.5 - 0.75))


def test_the_tables_are_of_figures_of_the_structure():
    assert set(rank.FIGURES) <= {figure.name for figure in FIGURES}
    assert len(rank.MEANS) == len(rank.FIGURES)
    assert {len(weights) for weights in rank.WEIGHTS.values()} == {len(rank.FIGURES)}
    assert "" in rank.WEIGHTS


def test_a_draw_is_kept_by_its_rank_and_chance_and_is_the_same_in_a_batch(lm, monkeypatch):
    asked = {"title": "Asked", "rhythm": "jig", "parts": 2, "bars": 4, "seed": 1, "best_of": 3}
    seen = {}
    chosen = choice.choose

    def watched(tries, index, request):
        seen[index] = [attempt.text for attempt in tries.good()], request.choice(index)
        return chosen(tries, index, request)

    monkeypatch.setattr("abclm.generation.abc.tunes.choose", watched)
    together = lm.generate(n=3, **asked)
    for index, tune in enumerate(together):
        texts, number = seen[index]
        weights = np.exp([rank.score(Tune.parse(text)) for text in texts])
        shares = np.cumsum(weights / weights.sum())
        assert len(set(texts)) == 3
        assert tune.text == texts[int((shares <= number).sum())]
    alone = lm.generate(n=3, batch_size=1, **asked)
    assert [tune.text for tune in alone] == [tune.text for tune in together]
    assert lm.generate(n=1, **asked)[0].text == together[0].text
    assert "".join(lm.stream(**asked)) == together[0].text


def test_the_first_draw_is_the_tune_without_ranking(lm):
    asked = {"title": "Asked", "seed": 2, "max_length": 300}
    assert lm.generate(best_of=1, **asked)[0].text == lm.generate(**asked)[0].text


def test_at_temperature_0_a_tune_is_drawn_once(lm):
    asked = {"temperature": 0, "seed": 1, "max_length": 250}
    assert lm.generate(best_of=4, **asked)[0].text == lm.generate(**asked)[0].text
    assert GenerationOptions(best_of=4).asked() == {"Best of": "4"}
