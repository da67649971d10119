"""The training loop: what it learns, keeps, says, and leaves behind when it is stopped."""

import logging
import math
import os
import signal
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.datasets import large_files
from abclm.datasets.encoded import EncodedCorpus
from abclm.errors import ConfigError, CorpusError, ModelError, VocabularyError
from abclm.language_model import LanguageModel
from abclm.models.keras_network import Dropout, weights_of
from abclm.models.lstm.config import ModelConfig
from abclm.notation.canonical import FORM_VERSION
from abclm.notation.tunebook import format_tunebook
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.training.config import OPTIMIZERS, TrainingConfig
from abclm.training.progress import Progress
from abclm.training.run import fine_tune, train
from abclm.tune import Tune

SMALL = ModelConfig(embedding_dimension=8, units=16)
TUNES = Corpus.load("oldTunes").normalize()
TRAIN, HELD_OUT = TUNES.split(0.2, seed=0)
QUICK = TrainingConfig(sequence_length=50, batch_size=16, learning_rate=5e-3, epochs=2)


@pytest.fixture
def lm():
    return LanguageModel.create(SMALL, seed=1)


@dataclass(frozen=True)
class Done:
    """A quick run, which several tests look at: the model, where it was saved, and what was told on the way."""

    lm: LanguageModel
    folder: Path
    told: list[Progress]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    lm, folder, told = LanguageModel.create(SMALL, seed=1), tmp_path_factory.mktemp("done") / "m", []
    assert train(lm, TRAIN, HELD_OUT, QUICK, folder=folder, progress=told.append) is lm
    return Done(lm, folder, told)


def chances(lm, text):
    """The probability of each symbol after a text."""
    logits = lm.logits("\n" + text)[-1].astype(float)
    return dict(zip(lm.tokenizer.symbols, np.exp(logits) / np.exp(logits).sum(), strict=True))


def stop_at(step, how):
    """A progress function that does something once, after a step."""

    def progress(now):
        if now.step == step and not now.is_epoch_end:
            how()

    return progress


def interrupt():
    raise KeyboardInterrupt


def test_training_lowers_the_held_out_figure_and_says_so(lm, done):
    before, lm = lm.bits_per_character(HELD_OUT), done.lm
    assert [entry["epoch"] for entry in lm.history] == [1, 2]
    first, second = (entry["validation_bits_per_character"] for entry in lm.history)
    assert second < first < before
    assert lm.bits_per_character(HELD_OUT) == pytest.approx(second, rel=1e-6)
    assert lm.history[1]["bits_per_character"] == pytest.approx(lm.history[1]["loss"] / math.log(2))


def test_the_same_seed_gives_the_same_weights(lm):
    config = TrainingConfig(sequence_length=50, steps=5, output_dropout=0.3, embedding_dropout=0.2, seed=3)
    again = lm.copy()
    train(lm, TRAIN, None, config)
    train(again, TRAIN, None, config)
    for name, weight in lm.weights.items():
        np.testing.assert_array_equal(weight, again.weights[name])


def test_metadata_say_how_the_model_was_trained(done):
    lm = done.lm
    record = lm.metadata["training"]
    assert record["config"]["sequence_length"] == 50
    split = {
        "step": "split",
        "rule": "title-hash-1",
        "validation": 0.2,
        "seed": 0,
        "relatives_together": False,
    }
    assert record["corpus"] == {
        "name": "oldTunes", "tunes": len(TRAIN), "characters": len(TRAIN.text), "checksum": TRAIN.checksum,
        "corpora": [{"name": "oldTunes", "sha256": TRAIN.checksum}],
        "steps": [{"step": "normalize"}, {**split, "side": "training"}],
    }  # fmt: skip
    assert record["validation"]["steps"] == [{"step": "normalize"}, {**split, "side": "validation"}]
    assert record["form_version"] == FORM_VERSION == 2
    assert record["validation"]["tunes"] == record["held_out"]["tunes"] == len(HELD_OUT)
    assert record["steps"] == lm.history[-1]["steps"]
    assert "tensorflow" in record["versions"]
    assert sum(each["tunes"] for each in record["forms"]) == len(TRAIN)
    assert lm.forms == record["forms"]


