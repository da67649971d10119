"""Settings of all tests."""

import gc
import os
import runpy
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from abclm.cli import activity

# The same examples on every run, so that a change is judged by itself; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# What a command says where it takes long would depend on how busy the machine is.
activity.DELAY = 1e6


def pytest_collection_finish():
    # TensorFlow's modules are a million objects, which are there to stay: not to be looked through again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


TUNE = """X:7
T:Test
R:hornpipe
M:4/4
L:1/8
K:G
G2 B>d (3gfe d2|[GBd]4 z2 F-F|]
"""


@pytest.fixture
def tune():
    return TUNE


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch):
    for variable in ("ABCLM_ABC2MIDI", "ABCLM_SOUNDFONT"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def benchmark(tmp_path, monkeypatch, capsys):
    """Run a script of `benchmarks` in an empty folder; gives what it prints."""
    monkeypatch.chdir(tmp_path)
    folder = Path(__file__).resolve().parents[1] / "benchmarks"

    def benchmark(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        monkeypatch.syspath_prepend(folder)  # as Python does for a script
        runpy.run_path(str(folder / name), run_name="__main__")
        return capsys.readouterr().out

    return benchmark
