"""Imports go one way, and what only training needs is not loaded on the way to a tune."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import abclm
import abclm.notation.canonical
from abclm import notation
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig

PACKAGE = Path(abclm.__file__).parent

# From the bottom up, a level a line. A module imports what stands on a lower level or in its own folder, also inside
# functions and where only types are checked. `__init__` and `__main__` stand above all.
LEVELS = """
errors _version
system
notation
show analysis midi score
sound
tokenizers views
formats
tune piece
models
corpora
datasets generation
evaluation
training
language_model experiments
latent_model web
cli
"""
LEVEL = {name: level for level, line in enumerate(LEVELS.strip().splitlines()) for name in line.split()}
ABOVE_ALL = {"__init__", "__main__", "presets"}

HEAVY = ("tensorflow", "keras", "music21", "matplotlib", "verovio", "typst", "pretty_midi", "soundfile")


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        yield name.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))


def imports_of(tree):
    """(imported module, whether it is imported when the module is) of one module."""
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(function, ast.If) and ast.unparse(function.test) == "TYPE_CHECKING")
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            # `from abclm.system import files` imports a module, `from abclm.errors import AbclmError` a name.
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            names = [name if name in MODULES else node.module for name in whole]
        else:
            continue
        yield from ((name, id(node) not in inside) for name in names)


MODULES = {f"abclm.{name}" for name, _ in modules()} | {"abclm"}
ALL = [(module, *found) for module, tree in modules() for found in imports_of(tree)]


def folder_of(module):
    return module.removeprefix("abclm.").split(".")[0]


def internal_imports():
    for module, imported, _ in ALL:
        if imported.split(".")[0] == "abclm" and folder_of(module) not in ABOVE_ALL:
            yield module, imported


def test_every_folder_has_a_level():
    assert {folder_of(module) for module, _ in modules()} - ABOVE_ALL == set(LEVEL)


def test_imports_go_down():
    wrong = [
        f"{module} imports {imported}"
        for module, imported in internal_imports()
        if folder_of(imported) != folder_of(module)
        and not LEVEL.get(folder_of(imported), len(LEVEL)) < LEVEL[folder_of(module)]
    ]
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others():
    below = {f"abclm.{module}": set() for module, _ in modules()}
    for module, imported in internal_imports():
        below[f"abclm.{module}"].add(imported)
    left = dict(below)
    while free := [module for module, found in left.items() if not found & left.keys() - {module}]:
        for module in free:
            del left[module]
    assert sorted(left) == []


def test_the_rooms_have_room():
    assert len(list(PACKAGE.glob("*.py"))) <= 10
    for folder in {path.parent for path in PACKAGE.rglob("*.py")} - {PACKAGE}:
        assert len(list(folder.glob("*.py"))) <= 14, folder


def test_notation_needs_the_standard_library_alone():
    outside = {
        imported
        for module, imported, _ in ALL
        if folder_of(module) == "notation"
        if imported.split(".")[0] not in sys.stdlib_module_names and not imported.startswith("abclm.")
    }
    assert outside == set()


@pytest.mark.parametrize("package", [notation, notation.canonical, notation.playing])
def test_the_modules_of_the_notation_import_those_above_them(package):
    order = re.findall(r"^    (\w+) ", package.__doc__, re.MULTILINE)
    name = package.__name__.removeprefix("abclm.")
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(order) - {"playing"} == files
    wrong = [
        f"{module} imports {imported}"
        for module, imported in internal_imports()
        if re.fullmatch(rf"{re.escape(name)}\.\w+", module)
        and imported.startswith(f"abclm.{name}.")
        and module not in ("notation.canonical", "notation.grammar")
        if imported.removeprefix(f"abclm.{name}.").split(".")[0]
        not in order[: order.index(module.rpartition(".")[2])]
    ]
    assert wrong == []


def users_of(names, everywhere):
    """The modules that import any of these, at module level or everywhere."""
    return {
        module for module, imported, at_import in ALL
        if imported.split(".")[0] in names and (everywhere or at_import)
    }  # fmt: skip


def test_tensorflow_stays_where_networks_are_trained_and_measured():
    users = users_of({"tensorflow", "keras"}, everywhere=True)
    architectures = {module for module in users if re.fullmatch(r"models\.(\w+\.\w+|keras_network)", module)}
    assert {folder_of(module) for module in users - architectures} <= {
        "training",
        "evaluation",
        "language_model",
        "datasets",
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
    assert "abclm.generation.abc.tunes" in loaded
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