def test_the_best_weights_are_kept_not_the_last(done):
    """With a learning rate that destroys what was learned, the first epoch stays the best."""
    lm = done.lm.copy()
    good = lm.bits_per_character(HELD_OUT)
    wild = TrainingConfig(sequence_length=50, batch_size=16, learning_rate=1.0, epochs=2)
    train(lm, TRAIN, HELD_OUT, wild)
    figures = [entry["validation_bits_per_character"] for entry in lm.history]
    assert lm.bits_per_character(HELD_OUT) == pytest.approx(min(figures), rel=1e-6)
    assert min(figures) > good
    assert lm.metadata["training"]["went_on_from"]["held_out"]["bits_per_character"] == pytest.approx(good)


def test_patience_ends_a_run_that_no_longer_improves(lm):
    config = TrainingConfig(sequence_length=50, batch_size=16, learning_rate=1e-12, epochs=9, patience=1)
    train(lm, TRAIN, HELD_OUT, config)
    kept = lm.metadata["training"]["steps"] / lm.history[0]["steps"]
    assert len(lm.history) == kept + 1 < 9


def test_the_folder_is_written_and_loads(done):
    again = LanguageModel.load(done.folder)
    assert again.history == done.lm.history
    for name, weight in done.lm.weights.items():
        np.testing.assert_array_equal(weight, again.weights[name])


def test_ctrl_c_leaves_the_latest_weights_where_none_were_measured(lm, tmp_path):
    before = lm.copy().weights
    with pytest.raises(KeyboardInterrupt):
        train(lm, TRAIN, HELD_OUT, QUICK, folder=tmp_path / "m", progress=stop_at(3, interrupt))
    again = LanguageModel.load(tmp_path / "m")
    assert again.metadata["training"]["steps"] == 3
    assert not np.array_equal(again.weights["dense/kernel"], before["dense/kernel"])
    np.testing.assert_array_equal(again.weights["dense/kernel"], lm.weights["dense/kernel"])


