"""The train, fine-tune and evaluate commands: what they print and write, and how they fail."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import abclm
from abclm.cli import run
from abclm.corpora.corpus import Corpus
from abclm.datasets import large_files
from abclm.language_model import LanguageModel
from abclm.models.gru.config import GRUConfig
from abclm.notation.tunebook import format_tunebook

SMALL = ("--units", "8", "--embedding-dimension", "4", "--sequence-length", "50")


@pytest.fixture
def call(monkeypatch, tmp_path, capsys):
    """Run a command in an empty folder; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "m"
    assert run(["train", "oldTunes", "--out", str(folder), "--steps", "4", *SMALL]) == 0
    return folder


def is_one_line(errors):
    return errors.startswith("abclm: error: ") and errors.count("\n") == 1


def test_training_ends_with_one_object_of_figures(call):
    code, out, errors = call("train", "oldTunes", "--out", "m", "--steps", "3", *SMALL, "--json")
    assert code == 0
    figures = json.loads(out.splitlines()[-1])
    assert figures["steps"] == 3
    assert figures["bits_per_character"] > 0
    assert figures["loss"] > 0
    assert figures["characters_per_second"] > 0
    lm = LanguageModel.load("m")
    assert figures["validation_bits_per_character"] == pytest.approx(
        lm.bits_per_character(Corpus.load("oldTunes").split(0.1, seed=0)[1]), rel=1e-6
    )
    assert lm.metadata["training"]["validation"]["steps"][-1]["seed"] == 0
    assert "step 3/3" in errors
    assert "bits/character" in errors
    assert "characters/s" in errors
    assert "held out" in errors
    assert "left" in errors


def test_options_reach_the_model_and_the_training(call):
    options = (
        "--layers",
        "2",
        "--batch-size",
        "8",
        "--seed",
        "5",
        "--output-dropout",
        "0.1",
        "--clip-norm",
        "1",
    )
    code, _, _ = call(
        "train", "oldTunes", "--out", "m", "--steps", "2", *SMALL, *options, "--validation", "0"
    )
    lm = LanguageModel.load("m")
    assert code == 0
    assert (lm.config.layers, lm.config.units, lm.config.embedding_dimension) == (2, 8, 4)
    config = lm.metadata["training"]["config"]
    assert (config["batch_size"], config["seed"], config["output_dropout"], config["clip_norm"]) == (
        8,
        5,
        0.1,
        1,
    )
    assert lm.metadata["training"]["validation"] is None


def test_another_architecture_is_trained_by_its_name(call):
    code, _, _ = call(
        "train", "oldTunes", "--out", "m", "--steps", "2", *SMALL, "--architecture", "gru", "--layers", "2"
    )
    assert code == 0
    assert LanguageModel.load("m").config == GRUConfig(embedding_dimension=4, units=8, layers=2)


def test_structure_is_an_option_of_an_lstm_alone(call):
    code, _, _ = call("train", "oldTunes", "--out", "m", "--steps", "1", *SMALL, "--structure")
    assert code == 0
    assert LanguageModel.load("m").config.structure
    code, _, errors = call("train", "oldTunes", "--out", "g", "--architecture", "gru", "--structure")
    assert code == 2
    assert "the architecture gru does not have --structure; leave that out" in errors
    code, _, errors = call("train", "oldTunes", "--out", "c", "--structure", "--cache")
    assert code == 2
    assert "cache is for models without structure" in errors


def test_an_unknown_architecture_is_wrong_use(call):
    code, _, errors = call("train", "oldTunes", "--out", "m", "--architecture", "grue")
    assert code == 2
    assert "the architecture 'grue' is unknown; did you mean gru?" in errors


def test_clean_takes_a_written_tunebook_as_it_is(call):
    corpus = Corpus.load("oldTunes").normalize()
    book = "".join(tune.text.replace("X:1\n", f"X:{n}\n") for n, tune in enumerate(corpus.tunes, 1))
    Path("book.abc").write_text(book)
    code, _, _ = call(
        "train", "book.abc", "--out", "m", "--steps", "1", *SMALL, "--clean", "--validation", "0"
    )
    assert code == 0
    assert LanguageModel.load("m").metadata["training"]["corpus"]["characters"] == len(corpus.text)


def test_large_clean_files_go_through_the_disk(call, monkeypatch):
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1)
    corpus = Corpus.load("oldTunes").normalize()
    book = "".join(tune.text.replace("X:1\n", f"X:{n}\n") for n, tune in enumerate(corpus.tunes, 1))
    Path("book.abc").write_text(book + book)
    arguments = ("train", "book.abc", "--out", "m", "--epochs", "1", *SMALL, "--clean", "--json")
    code, out, errors = call(*arguments)
    assert code == 0
    assert f"{len(corpus)} of {2 * len(corpus)} tunes left out, {len(corpus)} of them repeated" in errors
    assert "abclm: encoded 0 MB of tunes in" in errors
    figures = json.loads(out)
    assert figures["tunes"] + figures["validation_tunes"] == len(corpus)
    assert figures["preparation_seconds"] > 0
    assert figures["training_seconds"] > 0
    assert (Path("m") / "training_state" / "text" / "files.json").exists()
    again, _, errors = call(*arguments, "--resume")
    assert again == 0
    assert "abclm: found encoded 0 MB" in errors
    assert "going on with the run in m" in errors


