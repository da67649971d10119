"""A history as a list, as a table and as curves."""

import base64
import csv
import io
import json
import re

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

import abclm
from abclm.language_model import LanguageModel
from abclm.models.history import History, draw_history, format_history
from abclm.models.lstm.config import ModelConfig

HISTORY = [
    {"epoch": n, "steps": 10 * n, "loss": 3.0 / n, "bits_per_character": 4.0 / n,
     "validation_bits_per_character": 4.5 / n}
    for n in (1, 2, 3)
]  # fmt: skip
CURVE = [(step, 4 / step) for step in range(1, 31)]
JUNK = [None, "text", 3, {}, {"steps": "many", "bits_per_character": None}, {"steps": 1, "bits_per_character": "<b>"},
        {"steps": float("nan"), "bits_per_character": 1.0}, {"steps": 10**400, "bits_per_character": 1.0}]  # fmt: skip


def pixels(image):
    from matplotlib.image import imread

    return imread(io.BytesIO(image), format="png")[..., :3]


def has_colour(image, colour):
    wanted = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return (np.abs(pixels(image) - wanted).max(axis=-1) < 0.01).any()


def shown(history):
    data, _ = DisplayFormatter().format(history)
    return data


def test_the_table_has_a_line_for_each_epoch():
    rows = list(csv.DictReader(io.StringIO(format_history(HISTORY))))
    assert [float(row["loss"]) for row in rows] == [3.0, 1.5, 1.0]
    assert rows[0].keys() == HISTORY[0].keys()


def test_the_picture_has_a_curve_for_the_held_out_tunes_where_there_are_some():
    without = [{name: each[name] for name in list(each)[:4]} for each in HISTORY]
    picture = draw_history(HISTORY, CURVE)
    assert pixels(picture).shape == (660, 1080, 3)
    assert has_colour(picture, "#b3563c")
    assert has_colour(picture, "#3b6ea5")
    assert has_colour(picture, "#a9b4bf")
    assert not has_colour(draw_history(without, CURVE), "#b3563c")
    assert not has_colour(draw_history(HISTORY), "#a9b4bf")


@pytest.mark.parametrize("history", [[], JUNK])
def test_nothing_to_draw_is_drawn(history):
    assert pixels(draw_history(history, [])).shape == (660, 1080, 3)
    data = shown(History(history))
    assert "Nothing was measured yet." in data["text/html"]
    assert data["text/plain"].endswith("Nothing was measured yet.")


def test_a_history_is_the_list_that_it_was():
    history = History(HISTORY)
    assert history == HISTORY
    assert history[-1]["steps"] == 30
    assert json.loads(json.dumps(history)) == HISTORY
    assert repr(history) == repr(HISTORY)


def test_a_notebook_shows_the_curves_and_says_where_they_are_lowest():
    data = shown(History(HISTORY))
    picture = base64.b64decode(re.search(r'base64,([^"]+)"', data["text/html"])[1])
    assert has_colour(picture, "#b3563c")
    said = "3 epochs, 30 steps; at best 1.500 bits per character on held-out tunes, after 30 steps."
    assert f"<p>{said}</p>" in data["text/html"]
    assert data["text/plain"].splitlines() == [
        "epoch  steps  bits per character  validation bits per character",
        "    1     10               4.000                          4.500",
        "    2     20               2.000                          2.250",
        "    3     30               1.333                          1.500",
        said,
    ]


def test_of_a_long_history_the_text_has_the_latest_epochs():
    long = History([{**HISTORY[0], "epoch": n, "steps": n} for n in range(1, 1001)])
    assert len(shown(long)["text/plain"].splitlines()) == 22
    assert "\n 1000  1,000 " in shown(long)["text/plain"]


def test_a_models_history_is_one_wherever_it_comes_from(tmp_path):
    config = ModelConfig(embedding_dimension=3, units=4)
    lm = LanguageModel.create(config)
    assert shown(lm.history)["text/html"]
    lm.history = HISTORY
    lm.save(tmp_path)
    for other in (lm.copy(), LanguageModel.load(tmp_path), abclm.load("session")):
        assert isinstance(other.history, History)
    assert LanguageModel.load(tmp_path).history == HISTORY


def test_training_leaves_one(tmp_path):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=3, units=4))
    tunes = abclm.Corpus.load("oldTunes")
    lm.fit(tunes, None, abclm.TrainingConfig(sequence_length=50, steps=2))
    assert isinstance(lm.history, History)
    assert lm.history[-1]["steps"] == 2
