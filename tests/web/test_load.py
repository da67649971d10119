"""Many clients at once: every request is answered, or refused with a time to come again, and memory is bounded."""

import json
import runpy
import sys
from pathlib import Path

import pytest

pytest.importorskip("httpx2", reason="httpx2 is not installed (the extra test)")

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "serve_load.py"


def load(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, "--json", *map(str, arguments)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    return json.loads(capsys.readouterr().out)


def is_well(figures):
    assert figures["lost_as"] == {}
    assert figures["lost"] == 0
    assert figures["said"] == ""
    assert figures["alive"]
    assert figures["exit_code"] == 0
    assert sum(figures["kinds"].values()) == figures["answered"]


def test_no_request_of_many_clients_is_lost(monkeypatch, capsys, model_folder):
    small = ("--model", model_folder, "--max-length", 200)
    figures = load(monkeypatch, capsys, *small, "--clients", 60, "--seconds", 3)
    is_well(figures)
    assert figures["kinds"]["generate/stream"] > 10
    assert figures["refused"] > 0  # there are places for 48
    if figures["megabytes_most"] is not None:
        assert figures["megabytes_most"] < 1000


@pytest.mark.slow
def test_no_request_of_fifty_clients_is_lost_in_a_minute(monkeypatch, capsys):
    figures = load(monkeypatch, capsys, "--clients", 50, "--seconds", 60)
    said = figures.pop("said").splitlines()
    assert len(said) <= 1  # that the model hardly knows a waltz, once
    is_well({**figures, "said": ""})
    assert figures["kinds"].keys() >= {"generate/stream", "score", "sound", "wav"}
    assert figures["megabytes_most"] is None or figures["megabytes_most"] < 1500
