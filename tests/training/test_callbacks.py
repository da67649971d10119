"""Keras callbacks see a run as they see one of Keras' own, and what they ask for is done."""

import csv
import math
from dataclasses import replace

import keras
import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.datasets.windows import windows_per_epoch
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.training.config import TrainingConfig
from abclm.training.run import train

SMALL = ModelConfig(embedding_dimension=8, units=16)
TRAIN, HELD_OUT = Corpus.load("oldTunes").normalize().split(0.2, seed=0)
QUICK = TrainingConfig(sequence_length=50, batch_size=32, learning_rate=5e-3, epochs=2)
STEPS = windows_per_epoch(len(TRAIN.text) + 1, 50) // 32


@pytest.fixture
def lm():
    return LanguageModel.create(SMALL, seed=1)


class Recorder(keras.callbacks.Callback):
    """Writes down which hooks were called, and with what."""

    def __init__(self):
        super().__init__()
        self.calls, self.logs, self.weights = [], [], []

    def on_train_begin(self, logs=None):
        self.calls.append("train")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch}")

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        self.logs.append(logs["loss"])
        self.weights.append(self.model.get_weights()[-1].copy())

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"end {epoch}")
        self.logs.append(dict(logs))

    def on_train_end(self, logs=None):
        self.calls.append("end")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run that callbacks looked at: its model, what they wrote down, and the folder that they wrote to."""
    lm, seen = LanguageModel.create(SMALL, seed=1), Recorder()
    folder = tmp_path_factory.mktemp("recorded")
    lm.fit(TRAIN, HELD_OUT, QUICK, callbacks=[seen, keras.callbacks.CSVLogger(folder / "log.csv")])
    return lm, seen, folder


def test_every_hook_is_called_in_turn_with_the_figures(recorded):
    lm, seen, _ = recorded
    batches = list(range(STEPS))
    assert seen.calls == ["train", "epoch 0", *batches, "end 0", "epoch 1", *batches, "end 1", "end"]
    assert seen.params["epochs"] == 2
    assert seen.params["steps"] == STEPS
    assert isinstance(seen.model, keras.Model)
    for entry, logs in zip(lm.history, [seen.logs[STEPS], seen.logs[-1]], strict=True):
        assert logs["loss"] == pytest.approx(entry["loss"])
        assert logs["val_bits_per_character"] == entry["validation_bits_per_character"]
        assert logs["val_loss"] == pytest.approx(entry["validation_bits_per_character"] * math.log(2))
    assert lm.history[0]["loss"] == pytest.approx(np.mean(seen.logs[:STEPS]))
    assert all((one != other).any() for one, other in zip(seen.weights, seen.weights[1:], strict=False))
    np.testing.assert_array_equal(seen.weights[-1], lm.weights["dense/bias"])


def test_callbacks_change_nothing_by_being_there(lm, recorded):
    lm.fit(TRAIN, HELD_OUT, QUICK)
    for name, weight in lm.weights.items():
        np.testing.assert_array_equal(weight, recorded[0].weights[name])


def test_early_stopping_stops(lm):
    stopping = keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=10, patience=2)
    lm.fit(TRAIN, HELD_OUT, TrainingConfig(sequence_length=50, epochs=9), callbacks=[stopping])
    assert len(lm.history) == 3


def test_a_run_stops_in_the_middle_of_an_epoch_when_asked(lm):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    lm.fit(TRAIN, HELD_OUT, QUICK, callbacks=[Stop()])
    assert [entry["steps"] for entry in lm.history] == [2]


def test_the_best_weights_that_a_callback_brings_back_are_the_models(lm):
    """The callback's own measure says that the first epoch was the best."""

    class Measure(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = epoch
            self.after = getattr(self, "after", None) or self.model.get_weights()

    measure = Measure()
    stopping = keras.callbacks.EarlyStopping("mine", mode="min", restore_best_weights=True)
    lm.fit(TRAIN, None, TrainingConfig(sequence_length=50, epochs=5), callbacks=[measure, stopping])
    np.testing.assert_array_equal(lm.weights["dense/bias"], measure.after[-1])


def test_a_csv_file_is_written(recorded):
    lm, _, folder = recorded
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [entry["loss"] for entry in lm.history]


def test_callbacks_of_keras_save_a_whole_model_that_loads_and_set_the_learning_rate(lm, tmp_path):
    path = tmp_path / "best.keras"
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: [0.01, 0.002][epoch])
    lm.fit(TRAIN, None, QUICK, callbacks=[keras.callbacks.ModelCheckpoint(path), schedule])
    ids = lm.tokenizer.encode("X:1\nT:A")[None]
    np.testing.assert_allclose(keras.models.load_model(path)(ids)[0], lm.logits("X:1\nT:A"), atol=1e-4)
    assert [entry["learning_rate"] for entry in lm.history] == pytest.approx([0.01, 0.002])


def test_a_lower_learning_rate_stays_lower_and_after_a_resume_too(lm, tmp_path):
    class Halve(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                self.model.optimizer.learning_rate = 0.5 * float(self.model.optimizer.learning_rate)

    def stop(now):
        if now.epoch == 2:
            raise KeyboardInterrupt

    config = replace(QUICK, epochs=3, learning_rate=4e-3, schedule="cosine")
    again = lm.copy()
    with pytest.raises(KeyboardInterrupt):
        train(again.copy(), TRAIN, None, config, folder=tmp_path, callbacks=[Halve()], progress=stop)
    train(again, TRAIN, None, config, folder=tmp_path, callbacks=[Halve()], resume=True)
    lm.fit(TRAIN, None, config, callbacks=[Halve()])
    total = lm.history[-1]["steps"]
    for entry, factor in zip(lm.history, [1, 0.5, 0.5], strict=True):
        assert entry["learning_rate"] == pytest.approx(
            factor * config.learning_rate_at(entry["steps"] - 1, total), rel=1e-6
        )
    for name, weight in lm.weights.items():
        np.testing.assert_array_equal(weight, again.weights[name])


def test_tensorboard_gets_its_events(lm, tmp_path):
    pytest.importorskip("tensorboard")
    lm.fit(TRAIN, HELD_OUT, QUICK, callbacks=[keras.callbacks.TensorBoard(tmp_path / "logs")])
    assert any(path.is_file() for path in (tmp_path / "logs").rglob("events*"))
