"""The documentation does what it says.

The pages' code blocks are run, page by page, in an empty folder with `my_tunes.abc` (our own tunebook) and
`my-model` (a small model) in it:

- ```` ```python ```` blocks one after another in one namespace, and a ```` ```text ```` block behind
  `<!-- prints -->` is what the block before it printed;
- each `abclm ...` line of a ```` ```sh ```` block, which has to exit 0 and to have done what it is for (`assert_result`);
- each `$ abclm ...` line of a ```` ```console ```` block, with the lines below it as its output;
- a ```` ```text ```` block behind `<!-- printed by: abclm ... -->` is what that command prints;
- a block behind `<!-- file: NAME -->` is written to that file, one behind `<!-- not run: REASON -->` is left out.
"""

import csv
import io
import itertools
import json
import re
import runpy
import shlex
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import typer

import abclm
from abclm._version import VERSION
from abclm.analysis import structure
from abclm.analysis.statistics import FEATURES
from abclm.cli import app, run
from abclm.generation.abc.draws import rank
from abclm.language_model import LanguageModel
from abclm.models import presets
from abclm.models.lstm.config import ModelConfig
from abclm.models.recall import WEIGHTS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
NOTEBOOKS = sorted(DOCS.glob("*.ipynb"))  # tests/test_tour.py runs it
LINKING_PAGES = [
    *PAGES,
    *NOTEBOOKS,
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(ROOT.glob("corpora/*.md")),
]


def page_name(page):
    return page.relative_to(ROOT).as_posix()


# The pages' blocks


@dataclass
class Block:
    language: str
    code: str
    line: int
    comment: str

    def said_by(self, kind):
        """What stands in the comment `<!-- kind: ... -->` before the block, or None."""
        name, colon, value = self.comment.partition(":")
        return value.strip() if colon and name == kind else None


def blocks(page):
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"(?ms)^(?:<!-- ?([^\n]*?) ?-->\n)?```(\w*)\n(.*?)^```$", text):
        line = text.count("\n", 0, found.start(3)) + 1
        yield Block(found[2], found[3], line, found[1] or "")


def model_of_pairs():
    """A model that writes playable tunes of small notes, without training.

    Its cell holds nothing but the last symbol, so its logits are a table of what follows what: a header of
    the fields that were asked for and a key, then lines of small letters.
    """
    config = ModelConfig(embedding_dimension=83, units=83)
    lm = LanguageModel.create(config)
    look_up = lm.tokenizer.char_to_id
    follows = np.full((83, 83), -12.0, np.float32)

    def let(before, after, score=0.0):
        for pair in itertools.product(before, after):
            follows[look_up[pair[0]], look_up[pair[1]]] = score

    let(lm.tokenizer.symbols, "abcdefg")
    let("abcdefg", " \n", -1.5)
    let("\n", "\n")
    for score, field in zip((-12, -10, -8, -6, -4), "TRMLK", strict=True):
        let("\n", field, score)
    let(":", "abcdefg", -12.0)
    let(":", "GDA")
    let("GDA", "abcdefg", -12.0)
    let("GDA", "\n")

    kernel = np.zeros((83, 4, 83), np.float32)
    kernel[:, 2] = 20 * np.eye(83)  # the gates are i, f, c, o
    bias = np.repeat(np.float32([20, -20, 0, 20]), 83)
    lm.weights |= {
        "embedding/embeddings": np.eye(83, dtype=np.float32),
        "lstm/kernel": kernel.reshape(83, -1),
        "lstm/recurrent_kernel": np.zeros((83, 4 * 83), np.float32),
        "lstm/bias": bias,
        "dense/kernel": follows / np.tanh(1),
        "dense/bias": np.zeros(83, np.float32),
    }
    return lm


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "session"
    model_of_pairs().save(folder)
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch, small_model):
    monkeypatch.chdir(tmp_path)
    if "session" not in presets.preset_names():  # until it is there, the small model stands in for it
        monkeypatch.setattr(presets, "PRESETS", small_model.parent)
    monkeypatch.setenv("COLUMNS", "100")
    shutil.copy(ROOT / "corpora" / "oldTunes.abc", "my_tunes.abc")
    shutil.copytree(small_model, "my-model")
    return tmp_path