def test_ctrl_c_keeps_the_best_weights_where_there_are_some(lm, tmp_path):
    def stop(now):
        if now.step == now.total_steps - 1:
            raise KeyboardInterrupt

    config = TrainingConfig(sequence_length=50, batch_size=16, epochs=3)
    with pytest.raises(KeyboardInterrupt):
        train(lm, TRAIN, HELD_OUT, config, folder=tmp_path / "m", progress=stop)
    again = LanguageModel.load(tmp_path / "m")
    assert len(again.history) == 2
    assert again.bits_per_character(HELD_OUT) == pytest.approx(
        min(entry["validation_bits_per_character"] for entry in again.history), rel=1e-6
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
def test_a_terminated_run_leaves_a_model(lm, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        train(
            lm,
            TRAIN,
            None,
            QUICK,
            folder=tmp_path / "m",
            progress=stop_at(2, lambda: os.kill(os.getpid(), signal.SIGTERM)),
        )
    assert LanguageModel.load(tmp_path / "m").metadata["training"]["steps"] == 2
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_comes_while_python_clears_away_an_object_is_not_lost(lm, tmp_path):
    class Object:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(1000):  # here the signal is handled, and what that raises is dropped
                pass

    with pytest.raises(KeyboardInterrupt):
        train(lm, TRAIN, None, QUICK, folder=tmp_path / "m", progress=stop_at(2, Object))
    assert LanguageModel.load(tmp_path / "m").metadata["training"]["steps"] == 2


def test_a_run_outside_the_main_thread_works(lm):
    thread = threading.Thread(
        target=train, args=(lm, TRAIN, None, TrainingConfig(sequence_length=50, steps=2))
    )
    thread.start()
    thread.join()
    assert lm.history


def test_a_loss_that_is_no_number_stops_the_run_and_says_where(lm, tmp_path):
    lm.weights["dense/bias"][0] = np.inf
    config = TrainingConfig(sequence_length=50, steps=5, learning_rate=0.25)
    with pytest.raises(ModelError, match=r"nan at step 1 of 5, at a learning rate of 0\.25; the model is as"):
        train(lm, TRAIN, None, config, folder=tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_weights_that_broke_in_an_epochs_last_step_are_not_kept(lm, monkeypatch):
    broken = {name: np.full_like(weight, np.nan) for name, weight in lm.weights.items()}
    monkeypatch.setattr("abclm.training.step.weights_of", lambda network: broken)
    before = lm.weights
    with pytest.raises(ModelError, match="weights broke at step 2 of 2"):
        train(lm, TRAIN, None, TrainingConfig(sequence_length=50, steps=2))
    assert lm.weights is before


def test_progress_tells_steps_epochs_speed_and_held_out_figures(done):
    lm, seen = done.lm, done.told
    ends = [now for now in seen if now.is_epoch_end]
    assert [now.epoch for now in ends] == [1, 2]
    assert ends[0].validation.bits_per_character == lm.history[0]["validation_bits_per_character"]
    assert seen[0].validation is seen[0].characters_per_second is seen[0].seconds_left is None
    assert all(now.characters_per_second > 0 for now in seen[1:])
    assert ends[-1].step == ends[-1].total_steps == lm.history[-1]["steps"]
    assert ends[-1].seconds_left == 0


def test_learning_rate_follows_the_schedule(lm):
    config = TrainingConfig(sequence_length=50, steps=4, schedule="cosine", learning_rate=0.01)
    train(lm, TRAIN, None, config)
    assert lm.history[-1]["learning_rate"] == config.learning_rate_at(3, 4)


def test_weight_decay_shrinks_weights_but_no_biases(lm):
    """Beside a learning rate times decay of 1, what Adam adds is nothing."""
    config = TrainingConfig(sequence_length=50, steps=1, learning_rate=1e-6, weight_decay=1e6)
    before = lm.copy().weights
    train(lm, TRAIN, None, config)
    for name, weight in lm.weights.items():
        expected = before[name] if name.endswith("bias") else 0
        np.testing.assert_allclose(weight, expected, atol=1e-5)


@pytest.fixture(scope="module")
def untrained_bits():
    return LanguageModel.create(SMALL, seed=1).bits_per_character(TRAIN)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss(lm, untrained_bits, optimizer):
    rate = {"sgd": 1.0, "adadelta": 1.0, "adagrad": 0.05}.get(optimizer, 5e-3)
    config = TrainingConfig(
        sequence_length=50, batch_size=16, steps=20, optimizer=optimizer, learning_rate=rate
    )
    train(lm, TRAIN, None, config)
    assert lm.bits_per_character(TRAIN) < untrained_bits


def test_products_in_bfloat16_train_nearly_as_well(lm, monkeypatch):
    monkeypatch.setattr("abclm.training.workers._cpu_flags", lambda: {"avx512_bf16"})
    other = lm.copy()
    config = TrainingConfig(sequence_length=50, batch_size=16, steps=12, learning_rate=5e-3)
    train(lm, TRAIN, HELD_OUT, config)
    train(other, TRAIN, HELD_OUT, replace(config, precision="bfloat16"))
    exact, found = (each.metadata["training"]["held_out"]["bits_per_character"] for each in (lm, other))
    assert found != exact
    assert abs(found - exact) < 0.03
    # What is measured is what the model gives afterwards, when everything is in float32.
    assert other.evaluate(HELD_OUT).bits_per_character == pytest.approx(found, abs=1e-5)


def test_fine_tuning_from_8_bits_ends_where_it_does_from_16(tmp_path):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=32, structure=True), seed=1)
    config = TrainingConfig(sequence_length=50, batch_size=16, steps=20, learning_rate=5e-3)
    train(lm, TRAIN, None, config)
    found = []
    for dtype in ("float16", "int8"):
        lm.save(tmp_path / dtype, dtype)
        stored = LanguageModel.load(tmp_path / dtype)
        before = stored.bits_per_character(HELD_OUT)
        tuned = fine_tune(stored, HELD_OUT, None, replace(config, steps=8), old=None)
        found.append(tuned.bits_per_character(HELD_OUT))
        assert found[-1] < 0.98 * before
        assert stored.bits_per_character(HELD_OUT) == before
    assert found[1] != found[0]
    assert found[1] == pytest.approx(found[0], rel=0.003)


@pytest.mark.parametrize("structure", [False, True])
def test_the_default_precision_ends_at_the_figure_of_float32(monkeypatch, caplog, structure):
    monkeypatch.setattr("abclm.training.workers._cpu_flags", lambda: {"avx512_bf16"})
    caplog.set_level(logging.INFO, "abclm.training.workers")
    config, found = TrainingConfig(sequence_length=50, batch_size=16, steps=15, learning_rate=3e-3), []
    for each in (replace(config, precision="float32"), config):
        lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=256, structure=structure), seed=1)
        train(lm, TRAIN, HELD_OUT, each)
        found.append(lm.metadata["training"]["held_out"]["bits_per_character"])
    assert lm.metadata["training"]["config"]["precision"] == "bfloat16"
    assert "training with products in bfloat16" in caplog.text
    assert found[0] != found[1]
    assert found[1] == pytest.approx(found[0], rel=0.003)


