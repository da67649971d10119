"""Fine-tuning and sweeps that are killed again and again come to the very same end."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import abclm
from abclm.corpora.corpus import Corpus
from abclm.experiments.sweep import sweep
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.system.locks import LOCK
from abclm.training.config import TrainingConfig
from abclm.training.run import fine_tune

TUNES = Corpus("few", Corpus.load("oldTunes").normalize().tunes[:20]).normalize()
TRAIN, HELD_OUT = TUNES.split(0.2, seed=0)
MODEL = ModelConfig(embedding_dimension=8, units=16)
CONFIG = TrainingConfig(
    sequence_length=40,
    batch_size=8,
    steps=24,
    learning_rate=5e-3,
    output_dropout=0.2,
    checkpoint_minutes=1e-9,
)
KILLS = 10
KILLED = """
import os, signal, sys, threading
sys.path.insert(0, {tests!r})
import test_killed_runs

def kill_soon(*_, steps=[]):
    steps.append(1)
    if len(steps) == {steps}:
        threading.Timer({delay}, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()

test_killed_runs.{run}({folder!r}, kill_soon)
"""


def tune_finely(folder, progress=None):
    """Fine-tune a model; its weights."""
    old = LanguageModel.create(MODEL, seed=1)
    lm = fine_tune(
        old, TRAIN, HELD_OUT, CONFIG, normalize=False, folder=folder, resume=True, progress=progress
    )
    assert LanguageModel.load(folder).weights.keys() == lm.weights.keys()
    return [weight.tolist() for _, weight in sorted(lm.weights.items())]


def compare(folder, progress=None):
    """Compare two learning rates and another size; all figures but the time."""
    options = {} if progress is None else {"progress": progress}
    results = sweep(
        TRAIN,
        HELD_OUT,
        {"units": [8, 16], "learning_rate": [1e-3]},
        Path(folder),
        model=MODEL,
        config=CONFIG,
        **options,
    )
    return [replace(each, seconds=0.0) for each in results]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("run", [tune_finely, compare], ids=lambda run: run.__name__)
def test_ten_kills_cost_nothing(run, tmp_path):
    numbers = random.Random(KILLS)
    folder, killed = tmp_path / "killed", 0
    environment = {**os.environ, "PYTHONPATH": str(Path(abclm.__file__).parents[1])}
    for _ in range(3 * KILLS):
        code = KILLED.format(
            tests=str(Path(__file__).parent), run=run.__name__, folder=str(folder),
            steps=numbers.randint(1, 3), delay=numbers.uniform(0, 0.1),
        )  # fmt: skip
        done = subprocess.run([sys.executable, "-c", code], env=environment, timeout=600, check=False)
        assert done.returncode in (0, -9)
        killed += done.returncode == -9
        if killed == KILLS:
            break
        if done.returncode == 0:  # it came to its end: begin anew
            folder = tmp_path / f"killed-{killed}"
    assert killed == KILLS
    assert run(folder) == run(tmp_path / "whole")
    assert not list(tmp_path.rglob(LOCK))