@pytest.fixture
def call(folder, monkeypatch, capsys):
    """Run a line of a shell that knows quotes, comments, pipes and `>`; gives exit code and output."""

    def call(line):
        words = shlex.shlex(line, posix=True, punctuation_chars="|>")
        words.whitespace_split = True
        commands = [list(part) for bar, part in itertools.groupby(words, lambda word: word == "|") if not bar]
        given, said, code = "", "", 0
        for command in commands:
            command, _, target = split_at(command, ">")
            assert command[0] == "abclm", f"only abclm can be run: {line}"
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
            capsys.readouterr()
            code = run(command[1:]) or code
            printed = capsys.readouterr()
            given, said = printed.out, said + printed.err
        if target:
            Path(target[0]).write_text(given, encoding="utf-8")
            given = ""
        return code, given + said

    return call


def split_at(words, mark):
    if mark not in words:
        return words, "", []
    place = words.index(mark)
    return words[:place], mark, words[place + 1 :]


def commands_of(code):
    """The lines of a shell block that run abclm, those that end in a backslash joined."""
    return [line for line in code.replace("\\\n", " ").splitlines() if line.startswith("abclm")]


def sessions_of(code):
    """The commands of a console block, each with the output that is shown."""
    for part in re.split(r"(?m)^\$ ", code)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_the_blocks_of_a_page_run(page, call, folder, capsys):
    namespace = {"__name__": page.stem}
    printed = ""
    for block in blocks(page):
        place = f"{page_name(page)}:{block.line}"
        if block.said_by("not run"):
            continue
        if name := block.said_by("file"):
            (folder / name).write_text(block.code, encoding="utf-8")
        elif block.comment == "prints":
            assert printed.strip() == block.code.strip(), place
        elif block.language == "python":
            capsys.readouterr()
            padded = "\n" * (block.line - 1) + block.code
            exec(compile(padded, str(page), "exec"), namespace)
            printed = capsys.readouterr().out
            assert_python(block.code, printed, place)
        elif line := block.said_by("printed by"):
            assert call(line)[1].strip() == block.code.strip(), place
        elif block.language == "sh":
            for line in commands_of(block.code):
                code, output = call(line)
                assert code == 0, f"{place}: {line}\n{output}"
                assert_result(line, output)
        elif block.language == "console":
            for line, shown in sessions_of(block.code):
                _, output = call(line)
                assert output.strip() == shown.strip(), f"{place}: {line}"


BEGINNINGS = {
    ".abc": (b"%abc-2.1\n", b"X:"),
    ".html": (b"<!doctype html>",),
    ".mid": (b"MThd",),
    ".mp3": (b"ID3", b"\xff"),
    ".musicxml": (b"<?xml",),
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG",),
    ".svg": (b"<svg", b"<?xml"),
    ".wav": (b"RIFF",),
}
"""What files begin with."""


