"""The scripts in `benchmarks` run, on tiny settings; those that a page or a room tells of are tested with it."""

import json
import re
from pathlib import Path

import pytest

import abclm
from abclm import Tune
from abclm.models.recurrent.products import integer_product

ROOT = Path(__file__).resolve().parents[1]
TESTS = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
MODULES = {"layered_torch", "protocol"}  # of other scripts


@pytest.fixture
def model(tmp_path):
    lm = abclm.LanguageModel.create(abclm.ModelConfig(embedding_dimension=4, units=8), seed=1)
    lm.save(tmp_path / "tiny")
    return "./tiny"


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_every_script_is_tested(path):
    assert path.stem in MODULES or any(path.stem in text for text in TESTS.values())


def test_the_speed_of_reading_is_compared_with_another_version(benchmark):
    root = str(ROOT)
    found = json.loads(benchmark("reading_speed.py", "oldTunes", "--base", root, "--rounds", 1, "--json"))
    assert found["tunes"] == 56
    assert all(0.2 < found[what] < 5 for what in ("notes", "check", "normalize"))


def test_a_folder_without_abclm_is_refused_as_the_other_version(benchmark, tmp_path):
    with pytest.raises(SystemExit, match="no version of abclm"):
        benchmark("reading_speed.py", "oldTunes", "--base", tmp_path, "--rounds", 1)


def test_tunes_one_after_another_are_compared_with_tunes_at_once(benchmark, model):
    found = json.loads(benchmark("shared_batch.py", "--model", model, "--tunes", 2, "--rounds", 1, "--json"))
    assert found["2"] > 0


def test_tunes_are_the_same_written_in_each_way(benchmark, model):
    pytest.importorskip("onnxruntime")
    ways = ("--tunes", 2, "--batches", 1, 2, "--threads", 1)
    said = benchmark("same_tunes.py", "--model", model, *ways).splitlines()
    assert len(said) == 4
    assert all(line.endswith("the same") for line in said)


def test_the_memory_of_a_command_is_measured(benchmark, model):
    found = json.loads(benchmark("generation_memory.py", "--model", model, "--tunes", 1, "--json"))
    assert 20 < found["1"] < 400  # MB


def test_the_cost_of_tunes_is_measured_by_batch_bars_and_units(benchmark, model, monkeypatch):
    kind = integer_product()
    monkeypatch.setattr(kind, "bound", kind.bound)  # as it was, after the test
    monkeypatch.setattr(kind, "untimed", kind.bound, raising=False)
    tiny = ("--batches", 1, 2, "--bars", 8, "--units", 4, "--rounds", 1)
    rows = json.loads(benchmark("generation_cost.py", "--model", model, *tiny, "--json"))
    assert [next(iter(row)) for row in rows] == ["batch", "batch", "bars", "units"]
    assert all(0 < row["product_share"] < 1 for row in rows)
    assert all(row["characters"] > row["tunes"] for row in rows)


def test_the_notes_of_midi_files_come_back(benchmark, tmp_path):
    (tmp_path / "scores").mkdir()
    Tune.parse("X:1\nT:Scale\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n").save(tmp_path / "scores" / "scale.mid")
    found = json.loads(benchmark("midi_in.py", "scores"))
    assert found["files"] == 1


@pytest.mark.slow
def test_the_figures_of_the_data_cards_are_those_of_the_corpora(benchmark):
    said = benchmark("corpus_cards.py")
    assert "oneills1850: " in said
    assert "differs" not in said


@pytest.mark.slow
def test_the_start_of_a_command_is_timed(benchmark, model):
    found = json.loads(benchmark("start_up.py", "--model", model, "--rounds", 1, "--json"))
    assert 0 < found["generate_ratio"] < 2


@pytest.mark.slow
def test_the_memory_of_training_is_measured(benchmark):
    said = benchmark(
        "corpus_memory.py", "oldTunes", "--megabytes", 0.05, "--steps", 2, "--units", 4,
        "--validation", 0.1, "--json",
    )  # fmt: skip
    assert json.loads(said)["steps"] == 2


@pytest.mark.slow
def test_a_recipe_is_trained(benchmark, tmp_path):
    for name, tunes in zip(
        ("train", "held_out"), abclm.Corpus.load("oldTunes").split(0.2, seed=0), strict=True
    ):
        text = "\n".join(tune.text for tune in tunes.tunes)
        (tmp_path / f"{name}.abc").write_text(text, encoding="utf-8")
    said = benchmark(
        "recipes.py", "--training", "train.abc", "--validation", "held_out.abc", "--out", "runs",
        "--runs", "paper:1:1", "--units", 4, "--quick",
    )  # fmt: skip
    assert "paper" in said


def test_the_speed_of_evaluation_is_compared_with_another_version(benchmark, model):
    abclm.Corpus.load("oldTunes").save("tunes.abc")
    said = benchmark("evaluation_speed.py", "tunes.abc", "--base", ROOT, "--model", model, "--rounds", 1)
    assert re.search(r"this version: [\d.]+ s, [\d.]+ s of the processor, [\d,]+ characters a second", said)
    assert re.search(
        r"[\d.]+ times as fast, [\d.]+ by the processor; bits per tune differ by 0\.0e\+00", said
    )
