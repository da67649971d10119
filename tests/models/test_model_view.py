"""What a notebook shows of a model."""

import re

import pytest
from IPython.core.formatters import DisplayFormatter

import abclm
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig


def rows(lm):
    data, _ = DisplayFormatter().format(lm)
    assert data["text/plain"] == repr(lm)
    return dict(re.findall(r"<th[^>]*>(.*?)</th><td[^>]*>(.*?)</td>", data["text/html"]))


@pytest.fixture
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=3, units=4, layers=2))


def test_a_new_model_knows_nothing(lm):
    assert rows(lm) == {
        "Language model": "without a name",
        "Network": "2 LSTM layers of 4 units, symbols embedded in 3",
        "Parameters": f"{lm.config.parameters(83):,}",
        "Symbols": "83",
        "Learned from": "nothing yet",
        "Knows copies of": "nothing: it has no index",
    }


def test_the_shipped_model_says_what_it_learned_from():
    session = abclm.load("session")
    found = rows(session)
    corpus = session.metadata["training"]["corpus"]
    assert found["Language model"] == "session"
    assert (
        found["Network"]
        == "an LSTM layer of 1,024 units, symbols embedded in 256, with the tune&#x27;s structure"
    )
    assert found["Learned from"] == f"{corpus['tunes']:,} tunes of {corpus['name']}"
    measured = session.metadata["stored_as"]["held_out"]
    assert found["Held out"] == (
        f"{measured['bits_per_character']:.3f} bits per character on {measured['tunes']:,} tunes"
    )
    assert found["Knows copies of"] == f"{len(session.novelty_index):,} training tunes"


def test_a_trained_model_says_so(lm):
    tunes = abclm.Corpus.load("oldTunes")
    train, validation = tunes.split(validation=0.2, seed=0)
    lm.fit(train, validation, abclm.TrainingConfig(sequence_length=50, steps=1))
    found = rows(lm)
    assert found["Learned from"] == f"{len(train)} tunes of oldTunes"
    bits = lm.metadata["training"]["held_out"]["bits_per_character"]
    assert found["Held out"] == f"{bits:.3f} bits per character on {len(validation)} tunes"


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": 3, "training": "long", "stored_as": [1]},
        {"training": {"corpus": {"tunes": "many"}, "held_out": {"bits_per_character": "few"}}},
        {"training": {"corpus": [], "held_out": {"bits_per_character": 1.5}}},
    ],
)
def test_metadata_may_be_anything(lm, metadata):
    lm.metadata = metadata
    assert rows(lm)["Symbols"] == "83"


def test_nothing_of_the_metadata_is_markup(lm):
    lm.metadata = {"name": "<script>", "training": {"corpus": {"name": "<b>" + "x" * 10_000, "tunes": 3}}}
    data, _ = DisplayFormatter().format(lm)
    assert "<script" not in data["text/html"]
    assert "<b>" not in data["text/html"]
    assert len(data["text/html"]) < 2000