def assert_file(path, place):
    """A file is one of its format, with something in it; a folder holds files, each with something in it."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    assert files, f"{place}: {path} is not there"
    for file in files:
        begins = BEGINNINGS.get(file.suffix, (b"",))
        content = file.read_bytes()
        assert content, f"{place}: {file}"
        assert content.startswith(begins), f"{place}: {file}"
        if file.suffix == ".abc":
            assert len(abclm.Corpus.read(file)) > 0, f"{place}: {file}"


def assert_python(code, printed, place):
    """What Python code saves is there, and it prints something where it says `print`."""
    for name in re.findall(r"\.(?:save|export|write_text)\(\"([^\"]+)\"", code):
        assert_file(Path(name), place)
    assert bool(printed.strip()) == bool(re.search(r"(?m)^ *print\(", code)), place


def assert_result(line, output):
    """A command has done what it is for: its files are there and can be read, its tunes played, its figures stand."""
    words = shlex.split(line, comments=True)
    last = words[len(words) - words[::-1].index("|") :] if "|" in words else words
    verb = " ".join(last[1:3]) if last[1] == "corpus" else last[1]
    given = list(itertools.takewhile(lambda word: word[:1] not in ("-", ">") or word == "-", last[2:]))
    written = {after for before, after in itertools.pairwise(last) if before in ("--out", "--picture", ">")}
    if verb == "convert":
        written |= {*given[-1:]} - {"-"}
    for path in written:
        assert_file(Path(path), line)
    if "--json" in last:
        assert json.loads(output.splitlines()[0]), line
    else:
        CHECKS[verb](dict(itertools.pairwise(last)), output, written, line)


def check_generate(asked, output, written, line):
    tunes = (
        [*abclm.Corpus.read(*written)] if written else abclm.notation.tunebook.parse_tunebook(output).tunes
    )
    assert len(tunes) >= int(asked.get("-n", 1)) if written else len(tunes) == int(asked.get("-n", 1)), line
    for tune in tunes:
        if "--title" in asked and not written:
            assert tune.title == asked["--title"], line
        assert tune.notes(), line


def check_training(asked, output, written, line):
    assert abclm.load(f"./{asked['--out']}").history, line


def check_figures(asked, output, written, line):
    assert float(re.search(r"(?m)^ *bits per character +([\d.]+)", output)[1]) > 0, line


def says(pattern):
    """A check that the output has what a pattern finds."""

    def check(asked, output, written, line):
        assert re.search(pattern, output), f"{line}: {output}"

    return check


def check_files(asked, output, written, line):
    assert written, line


def check_split(asked, output, written, line):
    parts = {path.name: len(abclm.Corpus.read(path)) for path in Path(asked["--out"]).iterdir()}
    assert parts.keys() == {"train.abc", "validation.abc"}, line
    assert parts["train.abc"] > parts["validation.abc"], line


CHECKS = {
    "check": says(r"\d+ tunes?, 0 errors"),
    "convert": check_files,
    "corpus book": check_files,
    "corpus clean": check_files,
    "corpus list": says(r"(?m)^# \w|^oldTunes +\d+ tunes"),
    "corpus split": check_split,
    "corpus stats": says(r"(?m)^tunes +\d+$"),
    "evaluate": check_figures,
    "fine-tune": check_training,
    "generate": check_generate,
    "info": says(r"(?m)^parameters +[\d,]+$"),
    "sweep": check_files,
    "train": check_training,
    "transpose": says(r"(?m)^K:\w|\.abc$"),
}


def test_no_page_gives_a_model_the_name_of_a_shipped_one():
    for page in PAGES:
        for block in blocks(page):
            ours = "\n".join(line for line in block.code.splitlines() if not line.startswith("python "))
            names = re.findall(r"--out ([\w.-]+)|\.save\(\"([\w-]+)\"\)", ours)
            assert not {name for pair in names for name in pair} & set(presets.preset_names()), page_name(
                page
            )


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_what_is_not_run_has_a_reason(page):
    languages = {"", "abc", "console", "json", "python", "sh", "text"}
    for block in blocks(page):
        assert block.language in languages, f"{page_name(page)}:{block.line}"
        assert block.said_by("not run") != "", f"{page_name(page)}:{block.line}"
        if block.language == "sh" and not block.said_by("not run"):
            lines = block.code.replace("\\\n", " ").splitlines()
            other = [line for line in lines if line.strip() and not line.startswith(("abclm ", "#"))]
            assert not other, f"{page_name(page)}:{block.line}: only abclm is run"


# What the pages say of the command line

TOP = typer.main.get_command(app)
COMMANDS = sorted(TOP.commands)


def options_of(command):
    """Each option's longest spelling, its default as it is shown, and the whole option."""
    for option in command.params:
        if option.param_type_name == "option":
            is_shown = option.default is not None and option.default is not False and not option.required
            yield max(option.opts, key=len), str(option.default) if is_shown else ""


def sections():
    """Each command, or subcommand, and the text that has to document it."""
    for name in COMMANDS:
        page = DOCS / "commands" / f"{name}.md"
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        command = TOP.commands[name]
        for subname, subcommand in getattr(command, "commands", {}).items():
            whole = f"abclm {name} {subname}"
            found = re.search(rf"(?ms)^## `{whole}`$(.*?)(?=^## `abclm|\Z)", text)
            yield whole, subcommand, found[1] if found else ""
        if not hasattr(command, "commands"):
            yield f"abclm {name}", command, text


