"""Architectures by name: what a config says of itself, and what becomes of one that nobody knows."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from abclm.errors import ConfigError, ModelError
from abclm.language_model import LanguageModel
from abclm.models.architecture import ARCHITECTURES, Architecture, find_architecture, read_config, register
from abclm.models.lstm.config import ModelConfig

LSTM = {"embedding_dimension": 5, "units": 6, "layers": 2}


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """What a test registers is gone when it is over."""
    monkeypatch.setattr(ARCHITECTURES, "known", dict(ARCHITECTURES.known))


class State:
    """Of a model that knows no more than the last token."""

    def __init__(self, batch):
        self.batch = batch

    def column(self, place):
        return State(1)

    def put(self, place, column):
        pass

    def only(self, places):
        return State(len(places))


class BigramEngine:
    few = 10_000

    def __init__(self, table):
        self.table = table.copy()

    def start(self, batch=1):
        return State(batch)

    def step(self, state, ids):
        return self.table[np.asarray(ids)]

    def logits(self, ids):
        return self.table[ids]


@dataclass(frozen=True, kw_only=True)
class Bigram(Architecture):
    """Scores of what follows each token: the smallest architecture that there is."""

    name = "bigram"
    token_axes = {"table": 0}  # noqa: RUF012

    width: float = 1.0

    def weight_shapes(self, vocabulary_size):
        return {"table": (vocabulary_size, vocabulary_size)}

    def initial_weights(self, vocabulary_size, seed):
        table = np.random.default_rng(seed).normal(0, self.width, (vocabulary_size, vocabulary_size))
        return {"table": table.astype(np.float32)}

    def engine(self, weights):
        return BigramEngine(weights["table"])

    def network(self, vocabulary_size, weights=None, precision="float32"):
        raise NotImplementedError

    def describe(self):
        return "a table"


def config(**changes):
    data = {"format_version": 2, "architecture": "lstm", **LSTM, "cache": [], **changes}
    return json.dumps({name: value for name, value in data.items() if value is not None})


def test_a_config_of_version_1_is_that_of_an_lstm():
    assert read_config(config(format_version=1, architecture=None)) == ModelConfig(**LSTM)
    assert read_config(config(format_version=1, architecture=None, cache=None)) == ModelConfig(**LSTM)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 3}, "format_version is 3, this abclm .* reads 1 and 2; update abclm"),
        ({"format_version": True}, "format_version is True"),
        ({"format_version": None}, "format_version is None"),
        ({"architecture": "lstn"}, "'lstn' is unknown; did you mean lstm"),
        (
            {"architecture": "wavenet"},
            "'wavenet' is unknown; it is one of 4lstm-256, .*, lstm, .*the module that registers it first; else",
        ),
        ({"architecture": ["lstm"]}, r"\['lstm'\] is unknown"),
        ({"architecture": None}, "None is unknown"),
        ({"heads": 8}, "unknown or missing: 'heads'; a config of lstm has cache, embedding_dimension, "),
        ({"units": None}, "unknown or missing: 'units'"),
        ({"format_version": 1}, "'architecture'"),  # which version 1 did not have
    ],
)
def test_a_config_that_can_not_be_used_is_one_clear_line(changes, message):
    with pytest.raises(ConfigError, match=message) as caught:
        read_config(config(**changes))
    assert "\n" not in str(caught.value)


def test_an_architecture_of_ones_own_is_loaded_from_a_folder_and_writes(tmp_path):
    config = register(Bigram)(width=2.0)
    lm = LanguageModel.create(config, seed=1)
    lm.save(tmp_path / "m")
    loaded = LanguageModel.load(tmp_path / "m")
    assert loaded.config == config
    np.testing.assert_array_equal(loaded.logits("GAB"), lm.logits("GAB"))
    (tune,) = loaded.generate(title="The Lost Badger", seed=1, attempts=1, max_length=200)
    assert tune.title == "The Lost Badger"


def test_an_architecture_that_is_not_registered_is_named(tmp_path):
    LanguageModel.create(Bigram()).save(tmp_path / "m")
    with pytest.raises(ModelError, match=r"config\.json: the architecture 'bigram' is unknown"):
        LanguageModel.load(tmp_path / "m")


def test_what_an_architecture_lacks_is_said_when_it_is_registered():
    @dataclass(frozen=True, kw_only=True)
    class Half(Architecture):
        name = "half"

        def describe(self):
            return "half of one"

    with pytest.raises(ConfigError) as caught:
        register(Half)
    assert str(caught.value) == (
        "the architecture Half can't be registered: it lacks token_axes, engine, initial_weights, network, weight_shapes"
    )


def test_an_architecture_is_a_dataclass_of_its_own():
    class Plain(Bigram):
        name = "plain"

    with pytest.raises(ConfigError, match=r"Plain can't be registered: it lacks @dataclass\(frozen=True"):
        register(Plain)


@pytest.mark.parametrize("thing", [dict, "lstm", Bigram()])
def test_what_is_no_architecture_is_refused(thing):
    with pytest.raises(ConfigError, match="can't be registered: it is no subclass of Architecture"):
        register(thing)


def test_a_name_is_taken_once():
    register(register(Bigram))

    @dataclass(frozen=True, kw_only=True)
    class Other(Bigram):
        name = "lstm"

    with pytest.raises(
        ConfigError, match="the architecture 'lstm' is registered already; give yours another name"
    ):
        register(Other)
    assert find_architecture("lstm") is ModelConfig
