"""Training settings: checked once, in JSON and back."""

import pytest

from abclm.errors import ConfigError
from abclm.models.architecture import ARCHITECTURES, find_architecture
from abclm.training.config import TrainingConfig


def test_the_defaults_are_the_papers():
    config = TrainingConfig()
    assert (config.learning_rate, config.sequence_length, config.batch_size) == (1e-3, 400, 32)
    assert config.clip_norm is None
    assert config.output_dropout == config.embedding_dropout == config.weight_decay == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"sequence_length": 0},
        {"batch_size": 1.5},
        {"epochs": True},
        {"steps": 0},
        {"epochs": None},
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"clip_norm": -1},
        {"output_dropout": 1},
        {"embedding_dropout": -0.1},
        {"weight_decay": "much"},
        {"schedule": "linear"},
        {"optimizer": "newton"},
        {"recurrent_dropout": 1.0},
        {"label_smoothing": -0.5},
        {"averaging": 1},
        {"transposition": 1.1},
        {"whole_tunes": 1},
        {"seed": -1},
        {"seed": 2**31},
    ],
)
def test_a_value_out_of_range_is_named_with_what_was_received(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ConfigError) as error:
        TrainingConfig(**wrong)
    assert name in str(error.value)
    assert repr(value) in str(error.value)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ConfigError, match=r"batch_size.*; seed"):
        TrainingConfig(batch_size=0, seed=-1)


def test_json_there_and_back():
    config = TrainingConfig(steps=7, clip_norm=0.5, schedule="cosine")
    assert TrainingConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("text", ["", "[]", '{"warp": 1}', '{"seed": "x"}', "[" * 100_000])
def test_json_that_is_no_config_is_refused(text):
    with pytest.raises(ConfigError):
        TrainingConfig.from_json(text)


def test_a_cosine_falls_from_the_learning_rate_to_nothing():
    config = TrainingConfig(learning_rate=1.0, schedule="cosine")
    rates = [config.learning_rate_at(step, 10) for step in range(11)]
    assert rates[0] == 1
    assert rates[5] == pytest.approx(0.5)
    assert rates[10] == pytest.approx(0)
    assert rates == sorted(rates, reverse=True)


def test_steps_overrule_epochs():
    assert TrainingConfig(epochs=3).total_steps(10) == 30
    assert TrainingConfig(epochs=3, steps=45).total_steps(10) == 45


def test_fine_tuning_takes_changes():
    assert TrainingConfig.for_fine_tuning(epochs=2).epochs == 2


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("rocco-0", {"optimizer": "rmsprop", "batch_size": 128}),
        ("rocco-2b", {"optimizer": "rmsprop", "batch_size": 128}),
        ("rocco-3", {"optimizer": "adam", "batch_size": 128}),
        ("rocco-3b", {"optimizer": "adam", "batch_size": 128}),
        ("kankanala-gru", {"optimizer": "adamax", "learning_rate": 1e-3}),
        ("hopkins-rnn", {"optimizer": "adam", "learning_rate": 1e-2}),
        ("lstm-256", {"optimizer": "adam", "learning_rate": 1e-3}),
        ("vae", {"batch_size": 128}),
        ("gru", {"sequence_length": 100, "transposition": 1.0}),
    ],
)
def test_a_network_of_pieces_is_trained_as_its_paper_says(name, recipe):
    config = TrainingConfig.for_model(find_architecture(name), of_pieces=True)
    assert {each: getattr(config, each) for each in recipe} == recipe
    assert TrainingConfig.for_model(find_architecture(name), True, batch_size=3).batch_size == 3


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_network_of_tunes_is_trained_as_the_paper_on_tunes_says(name):
    assert TrainingConfig.for_model(find_architecture(name), of_pieces=False) == TrainingConfig()


@pytest.mark.parametrize("name", ARCHITECTURES.names())
@pytest.mark.parametrize("of_pieces", [False, True])
def test_every_architecture_can_be_made_and_trained_by_its_own_settings(name, of_pieces):
    kind = find_architecture(name)
    kind(**kind.sizes(of_pieces))
    TrainingConfig.for_model(kind, of_pieces)
