"""The evaluate command: tables, JSON, pictures, and wrong use in one line."""

import json
import re
from pathlib import Path

import pytest

from abclm.analysis.novelty import NoveltyIndex
from abclm.analysis.statistics import STATISTICS
from abclm.cli import run
from abclm.corpora.corpus import Corpus
from abclm.evaluation.figures import FIGURES
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig

MINE = Corpus.load("oldTunes").normalize()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=4, units=8), seed=1)
    lm.novelty_index = NoveltyIndex.create(MINE.tunes[:10])
    folder = tmp_path_factory.mktemp("models") / "m"
    lm.save(folder)
    return folder


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("few.abc").write_text("".join(tune.text for tune in MINE.tunes[8:14]))

    def call(*arguments):
        code = run(["evaluate", *map(str, arguments)])
        out, errors = capsys.readouterr()
        return code, out, errors

    return call


def test_the_promised_keys_are_there(call, model):
    code, out, _ = call("few.abc", "--model", model, "--json")
    assert code == 0
    figures = json.loads(out)
    assert {"model", "bits_per_character", "bits_per_tune", "tunes", "characters"} <= figures.keys()
    assert figures["tunes"] == 6
    for name in FIGURES:
        low, high = figures["intervals"][name]
        assert low <= figures[name] <= high
    assert "generated" not in figures


def test_a_model_with_structure_says_what_it_is_told_and_what_its_network_does_alone(call, tmp_path):
    LanguageModel.create(ModelConfig(embedding_dimension=4, units=8, structure=True), seed=1).save(
        tmp_path / "s"
    )
    _, out, _ = call("few.abc", "--model", tmp_path / "s", "--json")
    figures = json.loads(out)
    assert figures["told_bits_per_tune"] > 0
    assert figures["network"]["bits_per_tune"] != figures["bits_per_tune"]
    _, out, _ = call("few.abc", "--model", tmp_path / "s")
    told, alone = figures["told_bits_per_tune"], figures["network"]["bits_per_tune"]
    assert re.search(rf"of what the model is told +{told:.1f}", out)
    assert re.search(rf"by the network alone +{alone:.1f}", out)


def test_given_tunes_are_set_against_the_real_ones(call, model):
    moved = [tune.transpose(2) for tune in MINE.tunes[8:12]]
    Path("given.abc").write_text("".join(tune.text for tune in moved))
    code, out, _ = call("oldTunes", "--model", model, "--tunes", "given.abc", "--json")
    assert code == 0
    figures = json.loads(out)
    assert (figures["generated"]["tunes"], figures["real"]["tunes"]) == (4, len(MINE))
    assert figures["generated"]["diversity_of"] == figures["real"]["diversity_of"] == 4
    # the model knows the first ten: two of the four, whatever their key
    assert figures["generated"]["copied"]["count"] == 2
    assert [each["nearest"] for each in figures["overlaps"][:2]] == [tune.title for tune in MINE.tunes[8:10]]
    assert figures["overlaps"][0]["share"] == 1
    assert figures["generated"]["valid"]["share"] == 1
    assert figures["comparison"]["distances"].keys() == {each.name for each in STATISTICS}
    assert figures["comparison"]["frechet"] > 0


def test_the_tables_show_what_the_json_holds(call, model):
    arguments = ("few.abc", "--model", model, "--tunes", "few.abc")
    figures = json.loads(call(*arguments, "--json")[1])
    code, out, errors = call(*arguments)
    assert code == 0
    assert errors == ""
    assert re.search(rf"(?m)^ *bits per character +{figures['bits_per_character']:.4f} ", out)
    assert re.search(r"(?m)^ *copied +0\.333 \(0\.097 to 0\.700\) +0\.333 \(0\.097 to 0\.700\) *$", out)
    assert re.search(r"(?m)^ *Fréchet distance +0\.000 ", out)
    assert "…" not in out


def test_a_model_writes_the_tunes_by_itself(call, model):
    arguments = ("few.abc", "--model", model, "--generate", 2, "--seed", 3, "--json")
    figures = json.loads(call(*arguments)[1])
    assert figures["generated"]["tunes"] == 2
    assert figures["generated"]["strict"]["share"] == 1
    assert json.loads(call(*arguments)[1]) == figures


def test_a_model_writes_by_itself_without_the_grammar(call, model):
    arguments = ("few.abc", "--model", model, "--generate", 2, "--seed", 3, "--unconstrained", "--json")
    figures = json.loads(call(*arguments)[1])
    assert figures["generated"]["valid"]["share"] == 0  # a model that has learned nothing
    cooler = json.loads(call(*arguments, "--temperature", 0.5)[1])
    assert cooler["comparison"] != figures["comparison"]


def test_copies_are_not_guessed_without_an_index(call, tmp_path):
    LanguageModel.create(ModelConfig(embedding_dimension=4, units=8), seed=1).save(tmp_path / "plain")
    code, out, errors = call("few.abc", "--model", "plain", "--tunes", "few.abc")
    assert code == 0
    assert "copied" not in out
    assert "no index of its training tunes" in errors
    figures = json.loads(call("few.abc", "--model", "plain", "--tunes", "few.abc", "--json")[1])
    assert figures["generated"]["copied"] is None
    assert figures["overlaps"] == []


@pytest.mark.parametrize("more", [(), ("--tunes", "few.abc")])
def test_a_picture_is_drawn(call, model, more):
    code, _, _ = call("oldTunes", "--model", model, "--picture", "it.png", *more)
    assert code == 0
    assert Path("it.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--tunes", "few.abc", "--generate", "2"], 2, "give one of the two"),
        (["--unconstrained"], 2, "give --generate, too"),
        (["--temperature", "0.8"], 2, "give --generate, too"),
        (["--bar-redraws", "2"], 2, "give --generate, too"),
        (
            ["--generate", "2", "--bar-redraws", "65"],
            2,
            "bar_redraws is an integer from 0 to 64, received 65",
        ),
        (["--generate", "0"], 2, "--generate is a number of tunes from 1; received 0"),
        (["--seed", "-1"], 2, "--seed is an integer from 0; received -1"),
        (["--picture", "it.jpg"], 2, "--picture names the .png file to write; received 'it.jpg'"),
        (["--tunes", "none.abc"], 1, "none.abc: is no file or folder"),
        (["--tunes", "rests.abc"], 2, "the first of the two sets has no tune of two notes or more"),
    ],
)
def test_wrong_use_ends_in_one_line(call, model, arguments, code, said):
    Path("rests.abc").write_text("X:1\nT:Rests\nM:C\nL:1/8\nK:C\nz8|]\n")
    got, out, errors = call("few.abc", "--model", model, *arguments)
    assert (got, out) == (code, "")
    assert said in errors
    assert errors.count("\n") == 1
