"""A run that was stopped, killed or ran out of disk goes on to the weights it would have come to."""

import contextlib
import errno
import os
import random
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import abclm
from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError, ModelError
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.training import checkpoint
from abclm.training.config import TrainingConfig
from abclm.training.run import train

TUNES = Corpus("few", Corpus.load("oldTunes").normalize().tunes[:20]).normalize()
TRAIN, HELD_OUT = TUNES.split(0.2, seed=0)
CONFIG = TrainingConfig(
    sequence_length=40, batch_size=8, epochs=3, learning_rate=5e-3, schedule="cosine", warmup_steps=5,
    clip_norm=1.0, output_dropout=0.2, embedding_dropout=0.1, weight_decay=0.01,
    checkpoint_minutes=1e-9,
)  # fmt: skip


def new():
    return LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=1)


def go(folder, config=CONFIG, **options):
    return train(new(), TRAIN, HELD_OUT, config, normalize=False, folder=folder, **options)


@pytest.fixture(scope="module")
def whole_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def whole(whole_folder):
    """The run that nothing stopped."""
    return go(whole_folder)


@pytest.fixture(scope="module")
def begun_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("begun")
    stopped(folder, lambda now: now.step == 4, replace(CONFIG, checkpoint_minutes=1e9))
    return folder


@pytest.fixture
def begun(begun_once, tmp_path):
    """A folder that Ctrl-C left at step 4, before any checkpoint was due."""
    return shutil.copytree(begun_once, tmp_path / "begun")


def same(lm, other):
    for name, weight in lm.weights.items():
        np.testing.assert_array_equal(weight, other.weights[name])
    figures = [[{**each, "characters_per_second": 0} for each in one.history] for one in (lm, other)]
    assert figures[0] == figures[1]
    assert lm.metadata["training"] == other.metadata["training"]


def stop(when):
    def progress(now):
        if when(now):
            raise KeyboardInterrupt

    return progress


def stopped(folder, when, config=CONFIG):
    with pytest.raises(KeyboardInterrupt):
        go(folder, config, progress=stop(when))


def in_parts(run, *ends):
    """The model of a run that is stopped at each of the ends and gone on with; no step is done twice."""
    steps = []

    def progress(now, end=None):
        if not now.is_epoch_end:
            steps.append(now.step)
        if end and end(now):
            raise KeyboardInterrupt

    for end in ends:
        with pytest.raises(KeyboardInterrupt):
            run(resume=True, progress=partial(progress, end=end))
    lm = run(resume=True, progress=progress)
    assert steps == list(range(1, lm.history[-1]["steps"] + 1))
    return lm


def test_where_no_run_is_one_begins_and_when_stopped_goes_on_to_the_same_weights(whole, tmp_path):
    """It is stopped at an epoch's end, in an epoch, and before the last epoch is measured."""
    folder = tmp_path / "new"
    found = in_parts(
        partial(go, folder),
        lambda now: now.epoch == 1 and now.is_epoch_end,
        lambda now: now.epoch == 2 and not now.is_epoch_end,
        lambda now: now.step == now.total_steps and not now.is_epoch_end,
    )
    same(found, whole)
    same(LanguageModel.load(folder), whole)


@pytest.mark.slow
def test_at_the_papers_size_too(tmp_path):
    """Products of this size are cut up among the cores, and must be added up again in the same order."""
    config = TrainingConfig(
        batch_size=24, steps=6, output_dropout=0.3, clip_norm=1.0, checkpoint_minutes=1e-9
    )
    models = [LanguageModel.create(ModelConfig(), seed=1) for _ in range(3)]
    train(models[0], TRAIN, None, config, normalize=False)
    for lm, progress in ((models[1], stop(lambda now: now.step == 3)), (models[2], None)):
        with contextlib.suppress(KeyboardInterrupt):
            train(lm, TRAIN, None, config, normalize=False, folder=tmp_path, resume=True, progress=progress)
    same(models[2], models[0])


def test_ctrl_c_alone_leaves_what_is_needed_to_go_on(whole, begun):
    assert checkpoint.read_checkpoint(begun).state["step"] == 4
    same(go(begun, resume=True), whole)


@pytest.mark.slow
def test_with_averages_and_tunes_in_other_keys_too(tmp_path):
    config = replace(CONFIG, averaging=0.9, transposition=0.5, whole_tunes=True, recurrent_dropout=0.2)
    found = in_parts(
        partial(go, tmp_path / "b", config),
        lambda now: now.epoch == 2 and not now.is_epoch_end,
        lambda now: now.epoch == 2 and now.is_epoch_end,
    )
    same(found, go(tmp_path / "a", config))