SECTIONS = list(sections())


def rows_of(text):
    """The rows of the tables that have an option in their first cell, by option."""
    return {found[1]: found[0] for found in re.finditer(r"(?m)^\| `(--?[a-z-]+).*$", text)}


def test_each_command_has_a_page_and_each_page_a_command():
    assert sorted(page.stem for page in (DOCS / "commands").glob("*.md")) == COMMANDS


@pytest.mark.parametrize(("name", "command", "text"), SECTIONS, ids=[name for name, _, _ in SECTIONS])
def test_each_option_is_in_the_table_of_its_command(name, command, text):
    rows = rows_of(text)
    options = dict(options_of(command))
    assert rows.keys() == options.keys() - {"--help"}
    for option, default in options.items():
        if option != "--help":
            assert not default or f"`{default}`" in rows[option], f"the default of {option} is {default}"


@pytest.mark.parametrize(("name", "command", "text"), SECTIONS, ids=[name for name, _, _ in SECTIONS])
def test_each_page_begins_with_how_the_command_is_called(name, command, text):
    page = (DOCS / "commands" / f"{name.split()[1]}.md").read_text(encoding="utf-8")
    usage = next(line for line in page.splitlines() if line.startswith(f"{name} "))
    names = [each.metavar or each.name for each in command.params if each.param_type_name == "argument"]
    given = [f"{each.rstrip('.').upper()}" for each in names]
    assert re.findall(r"[A-Z]+", usage.split(" --")[0].split(" [--")[0]) == given


def test_the_options_of_every_command_stand_in_the_index():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert rows_of(index).keys() == dict(options_of(TOP)).keys() - {"--help"}


# What the pages say of scripts


def test_the_grammar_takes_little_from_the_shipped_model(benchmark):
    found = json.loads(
        benchmark("constraint_cost.py", "oldTunes", "--model", "small", "--samples", 2, "--json")
    )
    tunes, samples = found["held-out strict tunes"], found["samples"]
    assert tunes["accepted"] > 0
    assert samples["accepted"] == samples["tunes"] == 2
    assert all(0 < each["share_removed"] < 0.1 for each in (tunes, samples))


def test_weights_of_a_cache_are_fitted_where_a_model_can_have_one(benchmark, tmp_path, capsys):
    lm = abclm.LanguageModel.create(abclm.ModelConfig(embedding_dimension=4, units=8), seed=1)
    lm.save(tmp_path / "plain")
    assert "network alone: " in benchmark("cache.py", "oldTunes", "--model", "plain")
    with pytest.raises(SystemExit):
        benchmark("cache.py", "oldTunes", "--model", "small")
    assert "small has structure" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        (
            "generation_speed.py",
            "--model small --tunes 2 --rounds 1 --characters 50 --only-ours",
            "one / one once",
        ),
        ("training_speed.py", "--setting 2x10x8 --rounds 1 --engines abclm sgemm", "2x10x8 | abclm 0."),
        (
            "training_speed.py",
            "--setting 2x10x8 --rounds 1 --engines abclm abclm_structure",
            "x without structure",
        ),
    ],
)
def test_the_scripts_for_speed_run_on_a_tiny_setting(benchmark, name, arguments, said):
    assert said in benchmark(name, *arguments.split())


def test_what_a_new_user_does_first_is_timed(benchmark, capsys):
    with pytest.raises(SystemExit) as ended:
        benchmark("first_use.py", "--parts", "signs", "--commands", 1, "--json")
    (seconds,) = json.loads(capsys.readouterr().out)["signs"].values()
    assert ended.value.code == (seconds > 1)  # as it may be where the machine is busy


@pytest.mark.slow
def test_a_few_polkas_are_fine_tuned_on_and_measured(benchmark):
    arguments = ("--corpus", ROOT / "corpora" / "oldTunes.abc", "--polkas", "--count", 3, "--model", "small")
    abclm.load("small").save("again", dtype="float16")
    said = benchmark("fine_tuning.py", *arguments, "--out", "polkas", "--also", "again")
    assert "fine-tuned on 3 polkas in" in said
    found = re.findall(r"(?m)^fine-tuned(?: from again)? \| [\d.]+ \| ([\d.]+)", said)
    for one, other in (found[:2], found[2:]):  # from 8 bits and from 16
        assert float(other) == pytest.approx(float(one), rel=0.003)
    rows = re.findall(r"(?m)^(small|fine-tuned) \| [\d.]+ \| [\d.]+ \(\d+ to \d+\) \| ([+-][\d.]+) %$", said)
    assert [name for name, _ in rows] == ["small", "fine-tuned"] * 2
    assert float(rows[1][1]) < 0  # other polkas cost less than before