def test_fine_tuning_says_what_it_was_good_for_and_what_was_forgotten(call, model):
    arguments = ("fine-tune", "oldTunes", "--model", model, "--epochs", "2", "--batch-size", "2")
    code, out, errors = call(*arguments, "--out", "a", "--old", "oldTunes", "--forgetting", "0.5", "--json")
    assert code == 0
    figures = json.loads(out.splitlines()[-1])
    for name, said in (("held_out", "tunes held out of yours"), ("old", "tunes like those it knew")):
        before = figures["before"][name]["bits_per_character"]
        assert f"{said}: {before:.3f} bits per character before," in errors
    assert figures["old_bits_per_tune"] < figures["before"]["old"]["bits_per_tune"]
    assert LanguageModel.load("a").metadata["training"]["validation"]["steps"][-1]["validation"] == 0.1
    code, _, errors = call(*arguments, "--out", "b")
    assert code == 0
    assert "tunes like those it knew" in errors  # which its metadata tell
    assert LanguageModel.load("b").metadata["training"]["old"]["tunes"] == 6


def test_fine_tuning_measures_what_any_model_forgets_or_says_why_not(call, caplog):
    tunes = Corpus.load("oldTunes").normalize().tunes
    for name, half in (("my.abc", tunes[:28]), ("other.abc", tunes[28:])):
        Path(name).write_text(format_tunebook(half), encoding="utf-8")
    assert call("train", "my.abc", "--out", "m", "--steps", "2", *SMALL)[0] == 0
    arguments = ("fine-tune", "other.abc", "--model", "m", "--epochs", "1", "--json")
    code, out, errors = call(*arguments, "--out", "n")
    assert code == 0
    before, after = json.loads(out)["before"]["old"], LanguageModel.load("n").metadata["training"]["old"]
    assert before["tunes"] == after["tunes"] == 3
    assert (
        f"abclm: 3 tunes like those it knew: {before['bits_per_character']:.3f} bits per character before, "
        f"{after['bits_per_character']:.3f} now"
    ) in errors
    assert not [each for each in caplog.records if each.levelname != "INFO"]
    Path("my.abc").unlink()
    code, out, errors = call(*arguments, "--out", "o")
    assert code == 0
    assert "old" not in json.loads(out)["before"]
    assert "tunes like those it knew" not in errors
    (said,) = [each.getMessage() for each in caplog.records if each.levelname != "INFO"]
    assert said.startswith(
        "how much the model forgets of my.abc is not measured: my.abc: there is no such file"
    )


def test_raw_tunes_bring_their_symbols(call, model, caplog):
    Path("raw.abc").write_text(
        "".join(f"X:{n}\nT:Fröhlich\nM:4/4\nK:C\n~C{{d}}E{'FG'[n % 2]}|]\n\n" for n in range(9)),
        encoding="utf-8",
    )
    arguments = ("fine-tune", "raw.abc", "--model", model, "--epochs", "1", "--raw")
    code, _, errors = call(*arguments, "--out", "r")
    assert code == 0
    assert "abclm: symbols that the model gets: '{' '}' '~' 'ö'" in errors
    assert LanguageModel.load("r").tokenizer.symbols[-4:] == ("{", "}", "~", "ö")
    code, tune, _ = call("generate", "--model", "r", "--attempts", "1", "--max-length", "300")
    assert code == 0
    assert "the tunes are canonical ones" in caplog.text
    assert not set("{}~ö") & set(tune)
    code, _, errors = call(*arguments, "--out", "s", "--clean")
    assert code == 2
    assert "--raw" in errors


def test_a_run_is_gone_on_with_when_asked(call):
    arguments = ("train", "oldTunes", "--out", "m", *SMALL)
    assert call(*arguments, "--epochs", "1")[0] == 0
    first = LanguageModel.load("m").history
    code, out, errors = call(*arguments, "--epochs", "2", "--resume", "--json")
    assert code == 0
    assert "going on with the run in m" in errors
    assert json.loads(out)["epochs"] == 2
    assert LanguageModel.load("m").history[:1] == first
    code, _, errors = call(*arguments, "--epochs", "2", "--resume", "--batch-size", "8")
    assert code == 2
    assert "begun with batch_size=24, not 8; repeat its command" in errors
    code, _, errors = call(*arguments, "--epochs", "2")
    assert code == 2
    assert "--out m holds a run; give --resume to go on with it, another folder, or --overwrite" in errors
    code, _, errors = call(*arguments, "--resume", "--overwrite")
    assert code == 2
    assert "give one of them" in errors