def test_a_resumed_run_keeps_the_precision_it_was_begun_with(monkeypatch, tmp_path, lm):
    config = TrainingConfig(sequence_length=50, batch_size=16, epochs=1)
    train(lm.copy(), TRAIN, HELD_OUT, replace(config, precision="float32"), folder=tmp_path)
    monkeypatch.setattr("abclm.training.workers._cpu_flags", lambda: {"avx512_bf16"})
    monkeypatch.setattr("abclm.models.lstm.config._UNITS_FOR_BFLOAT16", 1)
    again = lm.copy()
    train(again, TRAIN, HELD_OUT, replace(config, epochs=2), folder=tmp_path, resume=True)
    assert again.metadata["training"]["config"]["precision"] == "float32"
    assert len(again.history) == 2


def test_averaging_keeps_the_average_of_the_steps_and_trains_on_the_latest(lm):
    class Average(keras.callbacks.Callback):
        """Averages the weights of a run by itself."""

        def on_train_batch_end(self, batch, logs=None):
            latest = weights_of(self.model)
            before = self.weights if batch else latest
            self.weights = {name: 0.8 * before[name] + 0.2 * latest[name] for name in latest}

    config = TrainingConfig(sequence_length=50, batch_size=16, steps=3)
    found = Average()
    train(lm.copy(), TRAIN, None, config, callbacks=[found])
    train(lm, TRAIN, None, replace(config, averaging=0.8))
    for name, weight in lm.weights.items():
        np.testing.assert_allclose(weight, found.weights[name], rtol=1e-4, atol=1e-6)


def test_label_smoothing_keeps_the_model_from_being_sure_and_the_loss_what_it_was(lm):
    config = TrainingConfig(sequence_length=50, batch_size=16, steps=30, learning_rate=2e-2)
    smooth, plain = lm.copy(), lm
    losses = {}
    for each, share in ((plain, 0.0), (smooth, 0.4)):
        losses[share] = []
        train(
            each, TRAIN, None, replace(config, label_smoothing=share),
            progress=lambda now, share=share: losses[share].append(now.loss),
        )  # fmt: skip
    assert losses[0.0][0] == pytest.approx(losses[0.4][0], rel=1e-6)  # of the first step, before any change
    text = TRAIN.tunes[0].text
    assert smooth.logits(text).max() < plain.logits(text).max()