@pytest.mark.parametrize("plain", [True, False])
def test_one_command_trains_the_shipped_model(benchmark, plain):
    arguments = ["oldTunes", "--out", "again", "--units", 8, "--steps", 2, *(["--plain"] if plain else [])]
    said = benchmark("train_session.py", *arguments)
    assert "50 tunes to train on, 9,852 characters; 6 held out" in said
    assert re.search(r"epoch 1: .*, held out [56]\.\d{4}", said)
    lm = abclm.load("again")
    without = "held_out_without_cache" if plain else "held_out_network_alone"
    figures = [float(each) for each in re.findall(r"[\d.]+(?= bits per character, )", said)[-2:]]
    measured = [lm.metadata["stored_as"][name] for name in (without, "held_out")]
    assert [each["bits_per_character"] for each in measured] == pytest.approx(figures, abs=1e-4)
    assert figures[1] < figures[0]
    assert measured[1]["tunes"] == 6
    assert lm.config.cache == (WEIGHTS if plain else ())
    assert lm.config.structure is not plain
    assert lm.forms
    assert lm.metadata["training"]["config"]["output_dropout"] == 0.4
    assert lm.metadata["corpora"][0]["transcribers"] == ["the abclm developers"]
    assert Path("again/model.safetensors").stat().st_size < 2.2 * lm.config.parameters(83)


def test_the_shipped_model_can_be_made_of_weights_that_are_there(benchmark):
    benchmark("train_session.py", "oldTunes", "--out", "one", "--units", 8, "--steps", 1, "--plain")
    benchmark("train_session.py", "oldTunes", "--out", "two", "--trained", "one")
    assert np.array_equal(abclm.load("one").logits("X:1\n"), abclm.load("two").logits("X:1\n"))


def test_how_many_tunes_are_valid_is_counted(benchmark):
    arguments = ("--model", "none", "--tunes", 3, "--max-length", 250, "--json")
    (row,) = json.loads(benchmark("validity.py", *arguments))
    assert [row[name] for name in ("tunes", "valid", "abc2midi", "ended", "as_asked")] == [3] * 5
    (row,) = json.loads(benchmark("validity.py", *arguments, "--unconstrained"))
    assert row["valid"] == 0


def test_how_many_strict_tunes_the_grammar_takes_is_counted(benchmark):
    arguments = ("oldTunes", "--walks", 12, "--length", 120, "--json")
    accepted, *walks = json.loads(benchmark("grammar.py", *arguments))
    assert accepted["strict"] == accepted["accepted"] > 50
    assert [row["tunes"] for row in walks] == [12] * 3
    assert all(row[name] == 0 for row in walks for name in ("abc2midi", "check", "other_notes", "few_notes"))


def test_how_far_the_ways_of_hearing_a_tune_agree_is_counted(benchmark, tmp_path):
    rolls = "X:1\nT:Rolls\nM:2/4\nL:1/8\nK:G\n|:~G3 A|{c}B2 A2:|\n\n"
    ending = "X:2\nT:One ending\nM:2/4\nL:1/4\nK:G\n|:[G-B]2|1[GA]2:|B2|]\n"
    (tmp_path / "book.abc").write_text(rolls + ending)
    said = benchmark("heard.py", "book.abc", "--show", 2).splitlines()
    assert said[0] == "One ending (strict) differs: score"  # music21 wants a last ending
    shares = "midi 100.00%, score 50.00%, normalized 100.00%, alike 50.00%"
    assert said[-3:] == [
        "book.abc: 2 tunes, 0 without a canonical form",
        f"  all (2): {shares}",
        f"  strict (2): {shares}",
    ]