def test_resuming_where_nothing_was_begun_begins_and_a_model_alone_is_refused(call, model):
    code, _, errors = call("train", "oldTunes", "--out", "m", "--steps", "1", *SMALL, "--resume")
    assert code == 0
    assert "m holds no run yet; beginning" in errors
    LanguageModel.load(model).save("alone")
    code, _, errors = call("train", "oldTunes", "--out", "alone", "--steps", "1", *SMALL, "--resume")
    assert code == 2
    assert is_one_line(errors)
    assert "no training_state to go on from" in errors


def test_an_existing_model_is_replaced_only_when_asked(call):
    arguments = ("train", "oldTunes", "--out", "m", "--steps", "1", *SMALL)
    assert call(*arguments)[0] == 0
    before = Path("m/model.safetensors").read_bytes()
    code, out, errors = call(*arguments, "--seed", "1")
    assert (code, out) == (2, "")
    assert is_one_line(errors)
    assert "--overwrite" in errors
    assert Path("m/model.safetensors").read_bytes() == before
    assert call(*arguments, "--seed", "1", "--overwrite")[0] == 0
    assert Path("m/model.safetensors").read_bytes() != before


def test_a_folder_of_something_else_is_never_written_into(call):
    Path("m").mkdir()
    Path("m/config.json").write_text("{}")
    code, _, errors = call("train", "oldTunes", "--out", "m", "--overwrite", *SMALL)
    assert code == 2
    assert is_one_line(errors)
    assert os.listdir("m") == ["config.json"]
    assert Path("m/config.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "oldTunes", "--out", "m", "--epochs", "0"], 2, "epochs is an integer from 1"),
        (["train", "oldTunes", "--out", "m", "--units", "-1"], 2, "units is an integer from 1"),
        (["train", "oldTunes", "--out", "m", "--validation", "1"], 2, "--validation is a share"),
        (["train", "oldTunes", "--out", "m", "--schedule", "up"], 2, "schedule is one of"),
        (["train", "nothing.abc", "--out", "m"], 1, "nothing.abc"),
        (["train", "empty.abc", "--out", "m"], 1, "empty.abc"),
        (["train", "binary.abc", "--out", "m"], 1, "binary.abc"),
        (["train", "oldTunes", "--out", "empty.abc"], 2, "is a file"),
        (
            ["train", "oldTunes", "--out", "m", "--units", "8", "--sequence-length", "90000"],
            2,
            "give more tunes",
        ),
        (["fine-tune", "oldTunes", "--out", "m", "--model", "nowhere"], 1, "nowhere"),
        (["evaluate", "oldTunes", "--model", "nowhere"], 1, "nowhere"),
        (["train", "oldTunes"], 2, "--out"),
    ],
)
def test_wrong_use_ends_in_one_line(call, arguments, code, said):
    Path("empty.abc").write_bytes(b"")
    Path("binary.abc").write_bytes(bytes(range(256)))
    got, out, errors = call(*arguments)
    assert (got, out) == (code, "")
    assert said in errors
    assert is_one_line(errors)
    assert not Path("m").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder that can't be written, even by root")
def test_a_folder_that_can_not_be_written_is_said_before_training(call):
    code, _, errors = call("train", "oldTunes", "--out", "/proc/abclm", *SMALL)
    assert code == 1
    assert is_one_line(errors)


def test_fine_tuning_writes_a_new_model(call, model):
    before = (model / "model.safetensors").read_bytes()
    code, out, _ = call("fine-tune", "oldTunes", "--model", model, "--out", "mine", "--epochs", "1", "--json")
    assert code == 0
    figures = json.loads(out)
    assert figures["epochs"] == 1
    assert (model / "model.safetensors").read_bytes() == before
    mine = LanguageModel.load("mine")
    assert mine.metadata["training"]["went_on_from"]["steps"] == 4
    assert mine.config == LanguageModel.load(model).config


def test_evaluation_prints_the_figures(call, model):
    code, out, _ = call("evaluate", "oldTunes", "--model", model, "--json")
    assert code == 0
    figures = json.loads(out)
    tunes = Corpus.load("oldTunes").normalize()
    assert figures["tunes"] == len(tunes)
    assert figures["characters"] == len(tunes.text)
    assert figures["bits_per_character"] == pytest.approx(LanguageModel.load(model).bits_per_character(tunes))
    assert figures["bits_per_tune"] * figures["tunes"] == pytest.approx(
        figures["bits_per_character"] * figures["characters"]
    )
    code, out, _ = call("evaluate", "oldTunes", "--model", model)
    assert code == 0
    assert f"{figures['bits_per_character']:.4f}" in out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("by", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_an_interrupted_command_leaves_a_usable_model(tmp_path, by):
    arguments = ["train", "oldTunes", "--out", "m", "--epochs", "100000", *SMALL]
    process = subprocess.Popen(
        [sys.executable, "-m", "abclm", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(abclm.__file__).parents[1])},
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, a shell has SIGINT ignored, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "m/model.safetensors").exists() and time.monotonic() < deadline:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        process.send_signal(by)
        _, errors = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "m holds the model" in errors
    assert "Traceback" not in errors
    assert LanguageModel.load(tmp_path / "m").metadata["training"]["steps"] > 0
