"""Imports go one way, and what only training needs is not loaded on the way to a tune."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import abclm
from abclm import notation
from abclm.language_model import LanguageModel
from abclm.model_config import ModelConfig

PACKAGE = Path(abclm.__file__).parent

# From the bottom up. A module may import, when it is itself imported, what stands on a lower level or in
# its own room; several names in one string are one room.
LEVELS = [
    ["errors _version"],
    ["files picture markup", "notation"],
    ["vocabulary cache", "convert", "similarity novelty forms", "token_files"],
    ["corpora corpus_problems corpus_statistics corpus_picture corpus_notebook cards abc_files holdout"],
    ["encoded_corpus clean_files clean_pieces"],
    ["language_model model_config model_folder model_notebook history"],
    ["windows feed training_config", "networks", "generation"],
    ["evaluation"],
    ["training"],
    ["sweep"],
    ["web"],
    ["cli"],
]
PLACE = {name: (level, room) for level, rooms in enumerate(LEVELS) for room in rooms for name in room.split()}

# The public methods that reach upward, and what they import when they are called.
UPWARD = {
    ("notation.tune", "Tune.save", "convert"),
    ("notation.tune", "Tune._repr_html_", "convert"),
    ("notation.tune", "Tune.piano_roll", "convert"),
    ("notation.tune", "Tune.pitch_histogram", "convert"),
    ("notation.tune", "Tune.to_music21", "convert"),
    ("language_model", "LanguageModel.logits", "generation"),
    ("language_model", "LanguageModel.generate", "generation"),
    ("language_model", "LanguageModel.stream", "generation"),
    ("language_model", "LanguageModel.fit", "training"),
    ("language_model", "LanguageModel.fine_tune", "training"),
    ("language_model", "LanguageModel.evaluate", "evaluation"),
    ("language_model", "LanguageModel.to_keras", "networks"),
}

HEAVY = ("tensorflow", "keras", "music21", "matplotlib", "verovio", "typst", "pretty_midi", "soundfile")


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        yield name.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))


class Imports(ast.NodeVisitor):
    """Collects (imported module, function it is imported in or "") of one module."""

    def __init__(self, tree):
        self.found = []
        self.scope = []
        self.functions = 0
        self.visit(tree)

    def visit_If(self, node):
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            node.body = []  # never runs
        self.generic_visit(node)

    def visit_ClassDef(self, node):
        self.scope.append(node.name)
        self.generic_visit(node)
        self.scope.pop()

    def visit_FunctionDef(self, node):
        self.functions += 1
        self.visit_ClassDef(node)
        self.functions -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def add(self, name):
        self.found.append((name, ".".join(self.scope) if self.functions else ""))

    def visit_Import(self, node):
        for alias in node.names:
            self.add(alias.name)

    def visit_ImportFrom(self, node):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            # `from abclm import training` imports the module, `from abclm.files import write_text` a name.
            self.add(whole if node.module == "abclm" else node.module)


ALL = [
    (module, imported, function) for module, tree in modules() for imported, function in Imports(tree).found
]


def room_of(module):
    return PLACE[module.removeprefix("abclm.").split(".")[0]]


def test_every_module_has_a_place():
    homeless = {module for module, _ in modules() if module.split(".")[0] not in PLACE}
    assert homeless == {"__init__", "__main__", "presets"}


def internal_imports():
    for module, imported, function in ALL:
        if imported.split(".")[0] == "abclm" and module not in ("__init__", "__main__", "presets"):
            yield module, imported.removeprefix("abclm."), function


def test_module_level_imports_go_down():
    wrong = [
        f"{module} imports {imported}"
        for module, imported, function in internal_imports()
        if not function
        and room_of(imported)[0] >= room_of(module)[0]
        and room_of(imported)[1] != room_of(module)[1]
    ]
    assert wrong == []


def test_only_the_listed_methods_reach_up():
    upward = {
        (module, function, imported.split(".")[0])
        for module, imported, function in internal_imports()
        if function
        and room_of(imported)[0] >= room_of(module)[0]
        and room_of(imported)[1] != room_of(module)[1]
    }
    assert upward == UPWARD


def test_notation_needs_the_standard_library_alone():
    outside = {
        imported
        for module, imported, function in ALL
        if module.split(".")[0] == "notation" and not function
        if imported.split(".")[0] not in sys.stdlib_module_names and not imported.startswith("abclm.")
    }
    assert outside == set()


def test_the_modules_of_the_notation_import_those_above_them():
    order = re.findall(r"^    (\w+) ", notation.__doc__, re.MULTILINE)
    files = {path.stem for path in Path(notation.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(order) == files
    wrong = [
        f"{module} imports {imported}"
        for module, imported, function in internal_imports()
        if not function and re.fullmatch(r"notation\.\w+", module) and module != "notation.grammar"
        if room_of(imported)[1] == "notation"
        and imported.removeprefix("notation.") not in order[: order.index(module.removeprefix("notation."))]
    ]
    assert wrong == []


def users_of(names, everywhere):
    """The rooms that import any of these, at module level or everywhere."""
    return {
        room_of(module)[1].split()[0]
        for module, imported, function in ALL
        if imported.split(".")[0] in names and (everywhere or not function)
    }


def test_tensorflow_stays_in_its_rooms():
    assert users_of({"tensorflow", "keras"}, everywhere=True) <= {
        "networks",
        "training",
        "evaluation",
    }


def test_music21_and_matplotlib_wait_until_they_are_needed():
    assert users_of({"music21", "matplotlib"}, everywhere=False) == set()


def loaded_by(*arguments):
    """The modules that a fresh interpreter imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, timeout=120, cwd="/"
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return set(re.findall(r"^import time:.*\|\s*(\S+)$", done.stderr, re.MULTILINE)), done.stdout


def heavy(loaded):
    return sorted(name for name in loaded if name.split(".")[0] in HEAVY)


def test_importing_the_package_loads_next_to_nothing(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE.parent))
    loaded, _ = loaded_by("-c", "import abclm")
    assert "abclm" in loaded
    assert heavy(loaded) == []
    assert "numpy" not in loaded


def test_writing_a_tune_loads_no_training(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE.parent))
    LanguageModel.create(ModelConfig(embedding_dimension=3, units=4)).save(tmp_path / "m")
    loaded, written = loaded_by(
        "-m", "abclm", "generate", "--model", str(tmp_path / "m"), "--seed", "1",
        "--title", "The Lost Badger", "--attempts", "1", "--max-length", "200",
    )  # fmt: skip
    assert "abclm.generation.tunes" in loaded
    assert heavy(loaded) == []
    assert "T:The Lost Badger" in written


# The public names


def test_the_public_names_are_sorted_and_all_there():
    assert abclm.__all__ == sorted(abclm.__all__)
    for name in abclm.__all__:
        assert getattr(abclm, name) is not None
    assert dir(abclm) == sorted(abclm.__all__)


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'abclm' has no attribute 'nonsense'"):
        abclm.nonsense  # noqa: B018


def test_the_version_is_the_packages():
    assert re.fullmatch(r"\d+\.\d+\.\d+", abclm.__version__)
