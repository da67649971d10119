"""Several workers train as one does: two processes of this machine, which talk over its loopback."""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import abclm
from abclm.errors import ConfigError
from abclm.language_model import LanguageModel
from abclm.models.gru.config import GRUConfig
from abclm.models.lstm.config import ModelConfig
from abclm.training.config import TrainingConfig
from abclm.training.workers import Workers, check_precision, read_tf_config, settled_precision

SCRIPT = """
import json, sys
import keras
from abclm.training.config import TrainingConfig
from abclm.training.workers import find_workers
from abclm.training.run import train
from abclm.corpora.corpus import Corpus
from abclm.errors import AbclmError
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig

class Said(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs):
        print("LOSS", repr(logs["loss"]), flush=True)

config, units, folder, resume = json.loads(sys.argv[1])
tunes, held_out = Corpus.load("oldTunes").normalize().split(0.2, seed=0)
structure = config.pop("structure", False)
lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=units, structure=structure), seed=1)
config = TrainingConfig(**config)
try:
    train(lm, tunes, held_out, config, folder=folder, resume=resume, callbacks=[Said()])
except AbclmError as error:
    sys.exit(f"abclm: error: {error}")
print("DONE", lm.history[-1]["validation_bits_per_character"], find_workers().is_chief)
"""
# A batch that two workers can't share equally; and clipping, which has to see the whole gradient, to where
# Adam's epsilon counts, so that a gradient twice as large would be seen.
SMALL = {"sequence_length": 40, "batch_size": 15, "learning_rate": 5e-3, "clip_norm": 1e-5, "seed": 2}


def start(config, units, folder, resume=False, index=0, ports=()):
    """Start one worker of as many as there are ports."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(abclm.__file__).parents[1]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    environment.pop("TF_CONFIG", None)
    if ports:
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
        environment["TF_CONFIG"] = json.dumps(
            {"cluster": cluster, "task": {"type": "worker", "index": index}}
        )
    arguments = json.dumps([config, units, str(folder), resume])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, arguments], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def start_two(*arguments, **options):
    ports = free_ports()
    return [start(*arguments, **options, index=index, ports=ports) for index in range(2)]


def free_ports():
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def finish(processes, seconds=900):
    """Each one's losses, and the last line that it said."""
    found = []
    try:
        for process in processes:
            out, errors = process.communicate(timeout=seconds)
            assert process.returncode == 0, errors[-3000:]
            found.append(losses_of(out))
            assert out.splitlines()[-1].startswith("DONE")
    finally:
        for process in processes:
            process.kill()
    return found