def test_how_abc2midi_plays_the_tunes_that_are_read_is_counted(benchmark):
    found = json.loads(benchmark("notation.py", "oldTunes", "--transpose", 3, "--json"))["oldTunes"]
    assert found["tunes"] == 56
    assert all(found[name] == 1 for name in ("normalised", "strict", "transposed_right", "there_and_back"))
    lines = benchmark("notation.py", "oldTunes", "--table").splitlines()
    assert lines[0] == "| share of the tunes | oldTunes |"
    written = (DOCS / "notation.md").read_text(encoding="utf-8")
    assert [line.split("|")[1] for line in lines] == [
        line.split("|")[1] for line in written.splitlines() if line.startswith("|")
    ]


def test_how_midi_files_come_out_as_abc_is_counted(benchmark, tmp_path):
    (tmp_path / "scores").mkdir()
    for number, tune in enumerate(abclm.Corpus.load("oldTunes").tunes[:3]):
        tune.save(tmp_path / "scores" / f"{number}.mid")
    (tmp_path / "scores" / "3.mid").write_bytes(b"MThd")
    found = json.loads(benchmark("midi_in.py", "scores", "--most", 4))
    assert (found["files"], len(found["refused"])) == (4, 1)
    assert found["without_an_error"] == found["with_99_percent_of_the_notes"] == 3


def test_how_many_tunes_are_in_form_is_counted(benchmark):
    rows = json.loads(benchmark("forms.py", "--model", "none", "--keys", 1, "--json"))
    assert len(rows) == 6
    assert all(row[name] == row["tunes"] == 1 for row in rows for name in ("in_form", "valid", "same_notes"))


def test_what_is_copied_is_counted(benchmark):
    figures = json.loads(
        benchmark("novelty.py", "oldTunes", "--model", "none", "--validation", 0.5, "--copies", 20, "--json")
    )
    assert figures["training_tunes"] + figures["held_out"]["tunes"] == 56
    assert figures["held_out"]["tunes"] == 28
    assert figures["copies"] == {"tunes": 20, "found": 20, "whole": 20, "without_bars_to_compare": 0}
    assert figures["index"]["differ_from_exact"] == 0
    assert figures["index"]["bytes"] < 10_000


def test_copies_of_a_model_are_counted(benchmark, small_model):
    said = benchmark("novelty.py", "oldTunes", "--model", small_model, "--tunes", 2, "--copies", 2)
    assert re.search(r"(?m)^written by .*: 2 tunes, 0 \(0\.0 %\) copies$", said)
    assert re.search(r"(?m)^longest run of notes, generated: 50 %: \d+ .* 100 %: \d+$", said)
    assert re.search(r"(?m)^  longer than that of 99 % of the held-out tunes: 0 of 2 generated ones$", said)


