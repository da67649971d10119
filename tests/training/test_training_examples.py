import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_a_model_is_trained_on_own_tunes_and_fine_tuned_from_its_folder(run, tmp_path):
    model, mine = tmp_path / "model", tmp_path / "mine"
    said = run(
        "train_on_your_own_tunes.py", "--units", 16, "--epochs", 2, "--sequence-length", 200, "--out", model
    )  # fmt: skip
    assert "56 of 56 tunes" in said
    assert "epoch 2: " in said
    assert "T:The First Try" in said
    said = run("fine_tune.py", "--model", model, "--epochs", 1, "--out", mine)
    before, after = (float(said.split(f"{name}: ")[1].split()[0]) for name in ("before", "after"))
    assert after < before
    assert said.count("T:The Comparison") == 2
    assert (mine / "model.safetensors").is_file()