def test_recurrent_dropout_leaves_out_recurrent_weights_alone(lm):
    network = lm.config.network(len(lm.tokenizer), lm.weights)
    ids = lm.tokenizer.encode(TRAIN.text[:40])[None]
    with_all = network.logits(ids).numpy()
    dropped = network.logits(ids, Dropout(recurrent=0.5, seed=(0, 1))).numpy()
    np.testing.assert_allclose(dropped[:, 0], with_all[:, 0], rtol=1e-5, atol=1e-6)  # from a zero state
    assert not np.allclose(dropped[:, 1:], with_all[:, 1:])


def test_clipping_bounds_what_a_step_changes(lm):
    """Adam divides the clipped norm out, but for its epsilon, which a tiny gradient can't reach over."""
    before = lm.copy().weights
    config = TrainingConfig(sequence_length=50, steps=1, learning_rate=1e-3, clip_norm=1e-12)
    train(lm, TRAIN, None, config)
    assert all(np.abs(weight - before[name]).max() < 1e-6 for name, weight in lm.weights.items())


@pytest.mark.parametrize("settings", [{}, {"whole_tunes": True, "transposition": 1.0}])
def test_tunes_on_the_disk_train_as_those_in_memory_do(lm, tmp_path, monkeypatch, settings):
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1)
    (tmp_path / "book.abc").write_text(format_tunebook(TUNES.tunes))
    files = large_files.LargeFiles.find([str(tmp_path / "book.abc")])
    found = large_files.encode_files(
        files, lm.tokenizer, tmp_path / "text", clean=True, validation=0.3, seed=0
    )
    other, config = lm.copy(), replace(QUICK, **settings)
    train(lm, found.training, found.held_out, config)
    train(other, *Corpus.read(tmp_path / "book.abc").as_canonical().deduplicate().split(0.3), config)
    for name, weight in lm.weights.items():
        np.testing.assert_array_equal(weight, other.weights[name])
    assert lm.novelty_index.to_bytes() == other.novelty_index.to_bytes()
    records = [each.metadata["training"] for each in (lm, other)]
    for record in records:
        del record["held_out"]["bits_per_character"], record["held_out"]["bits_per_tune"]
    assert records[0] == records[1]
    held_out = list(found.held_out.parsed(lm.tokenizer))
    assert lm.bits_per_character(held_out) == pytest.approx(
        lm.history[-1]["validation_bits_per_character"], rel=1e-6
    )


@pytest.mark.parametrize("block", [5, 300, 10_000])
def test_held_out_tunes_are_measured_a_block_at_a_time(lm, monkeypatch, block):
    monkeypatch.setattr("abclm.datasets.encoded._BLOCK", block)
    corpus = EncodedCorpus.encode(HELD_OUT, lm.tokenizer)
    blocks = list(corpus.pieces())
    assert (len(blocks) == 1) == (block > corpus.characters)
    found = [lm.tokenizer.decode(tune) for tunes in blocks for tune in tunes]
    assert found == [f"\n{tune.text.rstrip()}\n\n" for tune in HELD_OUT]


def test_tunes_that_are_not_canonical_are_normalised_first(lm):
    raw = Corpus("raw", tuple(Tune.parse(tune.text.replace("K:", "Q:1/4=120\nK:")) for tune in TRAIN.tunes))
    train(lm, raw, None, TrainingConfig(sequence_length=50, steps=1))
    assert lm.metadata["training"]["corpus"]["characters"] == len(TRAIN.text)


def test_too_little_text_is_refused(lm):
    few = Corpus("few", TRAIN.tunes[:1])
    with pytest.raises(ConfigError, match="too few for a sequence length of 5,000; give more tunes"):
        train(lm, few, None, TrainingConfig(sequence_length=5000))


def test_no_tunes_are_refused(lm):
    with pytest.raises(CorpusError, match="no tune can be used"):
        train(lm, Corpus("none", ()), None, QUICK)
    with pytest.raises(ConfigError, match="no held-out tunes"):
        train(lm, TRAIN, Corpus("none", ()), QUICK)


def test_a_character_that_the_vocabulary_lacks_is_refused():
    lm = LanguageModel.create(SMALL, CharacterTokenizer.from_text("\nABC"))
    with pytest.raises(VocabularyError):
        train(lm, TRAIN, None, QUICK)


