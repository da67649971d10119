"""A tune that is written by a plan has its form, and its bars are alike where the plan has it."""

import pytest

from abclm.analysis.plan import Plan, plan_of
from abclm.errors import ConfigError, ModelError, NotationError
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tune import Tune

HEAD = "X:1\nR:polka\nM:2/4\nL:1/8\nK:D\n"
TUNE = HEAD + "A|dfaf|edef|dfaf|e2A:|\n|:A|A2F2|dfaf|A2F2|e2A:|\n"


@pytest.fixture(scope="module")
def lm():
    """An untrained model, which would hardly write a bar twice, but for ties and other keys: these make bars others."""
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16, structure=True), seed=3)
    lm.weights["dense/bias"][[lm.tokenizer.char_to_id[symbol] for symbol in "-["]] -= 30
    return lm


def write(lm, plan, **changes):
    asked = {
        "n": 4,
        "seed": 1,
        "title": "Asked",
        "unit_note_length": "1/8",
        "meter": "C",
        "opening": "DEFG ABcd|",
    }
    asked |= changes
    return lm.generate(plan=plan, **asked)


def test_the_plan_of_a_tune_has_the_same_letter_for_the_same_bar():
    assert plan_of(Tune.parse(TUNE)) == "ABAC|DADC"
    assert Plan.of(TUNE) == Plan.of(" ABAC | DADC ") == Plan(("ABAC", "DADC"))
    assert Plan.of("ABAC|DADC").source(1, 1) == (0, 0)
    assert Plan.of("ABAC|DADC").source(1, 0) is None


@pytest.mark.parametrize("plan", ["ABABAC|DEDEAC", "ABCA|ABDA"])
def test_bars_are_alike_where_the_plan_has_it_and_differ_elsewhere(lm, plan):
    for tune in write(lm, plan):
        assert tune.check() == []
        assert plan_of(tune) == plan


def test_a_tune_by_a_plan_is_the_same_alone_and_in_a_batch(lm):
    assert write(lm, "ABAC|DADC", batch_size=1, n=2) == write(lm, "ABAC|DADC", n=2)


@pytest.mark.parametrize("plan", ["", "AB||C", "A?", "A" * 65])
def test_anything_else_is_no_plan(plan):
    with pytest.raises(NotationError, match="a plan has"):
        Plan.of(plan)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plan": "A B!"}, "plan: a plan has a letter for each bar"),
        (
            {"plan": "ABAC", "parts": 2, "bars": 8},
            "a plan has the form of the whole tune, .*; leave out parts, bars",
        ),
        ({"plan": "ABAC", "constrained": False}, "leave out constrained=False"),
    ],
)
def test_what_does_not_go_with_a_plan_is_said(changes, words):
    with pytest.raises(ConfigError, match=words):
        GenerationOptions(**changes)


def test_only_a_model_with_structure_writes_by_a_plan():
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)
    with pytest.raises(ModelError, match="only a model with structure writes by a plan"):
        lm.generate(plan="ABAC")
