"""Comparisons of settings: one is varied at a time, what is done is not done again, wrong values are said first."""

import csv
import json
from dataclasses import replace

import pytest

from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError
from abclm.experiments.sweep import Result, draw_results, parse_value, sweep, with_settings
from abclm.models.lstm.config import ModelConfig
from abclm.training.config import TrainingConfig

TUNES = Corpus("few", Corpus.load("oldTunes").normalize().tunes[:24])
TRAIN, HELD_OUT = TUNES.split(0.2, seed=0)
MODEL = ModelConfig(embedding_dimension=4, units=8)
CONFIG = TrainingConfig(sequence_length=40, batch_size=8, steps=12, learning_rate=5e-3)
VARIATIONS = {"units": [4, 8], "learning_rate": [5e-3, 1e-4]}


def go(folder, variations=VARIATIONS, **options):
    return sweep(TRAIN, HELD_OUT, variations, folder, **{"model": MODEL, "config": CONFIG, **options})


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    return folder, go(folder)


def test_each_value_is_tried_with_all_others_as_in_the_baseline(done):
    _, results = done
    assert [(each.name, each.value, each.is_baseline) for each in results] == [
        ("units", 4, False),
        ("units", 8, True),
        ("learning_rate", 5e-3, True),
        ("learning_rate", 1e-4, False),
    ]
    assert results[0].parameters < results[1].parameters == results[3].parameters
    # The baseline was trained once.
    assert replace(results[1], name="", value=None) == replace(results[2], name="", value=None)
    assert results[1].loss < results[3].loss  # a rate of 1e-4 gets nowhere in 12 steps
    assert results[1].bits_per_character < results[3].bits_per_character
    assert all(each.steps == 12 and each.characters == 12 * 8 * 40 for each in results)
    assert [step for step, _ in results[0].curve] == list(range(1, 13))


def test_the_table_and_a_picture_for_each_setting_are_written(done):
    folder, results = done
    with (folder / "sweep.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [each.loss for each in results]
    for name in VARIATIONS:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert not list(folder.glob("*/training_state"))


def test_what_is_done_is_not_done_again(done):
    folder, results = done
    assert go(folder, progress=lambda run, now: pytest.fail(f"{run} was trained again")) == results


def test_a_value_more_trains_that_alone(done, tmp_path):
    folder, _ = done
    trained = set()
    go(folder, {"units": [4, 8, 12]}, progress=lambda run, now: trained.add(run))
    assert trained == {"units=12"}


def test_a_sweep_that_was_stopped_goes_on_to_the_same_figures(done, tmp_path):
    def stop(run, now):
        if run == "baseline" and now.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, {"units": [4, 8]}, progress=stop)
    steps = []
    results = go(tmp_path, {"units": [4, 8]}, progress=lambda run, now: steps.append((run, now.step)))
    assert ("baseline", 5) not in steps[1:]
    assert not any(run == "units=4" for run, _ in steps)
    without = [replace(each, seconds=0.0) for each in results]
    assert without == [replace(each, seconds=0.0) for each in done[1][:2]]


def test_runs_of_another_baseline_are_not_mixed_in(done):
    folder, _ = done
    with pytest.raises(ConfigError, match="another baseline"):
        go(folder, config=replace(CONFIG, seed=5))


@pytest.mark.parametrize(
    ("variations", "said"),
    [
        ({}, "nothing to compare"),
        ({"units": []}, "no values"),
        ({"units": [4, 4]}, "twice"),
        ({"units": [0], "warp": [1]}, "units is an integer.*warp"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(tmp_path, variations, said):
    with pytest.raises(ConfigError, match=said):
        go(tmp_path, variations)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("units", "64", 64),
        ("learning_rate", "1e-3", 1e-3),
        ("optimizer", "sgd", "sgd"),
        ("whole_tunes", "true", True),
        ("clip_norm", "none", None),
        ("patience", "3", 3),
    ],
)
def test_values_are_read_by_the_kind_of_their_setting(name, text, value):
    assert parse_value(name, text) == value
    with_settings(ModelConfig(), TrainingConfig(), {name: value})


@pytest.mark.parametrize(("name", "text"), [("units", "many"), ("whole_tunes", "yes"), ("warp", "1")])
def test_a_text_that_is_no_value_is_refused(name, text):
    with pytest.raises(ConfigError, match=name):
        parse_value(name, text)


def test_results_that_were_not_measured_can_be_drawn():
    values = {"parameters": 1, "steps": 2, "characters": 3, "seconds": 1.0, "loss": 2.0}
    result = Result(
        name="units", value=1, is_baseline=False, bits_per_character=None, bits_per_tune=None,
        curve=((1, 3.0), (2, 2.0)), **values,
    )  # fmt: skip
    assert draw_results([result]).startswith(b"\x89PNG")


def test_results_are_json(done):
    assert json.loads((done[0] / "baseline" / "result.json").read_text())["steps"] == 12
