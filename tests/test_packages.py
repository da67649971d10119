"""What is installed is what is there."""

import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

setuptools = pytest.importorskip("setuptools", reason="setuptools is not installed")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this tree, unpacked; built by the setuptools that are here, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("abclm", "corpora"):
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=ignored)
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source" / name)
    code = "from setuptools import build_meta; print(build_meta.build_wheel('..'))"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=folder / "source", capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_the_wheel_holds_all_that_is_not_code_too(wheel):
    def data(folder):
        return {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
        }

    assert data(wheel / "abclm") - {
        f"corpora/data/{name}" for name in data(wheel / "abclm" / "corpora" / "data")
    } == data(ROOT / "abclm")
    assert data(wheel / "abclm" / "corpora" / "data") >= {
        path.name for path in (ROOT / "corpora").glob("*.md")
    }


def test_what_is_installed_does_the_main_job_of_the_readme(wheel, tmp_path):
    arguments = [
        "generate",
        "--title",
        "The Lost Badger",
        "--key",
        "G",
        "--model",
        "small",
        "--out",
        "tunes",
        "--format",
        "abc,mid",
    ]
    code = "import sys, abclm.cli; print(abclm.cli.__file__); sys.exit(abclm.cli.run(sys.argv[1:]))"
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(wheel)},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(str(wheel))
    assert sorted(path.name for path in (tmp_path / "tunes").iterdir()) == [
        "the-lost-badger-1.abc",
        "the-lost-badger-1.mid",
    ]


@pytest.mark.slow
def test_sdist_and_wheel_are_installed_in_a_clean_environment():
    assert subprocess.run(["make", "dist"], cwd=ROOT, check=False).returncode == 0
    assert sorted(path.suffix for path in (ROOT / "dist" / "tunes").iterdir()) == [".abc", ".mid", ".wav"]


def test_every_folder_of_code_is_a_package_that_is_installed(monkeypatch):
    monkeypatch.chdir(ROOT)
    told = {}
    monkeypatch.setattr(setuptools, "setup", told.update)
    runpy.run_path("setup.py")
    folders = {path.parent for path in Path("abclm").rglob("*.py")}
    assert sorted(told["packages"]) == sorted(
        [*(".".join(each.parts) for each in folders), "abclm.corpora.data"]
    )