def train_alone(config, units, folder, capsys):
    """What the script prints that is run in this process: a worker by itself."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TF_CONFIG", raising=False)
        patch.setattr(sys, "argv", ["train", json.dumps([config, units, str(folder), False])])
        exec(compile(SCRIPT, "train", "exec"), {"__name__": "__main__"})
    return capsys.readouterr().out


def losses_of(out):
    return [float(loss) for loss in re.findall(r"^LOSS (\S+)$", out, re.MULTILINE)]


@pytest.mark.parametrize(
    ("config", "units"),
    [
        ({**SMALL, "steps": 10}, 16),
        pytest.param({**SMALL, "steps": 10, "structure": True}, 16, marks=pytest.mark.slow),
        pytest.param(
            {**SMALL, "batch_size": 32, "sequence_length": 100, "steps": 50}, 512, marks=pytest.mark.slow
        ),
    ],
    ids=["10 steps", "structure", "50 steps"],
)
def test_two_workers_have_the_losses_of_one(tmp_path, capsys, config, units):
    first, second = finish(start_two(config, units, tmp_path / "two"))
    alone = losses_of(train_alone(config, units, tmp_path / "one", capsys))
    assert len(alone) == config["steps"]
    np.testing.assert_allclose(first, alone, rtol=1e-4)
    assert first == second
    one, two = LanguageModel.load(tmp_path / "one"), LanguageModel.load(tmp_path / "two")
    figures = [lm.history[-1]["validation_bits_per_character"] for lm in (one, two)]
    np.testing.assert_allclose(*figures, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("victim", [0, 1], ids=["chief", "other"])
def test_a_run_that_lost_a_worker_goes_on_with_the_same_curve(tmp_path, victim):
    config = {**SMALL, "epochs": 4, "checkpoint_minutes": 1e-9}
    (whole,) = finish([start(config, 16, tmp_path / "one")])
    processes = start_two(config, 16, tmp_path / "two")
    try:
        said = ""
        while said.count("LOSS") < len(whole) // 2:
            said += processes[victim].stdout.readline()
        processes[victim].send_signal(signal.SIGKILL)
        processes[victim].communicate()
        survivor = processes[1 - victim]
        _, errors = survivor.communicate(timeout=300)
        assert survivor.returncode == 1, errors[-3000:]
        assert "another worker can't be reached" in errors
        assert "--resume" in errors
    finally:
        for process in processes:
            process.kill()
    first, second = finish(start_two(config, 16, tmp_path / "two", resume=True))
    assert 0 < len(first) < len(whole)
    assert first == second
    np.testing.assert_allclose(first, whole[-len(first) :], rtol=1e-4)


def test_parts_of_a_batch_are_all_of_it_and_none_twice():
    for size, count in [(32, 2), (7, 3), (3, 3)]:
        parts = [list(range(size))[Workers(None, index, count).part(size)] for index in range(count)]
        assert list(itertools.chain(*parts)) == list(range(size))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_batch_too_small_for_the_workers_is_refused():
    with pytest.raises(ConfigError, match="a batch of 2 windows is too small for 3 workers"):
        Workers(None, 0, 3).check(2)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"ps": ["a:1"], "worker": ["b:1"]}, "task": {"type": "ps", "index": 0}}',
    ],
)
def test_a_wrong_tf_config_is_refused_with_what_it_should_be(text):
    with pytest.raises(ConfigError, match=r"^TF_CONFIG: .*; give \{\"cluster\""):
        read_tf_config(text)


def test_the_chief_comes_before_the_workers():
    cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
    places = [("chief", 0), ("worker", 0), ("worker", 1)]
    found = [
        read_tf_config(json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}))
        for kind, index in places
    ]
    assert found == [(0, 3), (1, 3), (2, 3)]


def test_without_a_cluster_a_worker_is_alone():
    assert read_tf_config("{}") == (0, 1)


@pytest.mark.parametrize(
    ("flags", "is_taken"),
    [("sse avx512_bf16", True), ("amx_bf16", True), ("avx avx512f", False), (None, False)],
)
def test_a_precision_that_the_processor_lacks_is_refused(monkeypatch, tmp_path, flags, is_taken):
    if flags:
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    monkeypatch.setattr("abclm.training.workers._CPU_INFO", tmp_path / "cpuinfo")
    check_precision("float32")
    chosen = [
        settled_precision(TrainingConfig(precision=given), shape, Workers(None), begun).precision
        for given, shape, begun in (
            ("auto", ModelConfig(units=256), None),
            ("auto", ModelConfig(units=255), None),
            ("auto", GRUConfig(units=512), None),
            ("auto", ModelConfig(units=256), "float32"),
            ("float32", ModelConfig(units=256), None),
        )
    ]
    assert chosen == ["bfloat16" if is_taken else "float32", *["float32"] * 4]
    if not is_taken:
        with pytest.raises(ConfigError, match=r"was begun in bfloat16; go on where"):
            settled_precision(TrainingConfig(), ModelConfig(), Workers(None), "bfloat16")
    if is_taken:
        check_precision("bfloat16")
        return
    with pytest.raises(ConfigError, match=r"bfloat16 is for processors with amx_bf16 or avx512_bf16.*leave"):
        check_precision("bfloat16")