def test_fine_tuning_gives_a_new_model_and_leaves_the_old(lm):
    before = lm.copy().weights
    tuned = lm.fine_tune(Corpus("mine", TRAIN.tunes[:20]), HELD_OUT)
    assert tuned.bits_per_character(HELD_OUT) < lm.bits_per_character(HELD_OUT)
    assert not lm.history
    for name, weight in lm.weights.items():
        np.testing.assert_array_equal(weight, before[name])


def test_what_a_model_could_do_before_is_measured_and_kept_where_nothing_does_better(lm):
    before = lm.bits_per_character(HELD_OUT)
    worse = TrainingConfig(sequence_length=50, learning_rate=5.0, epochs=2, clip_norm=1.0)
    tuned = fine_tune(lm, TRAIN, HELD_OUT, worse)
    record = tuned.metadata["training"]
    assert record["before"]["held_out"]["bits_per_character"] == pytest.approx(before, rel=1e-6)
    assert record["held_out"] == record["before"]["held_out"]
    assert record["steps"] == 0
    for name, weight in tuned.weights.items():
        np.testing.assert_array_equal(weight, lm.weights[name])


def test_a_run_ends_before_too_much_is_forgotten(done):
    """Tunes of one letter are learned at the cost of all others."""
    lm = done.lm
    same = Corpus(
        "same", tuple(Tune.parse(f"X:1\nM:4/4\nL:1/4\nK:C\n{'CCCC|' * n}]\n\n") for n in range(4, 30))
    )
    config = TrainingConfig(sequence_length=40, batch_size=8, epochs=8, learning_rate=1e-2, forgetting=0.05)
    free = fine_tune(lm, same, None, replace(config, forgetting=None), old=HELD_OUT)
    held = fine_tune(lm, same, None, config, old=HELD_OUT)
    before = lm.evaluate(HELD_OUT).bits_per_tune
    assert free.evaluate(HELD_OUT).bits_per_tune > 1.05 * before
    assert held.evaluate(HELD_OUT).bits_per_tune <= 1.05 * before
    assert len(held.history) < len(free.history) == 8
    assert held.history[-1]["old_bits_per_tune"] > 1.05 * before  # the epoch that was not kept
    record = held.metadata["training"]
    assert record["before"]["old"]["bits_per_tune"] == pytest.approx(before, rel=1e-6)


def test_fine_tuning_on_raw_tunes_adds_their_symbols_and_disturbs_no_other(done):
    lm = done.lm
    raw = Corpus("raw", tuple(Tune.parse(f"X:{n}\nT:Ä{n}\nK:C\n~C{{d}}E~G|]\n") for n in range(20)))
    config = TrainingConfig(sequence_length=30, batch_size=4, epochs=30, learning_rate=1e-2)
    step = replace(config, epochs=1, steps=1)
    tuned = fine_tune(lm, raw, None, step, normalize=False)
    assert tuned.tokenizer.symbols == (*lm.tokenizer.symbols, "{", "}", "~", "Ä")
    assert "Ä" not in lm.tokenizer
    with pytest.raises(VocabularyError):
        fine_tune(lm, raw, None, step, normalize=True, old=None).tokenizer.encode("Ä")
    larger = lm.with_tokenizer(tuned.tokenizer)
    assert larger.bits_per_character(HELD_OUT) == pytest.approx(lm.bits_per_character(HELD_OUT), rel=0.02)
    learned = fine_tune(lm, raw, None, config, normalize=False)
    before, after = (chances(each, "X:1\nT:Ä\nK:C\n") for each in (larger, learned))
    assert before["~"] < 0.02
    assert after["~"] > 0.1