def test_fine_tuning_too(whole, tmp_path):
    config = TrainingConfig.for_fine_tuning(
        epochs=3, sequence_length=100, batch_size=8, forgetting=0.5, checkpoint_minutes=1e-9
    )
    run = partial(whole.fine_tune, TRAIN, HELD_OUT, config, old=HELD_OUT, normalize=False)
    found = in_parts(
        partial(run, folder=tmp_path),
        lambda now: now.step == 3,
        lambda now: now.epoch == 2 and now.is_epoch_end,
    )
    same(found, run())


@pytest.mark.slow
def test_without_held_out_tunes_too(tmp_path):
    def run(folder=None, **options):
        return train(new(), TRAIN, None, CONFIG, normalize=False, folder=folder, **options)

    same(in_parts(partial(run, tmp_path), lambda now: now.step == 15), run())


def test_a_finished_run_has_nothing_left_to_do(whole, whole_folder, tmp_path):
    folder = shutil.copytree(whole_folder, tmp_path / "copy")
    steps = []
    same(go(folder, resume=True, progress=steps.append), whole)
    assert steps == []


@pytest.mark.slow
def test_a_run_at_a_constant_learning_rate_can_be_made_longer(tmp_path):
    config = TrainingConfig(sequence_length=40, batch_size=16, epochs=1)
    longer = TrainingConfig(sequence_length=40, batch_size=16, epochs=2)
    go(tmp_path, config)
    same(go(tmp_path, longer, resume=True), go(None, longer))


def test_another_configuration_is_refused_in_one_line(begun):
    other = replace(CONFIG, batch_size=16, seed=3)
    with pytest.raises(ConfigError, match=r"begun with batch_size=8, not 16; seed=0, not 3; repeat") as error:
        go(begun, other, resume=True)
    assert "\n" not in str(error.value)


def test_other_tunes_are_refused(begun):
    fewer = Corpus("fewer", TRAIN.tunes[1:])
    with pytest.raises(ConfigError, match=r"other training tunes \([\d,]+ characters with checksum"):
        train(new(), fewer, HELD_OUT, CONFIG, folder=begun, resume=True)
    with pytest.raises(ConfigError, match=r"other held-out tunes .* not none"):
        train(new(), TRAIN, None, CONFIG, folder=begun, resume=True)


def test_another_model_is_refused(begun):
    other = LanguageModel.create(ModelConfig(embedding_dimension=8, units=8), seed=1)
    with pytest.raises(ConfigError, match="units=16, not 8"):
        train(other, TRAIN, HELD_OUT, CONFIG, folder=begun, resume=True)
    again = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=2)
    with pytest.raises(ConfigError, match="another model to start from"):
        train(again, TRAIN, HELD_OUT, CONFIG, folder=begun, resume=True)


def test_resuming_needs_a_folder():
    with pytest.raises(ConfigError, match="no folder"):
        go(None, resume=True)


def test_a_full_disk_ends_the_run_and_the_checkpoint_before_still_loads(whole, tmp_path, monkeypatch):
    written = checkpoint.write_bytes

    def write(path, data):
        if training_steps[-1] >= 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written(path, data)

    training_steps = [0]
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_bytes", write)
        with pytest.raises(ModelError, match=r"step 6 could not be written \(No space left .* of step 5, is"):
            go(tmp_path, progress=lambda now: training_steps.append(now.step))
    assert len(list((tmp_path / checkpoint.FOLDER).iterdir())) == 1
    assert checkpoint.read_checkpoint(tmp_path).state["step"] == 5
    same(go(tmp_path, resume=True), whole)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits to a file's size")
