"""The notebook in docs/ does what it says, shows what it did, and says nothing of the machine that ran it."""

import base64
import getpass
import platform
import re
import runpy
import socket
from pathlib import Path

import nbformat
import pytest

import abclm
from abclm import Tune
from abclm.language_model import LanguageModel

DOCS = Path(__file__).resolve().parent.parent / "docs"
TOUR = runpy.run_path(str(DOCS / "run_tour.py"))


@pytest.fixture(scope="module")
def written():
    """The notebook as it lies in docs/."""
    return nbformat.read(DOCS / "tour.ipynb", as_version=4)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The notebook run here and now, and the folder that it ran in."""
    folder = tmp_path_factory.mktemp("tour")
    return TOUR["run"](folder), folder


def outputs(notebook):
    """What each cell of code shows, by the cell's name: `(kind, data)`."""
    return {
        cell.id: [
            (each.name, each.text) if each.output_type == "stream" else (each.output_type, each.data)
            for each in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def said(notebook, name):
    ((kind, text),) = outputs(notebook)[name]
    assert kind == "stdout"
    return text


def html(notebook, name):
    ((kind, data),) = outputs(notebook)[name]
    assert kind == "execute_result"
    return data["text/html"]


# The run: make slow, as it takes most of a minute


@pytest.mark.slow
def test_every_cell_shows_what_it_shows_in_the_docs(ran, written):
    def kinds(notebook):
        return {
            name: [(kind, sorted(data) if kind != "stdout" else "") for kind, data in shown]
            for name, shown in outputs(notebook).items()
        }

    assert kinds(ran[0]) == kinds(written)
    assert all(kinds(written).values())


@pytest.mark.slow
def test_the_tune_is_what_was_asked_for_and_is_seen_and_heard(ran):
    tune = Tune.parse(said(ran[0], "abc"))
    assert (tune.title, tune.key, tune.rhythm, tune.meter) == ("The Lost Badger", "G", "jig", "6/8")
    shown = html(ran[0], "generate")
    score = base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', shown)[1]).decode()
    assert score.count('class="notehead"') > 60
    assert 'src="data:audio/mpeg;base64,' in shown
    assert "problems: []" in said(ran[0], "numbers")


@pytest.mark.slow
def test_a_copy_is_known_from_a_tune_that_is_none(ran):
    own, copy = said(ran[0], "novelty").split("My Very Own Tune")
    assert own.rstrip().endswith("A copy? no")
    assert copy.startswith(": 100% of its bars stand in ")
    assert copy.rstrip().endswith("A copy? yes")


@pytest.mark.slow
def test_what_it_learns_makes_it_better_and_is_seen(ran):
    before, after = map(float, re.findall(r"\d\.\d+", said(ran[0], "after")))
    assert 1.3 < after < before < 1.7
    learned = re.search(r"3 epochs, 15 steps; at best (\d\.\d+) bits per character", html(ran[0], "learn"))
    assert after < float(learned.group(1)) < 1.7  # which is the network's alone, without its cache
    assert "The Comparison" in html(ran[0], "again")


@pytest.mark.slow
def test_what_it_writes_is_there(ran):
    notebook, folder = ran
    for name, size in re.findall(r"(?m)^(\S+) +([\d,]+) bytes$", said(notebook, "save")):
        assert (folder / name).stat().st_size == int(size.replace(",", "")) > 0
    assert len(list(folder.glob("badger.*"))) == 8
    assert LanguageModel.load(folder / "my-model").history[-1]["steps"] == 15


# What lies in docs/


def test_its_cells_can_be_compiled_and_use_only_public_names(written):
    for cell in written.cells:
        if cell.cell_type == "code":
            compile(cell.source, cell.id, "exec")
            assert all(hasattr(abclm, name) for name in re.findall(r"\babclm\.(\w+)", cell.source))


def test_it_is_small_and_valid(written):
    nbformat.validate(written)
    assert (DOCS / "tour.ipynb").stat().st_size < 1_500_000


def test_it_says_nothing_of_the_machine_that_ran_it(written):
    text = re.sub(r"base64,[\w+/=]+", "", (DOCS / "tour.ipynb").read_text(encoding="utf-8"))
    for cell in written.cells:
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                text = text.replace(picture.strip(), "")
    assert len(text) < 100_000
    assert not re.search(r"/(home|root|tmp|Users|usr|var|opt|mnt|work)/|[A-Z]:\\\\", text)
    for name in (socket.gethostname(), platform.node(), getpass.getuser()):
        assert not re.search(rf"\b{re.escape(name)}\b", text) or name in ("root", "user")
    assert written.metadata == {**TOUR["KEPT"], "language_info": TOUR["LANGUAGE"]}
    assert all(cell.metadata == {} for cell in written.cells)


def test_its_cells_were_run_once_and_in_order(written):
    counts = [cell.execution_count for cell in written.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize(
    ("text", "is_note"),
    [
        ("WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
         "I0000 00:00:1795266543.037017   14159 port.cc:153] oneDNN custom operations are on.\n", True),
        ("I0000 00:00:1.5 1 a.cc:1] note\nUserWarning: something is wrong\n", False),
        ("UserWarning: something is wrong\n", False),
    ],
)  # fmt: skip
def test_only_tensorflows_notes_are_left_out(text, is_note):
    output = nbformat.v4.new_output("stream", name="stderr", text=text)
    assert TOUR["is_note"](output) == is_note
    assert not TOUR["is_note"](nbformat.v4.new_output("stream", name="stdout", text=text))
