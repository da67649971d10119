"""The generate command: what it prints, what it writes, and how it fails."""

import json
import os
import re

import pytest

from abclm.cli import run
from abclm.errors import ConvertError
from abclm.generation.abc import tunes
from abclm.generation.abc.draws import tries
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.models.lstm.numpy_engine import NumpyEngine
from abclm.system import files
from abclm.tune import Tune


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "m"
    LanguageModel.create(ModelConfig(embedding_dimension=3, units=4)).save(folder)
    return str(folder)


@pytest.fixture
def generate(model, monkeypatch, tmp_path, capsys):
    """Run the command with a model that anything goes for; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tries, "find_problems", lambda text: ())

    def call(*arguments):
        code = run(["generate", "--model", model, "--max-length", "200", *arguments])
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


def test_a_tune_is_printed_with_what_was_asked_for(generate):
    code, printed, said = generate("--title", "The Lost Badger", "--key", "G", "--seed", "1")
    assert code == 0
    assert printed.startswith("X:1\nT:The Lost Badger\n")
    assert "\nK:G\n" in printed
    assert printed.endswith("\n\n")
    assert said == ""


def test_every_field_can_be_asked_for(generate):
    code, printed, _ = generate(
        "--title", "Asked", "--rhythm", "Jigs", "--meter", "6/8", "--unit-note-length", "1/8",
        "--key", "A dorian", "--opening", "EAA", "--seed", "1",
    )  # fmt: skip
    assert code == 0
    assert printed.startswith("X:1\nT:Asked\nR:jig\nM:6/8\nL:1/8\nK:Ador\nEAA")


def test_a_tune_is_valid(generate):
    code, printed, said = generate("--title", "Asked", "--seed", "1", "--temperature", "2")
    assert (code, said) == (0, "")
    assert Tune.parse(printed).check() == []


def test_unconstrained_the_music_is_left_to_the_model(generate):
    code, printed, _ = generate("--title", "Asked", "--seed", "1", "--opening", "G999", "--unconstrained")
    assert code == 0
    assert "\nG999" in printed
    assert Tune.parse(printed).check() != []


def test_an_opening_that_is_written_differently_is_said(generate):
    _, printed, said = generate("--seed", "1", "--key", "G", "--opening", "(GAB)")
    assert "\nK:G\nGAB" in printed
    assert said == "abclm: the opening is written 'GAB'\n"


def test_the_same_seed_prints_the_same(generate):
    assert generate("--seed", "5", "-n", "2") == generate("--seed", "5", "-n", "2")


def test_several_tunes_are_a_tunebook(generate):
    _, printed, _ = generate("--seed", "5", "-n", "3")
    assert re.findall(r"^X:.*", printed, re.MULTILINE) == ["X:1", "X:2", "X:3"]


def test_a_seed_that_was_drawn_is_said_and_gives_the_same_again(generate):
    _, printed, said = generate("--title", "Asked")
    match = re.fullmatch(r"abclm: seed (\d+); --seed \1 writes the same again\n", said)
    assert match
    assert generate("--title", "Asked", "--seed", match[1]) == (0, printed, "")


def test_a_title_that_is_written_differently_is_said(generate):
    _, printed, said = generate("--title", "Père O’Connor", "--seed", "1")
    assert "T:Pere O'Connor\n" in printed
    assert said == 'abclm: the title is written "Pere O\'Connor"\n'


def test_files_are_named_after_title_and_number(generate, tmp_path):
    code, printed, said = generate("--title", "The Lost Badger", "--seed", "1", "-n", "2", "--out", "out")
    assert (code, printed) == (0, "")
    assert sorted(os.listdir("out")) == ["the-lost-badger-1.abc", "the-lost-badger-2.abc"]
    assert said == "".join(
        f"abclm: wrote {os.path.join('out', f'the-lost-badger-{number}.abc')}\n" for number in (1, 2)
    )
    tune = Tune.parse((tmp_path / "out" / "the-lost-badger-2.abc").read_text())
    assert tune.title == "The Lost Badger"


def test_a_file_that_is_there_is_never_overwritten(generate, tmp_path):
    (tmp_path / "asked-1.mid").write_text("mine")
    for _ in range(2):
        generate("--title", "Asked", "--seed", "1", "--out", ".", "--format", "abc")
    generate("--title", "Asked", "--seed", "1", "--out", ".", "--format", "abc,mid")
    assert (tmp_path / "asked-1.mid").read_text() == "mine"
    assert {"asked-1.abc", "asked-2.abc", "asked-3.abc"} <= set(os.listdir(tmp_path))


@pytest.mark.parametrize("title", ["../../up", "/etc/passwd", "CON", ". .", "-rf", "...", "<|>"])
def test_file_names_stay_inside_the_folder(generate, tmp_path, title):
    code, _, _ = generate("--title", title, "--seed", "1", "--out", "out")
    assert code == 0
    assert os.listdir(tmp_path) == ["out"]
    (name,) = os.listdir("out")
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*-1\.abc", name)


def test_each_format_is_written(generate, monkeypatch):
    saved = []
    monkeypatch.setattr(Tune, "save", lambda tune, path, **_: saved.append(path.name))
    code, _, said = generate(
        "--title", "Asked", "--seed", "1", "--out", "out", "--format", "wav, mid,.ABC,abc"
    )
    assert code == 0
    assert saved == ["asked-1.abc", "asked-1.mid", "asked-1.wav"]
    assert said.count("asked-1") == 3


def test_a_tune_that_cannot_be_converted_does_not_stop_the_others(generate, monkeypatch):
    def save(tune, path, **_):
        if path.suffix == ".mid" and "-1" in path.name:
            raise ConvertError("asked-1.mid: abc2midi found no notes")
        files.write_text(path, str(tune))

    monkeypatch.setattr(Tune, "save", save)
    code, _, said = generate(
        "--title", "Asked", "--seed", "1", "-n", "2", "--out", "out", "--format", "abc,mid"
    )
    assert code == 1
    assert sorted(os.listdir("out")) == ["asked-1.abc", "asked-2.abc", "asked-2.mid"]
    assert said.endswith("abclm: error: asked-1.mid: abc2midi found no notes; the other files were written\n")


def test_json_gives_figures_and_tunes(generate, model):
    code, printed, said = generate("--title", "Asked", "--seed", "3", "-n", "2", "--json")
    figures = json.loads(printed)
    assert (code, said) == (0, "")
    assert figures["model"] == model
    assert figures["seed"] == 3
    assert figures["attempts"] == 8
    assert figures["characters_per_second"] > 0
    assert [tune["number"] for tune in figures["tunes"]] == [1, 2]
    assert figures["tunes"][0]["title"] == "Asked"
    assert figures["tunes"][0]["abc"].startswith("X:1\nT:Asked\n")
    assert figures["tunes"][0]["files"] == []
    assert figures["characters"] >= sum(len(tune["abc"].rstrip()) for tune in figures["tunes"])


def test_json_lists_the_files(generate):
    _, printed, _ = generate("--title", "Asked", "--seed", "3", "--out", "out", "--json")
    assert json.loads(printed)["tunes"][0]["files"] == [os.path.join("out", "asked-1.abc")]


@pytest.mark.parametrize("suffix", ["abc", "mid"])
def test_a_tune_goes_on_like_another(generate, tmp_path, suffix):
    tune = Tune.parse("X:1\nT:Model\nR:jig\nM:6/8\nL:1/8\nK:Ador\nEAA ABd|edB AFG|AcA AGA|B3 A3|]\n")
    tune.save(tmp_path / f"model.{suffix}")
    code, printed, _ = generate("--like", f"model.{suffix}", "--title", "Asked", "--seed", "1")
    assert code == 0
    written = Tune.parse(printed)
    assert (written.title, written.meter, written.key) == ("Asked", "6/8", "Ador")
    assert [note.pitch for note in written.notes()[:12]] == [note.pitch for note in tune.notes()[:12]]


def test_what_is_given_goes_before_what_the_other_tune_has(generate, tmp_path):
    (tmp_path / "model.abc").write_text("X:1\nM:6/8\nL:1/8\nK:Ador\nEAA ABd|edB AFG|A6|]\n")
    _, printed, _ = generate("--like", "model.abc", "--key", "G", "--opening", "GAB", "--seed", "1")
    assert "M:6/8\nL:1/8\nK:G\nGAB" in printed
    assert_refused(generate("--like", "missing.abc"), 1, "missing.abc")


GIVEN = "X:1\nT:Given\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2|e2c2|d4:|\n"


def test_a_part_is_written_to_a_tune(generate, tmp_path):
    (tmp_path / "given.abc").write_text(GIVEN)
    code, printed, _ = generate("--like", "given.abc", "--part", "B", "--seed", "1")
    assert code == 0
    assert printed.startswith(GIVEN.rstrip("\n"))
    assert len(printed) > len(GIVEN) + 4
    assert_refused(generate("--like", "given.abc", "--part", "E"), 2, "part: the tune has part A")


def test_bars_of_a_tune_are_written_anew(generate, tmp_path):
    (tmp_path / "given.abc").write_text(GIVEN)
    code, printed, _ = generate(
        "--rewrite", "given.abc", "--rewrite-bars", "2-3", "--seed", "1", "--best-of", "2"
    )
    assert code == 0
    before, after = GIVEN.split("a2f2|e2c2")
    assert printed.startswith(before)
    assert printed.endswith(f"{after}\n")
    assert_refused(generate("--rewrite", "given.abc", "--rewrite-bars", "5"), 2, "bars 1 to 4, received 5")
    assert_refused(generate("--rewrite", "missing.abc", "--rewrite-bars", "5"), 1, "missing.abc")


def test_a_tune_is_printed_as_it_is_written(generate, monkeypatch):
    whole = generate("--title", "Asked", "--seed", "1", "--best-of", "1")[1]

    def interrupted(lm, options):
        for place, character in enumerate(stream(lm, options)):
            if place == 60:
                raise KeyboardInterrupt
            yield character

    stream = tunes.stream
    monkeypatch.setattr(tunes, "stream", interrupted)
    assert generate("--title", "Asked", "--seed", "1", "--best-of", "1")[:2] == (130, whole[:60])


def test_the_batch_makes_no_difference(generate):
    one, *others = (generate("--seed", "5", "-n", "7", "--batch-size", size) for size in ("1", "3", "7"))
    assert others == [one, one]


def test_interrupted_while_tunes_are_written_keeps_those_that_are_finished(generate, monkeypatch):
    whole = generate("--title", "Asked", "--seed", "1", "-n", "6")[1]
    step = NumpyEngine.step

    def interrupted(engine, state, ids):
        if len(ids) < 4:  # most are finished
            raise KeyboardInterrupt
        return step(engine, state, ids)

    monkeypatch.setattr(NumpyEngine, "step", interrupted)
    code, printed, _ = generate("--title", "Asked", "--seed", "1", "-n", "6")
    assert code == 130
    kept = printed.split("X:")[1:]
    assert 3 <= len(kept) < 6
    assert {f"X:{each}" for each in kept} <= {f"X:{each}" for each in whole.split("X:")[1:]}


def test_a_tune_that_cannot_be_played_is_said(generate, monkeypatch, caplog):
    monkeypatch.setattr(tries, "find_problems", lambda text: ("it has 0 notes, not 8 or more",))
    code, printed, _ = generate("--seed", "1", "--attempts", "2", "--unconstrained")
    assert code == 0
    assert printed.startswith("X:1\n")
    assert "none of 2 attempts can be played" in caplog.text


# Wrong use, and what can't be done


def assert_refused(result, code, *parts):
    assert result[0] == code
    assert result[1] == ""
    assert result[2].startswith("abclm: error: ")
    assert result[2].count("\n") == 1
    assert "Traceback" not in result[2]
    for part in parts:
        assert part in result[2]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--temperature", "-1"], ["temperature is a number from 0 to 100, received -1"]),
        (["--temperature", "nan"], ["temperature"]),
        (["--temperature", "hot"], ["--temperature is a number", "'hot'"]),
        (["--top-p", "0"], ["top_p"]),
        (["--key", "H"], ["'H' is no key"]),
        (["--meter", "5/0"], ["'5/0' is no meter"]),
        (["--rhythm", "lambada"], ["'lambada' is no rhythm"]),
        (["--title", ""], ["title"]),
        (["--title", "日本"], ["'日', '本'"]),
        (["--opening", "K:C"], ["information field"]),
        (["--opening", "G999"], ["the opening 'G999' can't begin a tune"]),
        (["--rhythm", "jig", "--meter", "3/4"], ["rhythm jig goes with meter 6/8, 12/8, received 3/4"]),
        (["--meter", "none"], ["meter none has no bars"]),
        (["-n", "0"], ["n is an integer"]),
        (["-n", "many"], ["-n is an integer", "'many'"]),
        (["--seed", "-1"], ["seed"]),
        (["--key", "H", "--meter", "5/0", "--temperature", "-1"], ["'H'", "'5/0'", "-1"]),
        (["--format", "mid"], ["--out DIR"]),
        (["--format", "ogg", "--out", "out"], ["abc, mid, wav", "'ogg'"]),
        (["--format", "", "--out", "out"], ["--format takes"]),
        (["--parts"], ["--parts"]),
        (
            ["--bar-repetition", "2", "--batch-size", "0"],
            ["bar_repetition is a number", "batch_size is an integer"],
        ),
        (["stray"], ["stray"]),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(generate, tmp_path, arguments, parts):
    assert_refused(generate(*arguments), 2, *parts)
    assert os.listdir(tmp_path) == []


def test_a_model_that_is_not_there_is_one_line_and_exit_1(generate):
    assert_refused(generate("--model", "nonsense", "--out", "out"), 1, "'nonsense'", "presets:")
    assert not os.path.exists("out")


def test_a_folder_that_cannot_be_written_is_found_before_anything_is_sampled(generate, tmp_path, monkeypatch):
    monkeypatch.setattr(NumpyEngine, "step", None)
    (tmp_path / "file").write_text("mine")
    assert_refused(generate("--out", "file"), 1, "--out file", "give a folder that can be written")
    assert_refused(generate("--out", "file/below"), 1, "--out")
    if os.geteuid() != 0:  # root may write anywhere
        (tmp_path / "locked").mkdir(mode=0o500)
        assert_refused(generate("--out", "locked"), 1, "--out locked")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(generate, monkeypatch):
    def full(tune, path, **_):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Tune, "save", full)
    assert_refused(
        generate("--title", "Asked", "--seed", "1", "--out", "out"), 1, "No space left on device", "asked-1"
    )
    assert os.listdir("out") == []


def test_interrupted_keeps_what_is_written(generate, monkeypatch):
    save = Tune.save

    def interrupted(tune, path, **_):
        if "-2" in path.name:
            raise KeyboardInterrupt
        save(tune, path)

    monkeypatch.setattr(Tune, "save", interrupted)
    code, _, said = generate("--title", "Asked", "--seed", "1", "-n", "3", "--out", "out")
    assert code == 130
    assert os.listdir("out") == ["asked-1.abc"]
    assert "Traceback" not in said


def test_chords_are_added_to_what_is_written_and_change_no_note(generate, tmp_path):
    given = (
        "--key", "G", "--meter", "6/8", "--unit-note-length", "1/8", "--opening", "GBd gdB|", "--seed", "1",
    )  # fmt: skip
    code, printed, _ = generate(*given, "--add-chords")
    _, plain, _ = generate(*given)
    assert code == 0
    assert re.sub('"[^"]*"', "", printed) == plain
    assert '\n"G"GBd' in printed
    code, _, _ = generate(*given, "--add-chords", "--out", "here", "--format", "abc,html")
    assert '"G"GBd' in next((tmp_path / "here").glob("*.abc")).read_text(encoding="utf-8")
    code, printed, _ = generate(*given, "--add-chords", "--json")
    assert '"G"GBd' in json.loads(printed)["tunes"][0]["abc"]