def test_a_file_that_the_system_cuts_off_costs_nothing(tmp_path):
    """Without a stand-in for the disk: the system refuses to write on within the file."""
    state = checkpoint.Checkpoint({"step": 1}, {"a": np.ones(10, np.float32)})
    checkpoint.write_checkpoint(tmp_path, state)
    large = checkpoint.Checkpoint({"step": 2}, {"a": np.ones(100_000, np.float32)})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            checkpoint.write_checkpoint(tmp_path, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert checkpoint.read_checkpoint(tmp_path).state["step"] == 1
    checkpoint.write_checkpoint(tmp_path, large)
    found = checkpoint.read_checkpoint(tmp_path)
    assert found.state["step"] == 2
    np.testing.assert_array_equal(found.tensors["a"], large.tensors["a"])


def test_of_a_broken_checkpoint_the_one_before_is_taken(tmp_path, caplog):
    for step in (1, 2):
        checkpoint.write_checkpoint(tmp_path, checkpoint.Checkpoint({"step": step}, {"a": np.ones(9)}))
        if step == 1:
            shutil.copytree(tmp_path / checkpoint.FOLDER / "000001", tmp_path / "aside")
    (tmp_path / "aside").rename(tmp_path / checkpoint.FOLDER / "000001")
    tensors = tmp_path / checkpoint.FOLDER / "000002" / "tensors.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1] + b"!")
    assert checkpoint.read_checkpoint(tmp_path).state["step"] == 1
    assert "is not what was written" in caplog.text
    (tmp_path / checkpoint.FOLDER / "000001" / "state.json").write_text("[")
    with pytest.raises(ModelError, match="is not what was written"):
        checkpoint.read_checkpoint(tmp_path)


def test_a_checkpoint_keeps_arrays_that_lie_transposed_in_memory_and_single_numbers(tmp_path):
    transposed, number = np.arange(6.0).reshape(2, 3).T, np.array(7.0)
    checkpoint.write_checkpoint(tmp_path, checkpoint.Checkpoint({"step": 1}, {"a": transposed, "b": number}))
    read = checkpoint.read_checkpoint(tmp_path).tensors
    assert read["a"].tolist() == transposed.tolist()
    assert read["b"].shape == ()


@pytest.mark.parametrize("place", [(Path, "rename"), (os, "replace"), (os, "fsync")], ids=lambda at: at[1])
def test_a_crash_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path, monkeypatch, place):
    """At the first, the second and the third call of each kind that writing makes."""
    real = getattr(*place)
    state = [checkpoint.Checkpoint({"step": step}, {"a": np.full(9, step)}) for step in (1, 2)]
    for crash in range(3):
        folder = tmp_path / str(crash)
        checkpoint.write_checkpoint(folder, state[0])
        calls = []

        def broken(*arguments, at=crash, calls=calls):
            calls.append(1)
            if len(calls) > at:
                raise SystemExit
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(*place, broken)
            with contextlib.suppress(SystemExit):
                checkpoint.write_checkpoint(folder, state[1])
        is_in_place = len(calls) <= crash or (place[1] == "fsync" and crash == 2)  # the folder's own
        assert checkpoint.read_checkpoint(folder).state["step"] == (2 if is_in_place else 1)


KILLED = """
import os, signal, sys, threading
sys.path.insert(0, {tests!r})
import test_resume

def kill_soon(now, steps=[]):
    steps.append(now.step)
    if len(steps) == {steps}:
        threading.Timer({delay}, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()

test_resume.go({folder!r}, test_resume.CONFIG, resume=True, progress=kill_soon)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_again_and_again_comes_to_the_same_weights(whole, tmp_path, kills):
    """Each time after some steps, at any moment of the next ones: while a checkpoint is written, too."""
    random_numbers = random.Random(kills)
    killed = 0
    for _ in range(kills):
        code = KILLED.format(
            tests=str(Path(__file__).parent), folder=str(tmp_path),
            steps=random_numbers.randint(1, 24 // kills), delay=random_numbers.uniform(0, 0.1),
        )  # fmt: skip
        root = str(Path(abclm.__file__).parents[1])
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": root}, timeout=300, check=False
        )
        assert done.returncode in (0, -9)
        killed += done.returncode == -9
    assert killed
    same(go(tmp_path, resume=True), whole)


# Two runs


def test_a_second_run_in_a_folder_is_refused_while_the_first_lives(whole, tmp_path):
    said = []

    def begin_another(progress):
        if not said:
            with pytest.raises(ModelError) as caught:
                go(tmp_path, resume=True)
            said.append(str(caught.value))

    same(go(tmp_path, progress=begin_another), whole)
    assert (
        f"{tmp_path}: another run (process {os.getpid()}) is training into this folder; wait for its end"
        in said[0]
    )
    same(go(tmp_path, resume=True), whole)


def test_a_disk_that_is_full_when_the_model_is_written_ends_the_run_with_what_to_do(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "config.json")

    with monkeypatch.context() as full:
        full.setattr(LanguageModel, "save", fail)
        with pytest.raises(
            ModelError, match=r"the model could not be written.*make room and go on with --resume"
        ):
            go(tmp_path)
    go(tmp_path, resume=True)