def test_the_longest_run_of_notes_is_found_in_any_key(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    longest = runpy.run_path(str(ROOT / "benchmarks" / "novelty.py"))["NoteRuns"]
    tunes = [abclm.Tune.parse(f"X:1\nM:4/4\nL:1/4\nK:C\n{music}|]\n") for music in ("CDEF|GABc", "c'ded")]
    found = [
        longest(tunes).longest(abclm.Tune.parse(f"X:1\nM:4/4\nL:1/8\nK:D\n{music}|]\n"))
        for music in ("DEFG|AA3F4", "gaba2", "DEFG|ABcd", "D2G2", "D8")
    ]
    assert found == [5, 3, 8, 0, 0]


def test_the_units_of_the_frechet_distance_are_printed(benchmark):
    said = benchmark("statistic_units.py", "oldTunes")
    found = dict(re.findall(r'(?m)^    "(\w+)": ([\d.e-]+),$', said))
    assert found.keys() == {**FEATURES, **structure.FEATURES}.keys()
    for name, unit in {**FEATURES, **structure.FEATURES}.items():
        assert 0.3 < float(found[name]) / unit < 3


def test_the_structure_of_written_and_real_tunes_is_printed(benchmark, small_model, tmp_path):
    real = tmp_path / "real.abc"
    real.write_text(
        "\n".join(tune.text for tune in abclm.Corpus.load("oldTunes").normalize()), encoding="utf-8"
    )
    said = benchmark(
        "structure.py", "--model", small_model, "-n", 2, "--rhythms", "reel", "jig", "--parts", 2, "--bars", 8,
        "--real", real, "--out", tmp_path / "out",
    )  # fmt: skip
    assert re.search(r"(?m)^  parts_of_four +1\.000 \| [\d.]+$", said)
    assert re.search(r"(?m)^  with structure [\d.]+ \([\d.]+ by chance\)$", said)
    assert len(abclm.read_tunebook(tmp_path / "out" / "jig.abc").tunes) == 2


def rhythms_file(tmp_path):
    """Four tunes, one of each rhythm."""
    path = tmp_path / "real.abc"
    path.write_text(
        "".join(abclm.Corpus.load("oldTunes").normalize()[0].text.replace("\nM:", f"\nR:{rhythm}\nM:") + "\n"
                for rhythm in ("reel", "jig", "hornpipe", "slip jig")), encoding="utf-8",
    )  # fmt: skip
    return path


def test_the_weights_that_rank_draws_are_printed(benchmark, small_model, tmp_path):
    said = benchmark("ranking.py", "--model", small_model, "-n", 2, "--real", rhythms_file(tmp_path))
    weights = re.findall(r'(?m)^    "(\w+)": Weight\(-?[\d.]+, -?[\d.]+, [\d.]+\),$', said)
    assert weights == list(rank.WEIGHTS)
    assert re.search(r"(?m)^best of 2 +(?:[\d.-]+ +){9}[\d.]+ [\d.]+$", said)
    assert re.search(r"(?m)^ranked above one draw: [01]\.\d\d of the held-out tunes$", said)


def test_tunes_by_plans_are_measured_beside_free_ones(benchmark, tmp_path):
    model = tmp_path / "model"
    LanguageModel.create(ModelConfig(embedding_dimension=8, units=16, structure=True), seed=1).save(model)
    said = benchmark("plans.py", "--model", model, "-n", 2, "--real", rhythms_file(tmp_path))
    for name in ("free", "by a plan", "real"):
        assert re.search(rf"(?m)^{name} +(?:[\d.-]+ +){{8}}[\d.]+ [\d.]+$", said)


def test_shuffled_bars_are_told_as_surely_as_real_tunes(benchmark, small_model, tmp_path):
    book = tmp_path / "book.abc"
    book.write_text(
        "\n".join(tune.text for tune in abclm.Corpus.load("oldTunes").normalize()), encoding="utf-8"
    )
    said = benchmark(
        "inception_score.py", "--model", small_model, "-n", 4, "--fewest", 8, "--order", 3,
        "--training", book, "--real", book,
    )  # fmt: skip
    figures = dict(re.findall(r"(?m)^(real.*?) {2,}([\d.]+) \|", said))
    assert len(figures) == 3
    assert all(float(figure) > 1 for figure in figures.values())


def test_ways_to_find_chords_are_compared(benchmark, tmp_path):
    tunes = [
        f"X:{number}\nM:6/8\nK:{key}\n{body}\n"
        for number, (key, body) in enumerate([
            ("G", '"G"GBd gdB|"D7"dfa fdA|"C"ceg ecG|"D7"AFD "G"G3|]'),
            ("D", '"D"dfa afd|"A7"ceg ecA|"G"GBd "A7"ecA|"D"d6|]'),
            ("Am", '"Am"Ace aec|"G"GBd gdB|"Am"Ace "E7"e^GB|"Am"A6|]'),
            ("Em", '"Em"EGB eBG|"D"DFA dAF|"C"CEG "B7"B^DF|"Em"E6|]'),
        ])
    ]  # fmt: skip
    (tmp_path / "book.abc").write_text("\n".join(tunes), encoding="utf-8")
    said = benchmark("chords.py", *["book.abc"] * 3, "--folds", 2, "--write", "table.json")
    rows = dict(re.findall(r"(?m)^\| ([^|]+) \| ([\d.]+) \|", said))
    assert said.startswith("12 tunes, 6 of them in minor")
    assert float(rows["rule, 6 chords, half a bar"]) > float(rows["the tonic"]) > 0.2
    assert set(json.loads((tmp_path / "table.json").read_text())) == {"major", "minor"}


def test_a_blind_sheet_hides_where_its_tunes_come_from(benchmark, small_model, tmp_path):
    book, sheet = tmp_path / "book.abc", tmp_path / "sheet"
    tunes = [
        tune
        for tune in abclm.Corpus.load("oldTunes").normalize()
        if tune.rhythm in ("reel", "jig", "hornpipe")
    ]
    book.write_text("\n".join(tune.text for tune in tunes), encoding="utf-8")
    benchmark(
        "blind_sheet.py",
        "--model",
        small_model,
        "--before",
        book,
        "--real",
        book,
        "--counts",
        4,
        2,
        2,
        "--out",
        sheet,
    )
    written = abclm.read_tunebook(sheet / "sheet.abc").tunes
    assert [tune.title for tune in written] == [str(number) for number in range(1, 9)]
    key = list(csv.DictReader((sheet / "key.csv").read_text(encoding="utf-8").splitlines()))
    assert Counter(row["source"] for row in key) == {"model": 4, "before": 2, "real": 2}
    bodies = {tune.title: "".join(tune.body.split()) for tune in tunes}
    assert all(
        bodies[row["title"]] == "".join(tune.body.split())
        for row, tune in zip(key, written, strict=True)
        if row["source"] != "model"
    )
    rated = tmp_path / "rated.csv"
    lines = [
        f"{row['number']},{5 if row['source'] == 'real' else 2},{'yes' if row['source'] == 'real' else 'no'}"
        for row in key
    ]
    rated.write_text("\n".join(["number,rating,real", *lines]), encoding="utf-8")
    said = benchmark("blind_sheet.py", "--key", sheet / "key.csv", "--rated", rated)
    assert "real     5.00 (5.00 to 5.00), 2 tunes" in said
    assert "told apart 6 of 6: 1.00" in said


@pytest.mark.slow
def test_the_units_of_the_frechet_distance_are_those_of_the_training_tunes(benchmark):
    found = re.findall(r'(?m)^    "(\w+)": ([\d.e-]+),$', benchmark("statistic_units.py"))
    expected = {**FEATURES, **structure.FEATURES}
    assert {name: float(value) for name, value in found} == pytest.approx(expected, rel=0.02)


def test_the_shipped_model_knows_its_training_tunes():
    index = abclm.load("session").novelty_index
    assert len(index) == abclm.load("session").metadata["training"]["corpus"]["tunes"]
    assert len(index.to_bytes()) <= 1_000_000


def test_the_speed_of_encoding_is_printed(benchmark):
    said = benchmark("encoding.py", "oldTunes", "--megabytes", 0.1, "--rounds", 2, "--json")
    assert json.loads(said)["median_megabytes_per_second"] > 0


# What the pages lead to


def headings(page):
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", LINKING_PAGES, ids=page_name)
def test_links_lead_to_what_is_there(page):
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
    for target in re.findall(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), f"{page_name(page)} links to {target}"
        assert not anchor or anchor in headings(file), f"{page_name(page)} links to {target}"


@pytest.mark.parametrize("page", LINKING_PAGES, ids=page_name)
def test_pictures_are_there_and_small(page):
    for target in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).stat().st_size < 120_000, f"{page_name(page)} shows {target}"


def test_the_page_of_the_python_interface_is_made_from_the_docstrings():
    page = runpy.run_path(str(DOCS / "make_api.py"))["page"]()
    assert page == (DOCS / "api.md").read_text(encoding="utf-8"), "python docs/make_api.py writes it"
    for name in abclm.__all__:
        assert name.startswith("__") or f"## `{name}`\n" in page


def test_the_version_to_cite_is_the_packages():
    cited = re.search(r"(?m)^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited[1] == VERSION


def test_every_page_is_in_the_index():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    for page in [*PAGES[1:], *NOTEBOOKS]:
        if page != DOCS / "README.md":
            assert f"({page.relative_to(DOCS).as_posix()})" in index


def test_the_newest_version_in_the_changelog_is_the_packages():
    newest = re.search(
        r"(?m)^## \[?(\d\S*?)\]?(?: .*)?$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    )
    assert newest is not None
    assert newest[1] == VERSION