def test_what_a_shipped_model_says_of_its_own_tunes_goes_to_its_record(done):
    lm = done.lm.copy()
    lm.metadata = {**lm.metadata, "name": "x", "corpora": [{"name": "oldTunes"}], "split": {"seed": 0}}
    tuned = fine_tune(lm, TRAIN, None, TrainingConfig(sequence_length=50, steps=1))
    assert "corpora" not in tuned.metadata
    assert tuned.metadata["training"]["went_on_from"]["corpora"] == [{"name": "oldTunes"}]
    assert lm.metadata["name"] == "x"


def test_fine_tuning_on_one_short_tune_takes_a_shorter_window(lm, caplog):
    tune = Tune.parse("X:1\nT:Short\nM:4/4\nL:1/8\nK:G\nGABc d2B2|\n\n").normalize()
    tuned = lm.fine_tune(Corpus("short", (tune,)), config=TrainingConfig.for_fine_tuning(epochs=1))
    assert tuned.metadata["training"]["config"]["sequence_length"] == len(tune.text)
    assert "windows are" in caplog.text


def test_fine_tuning_takes_its_steps_by_the_size_of_the_corpus(lm, caplog):
    twelve = Corpus("twelve", TRAIN.tunes[:12], is_canonical=True)
    tuned = lm.fine_tune(twelve, HELD_OUT, TrainingConfig.for_fine_tuning(epochs=1, output_dropout=0.0))
    assert tuned.metadata["training"]["config"]["batch_size"] == 1
    assert tuned.history[-1]["steps"] == (len(twelve.text) - 200) // 200 >= 8
    assert not [each for each in caplog.records if each.name == "abclm.training.run"]
    many = lm.fine_tune(TRAIN, HELD_OUT, TrainingConfig.for_fine_tuning(sequence_length=20, steps=1))
    assert many.metadata["training"]["config"]["batch_size"] == 8


def test_fine_tuning_says_where_tunes_are_too_few_to_matter_or_to_measure(lm, caplog):
    few = Corpus("few", TRAIN.tunes[:3], is_canonical=True)
    lm.fine_tune(
        few, HELD_OUT.filter(lambda tune: tune is HELD_OUT.tunes[0]), TrainingConfig.for_fine_tuning(epochs=1)
    )
    said = [each.getMessage() for each in caplog.records if each.name == "abclm.training.run"]
    assert len(said) == 2
    assert said[0].startswith("these tunes make 2 training steps an epoch, which change the model little")
    assert said[1].startswith("one tune is held out: its figures say little")


def test_a_model_knows_the_tunes_that_it_was_trained_on(done):
    config = TrainingConfig(sequence_length=50, steps=1)
    lm = done.lm
    for model in (lm, LanguageModel.load(done.folder)):
        assert model.novelty_index.titles == tuple(tune.title for tune in TRAIN)
    mine = fine_tune(lm, HELD_OUT, None, config)
    assert len(mine.novelty_index) == len(TUNES)
    assert len(fine_tune(lm, TRAIN, None, config).novelty_index) == len(TRAIN)


def test_a_model_that_learned_from_unknown_tunes_claims_no_index(done):
    lm = done.lm.copy()
    lm.novelty_index = None
    assert fine_tune(lm, HELD_OUT, None, TrainingConfig(sequence_length=50, steps=1)).novelty_index is None


def test_a_model_overfitted_on_eight_bars_reproduces_them():
    tune = Tune.parse(
        "X:1\nT:Eight Bars\nR:reel\nM:C|\nL:1/8\nK:G\n"
        "GABc dedc|BdGB d2de|ceAc BdGB|A2cA GFED|\nGABc dedc|BdGB d2de|ceAc BGAF|G2B2 G4|]\n\n"
    ).normalize()
    lm = LanguageModel.create(ModelConfig(embedding_dimension=32, units=128), seed=0)
    text = len(tune.text)
    config = TrainingConfig(
        sequence_length=text, batch_size=1, learning_rate=0.015, steps=150, schedule="cosine", clip_norm=1.0
    )
    lm.fit(Corpus("eight bars", (tune,)), config=config)
    (written,) = lm.generate(title="Eight Bars", key="G", temperature=0, max_length=400)
    assert written.text == tune.text
