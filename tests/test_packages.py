"""What is installed is what is there."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

setuptools = pytest.importorskip("setuptools", reason="setuptools is not installed")

ROOT = Path(__file__).resolve().parent.parent


def build(kind, source, out):
    """Build an `sdist` or a `wheel` of a folder by the setuptools that are here, without the network."""
    out.mkdir()
    code = f"from setuptools import build_meta; build_meta.build_{kind}({str(out)!r})"
    ended = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The sdist of this tree, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    for name in ("abclm", "corpora", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=ignored)
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source" / name)
    with tarfile.open(build("sdist", folder / "source", folder / "built")) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return unpacked


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """The wheel of the sdist, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build("wheel", sdist, folder / "built")) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_the_sdist_has_the_package_and_no_half_of_the_tests(sdist):
    files = {path.name for path in sdist.iterdir()}
    assert files >= {
        "PKG-INFO",
        "LICENSE",
        "README.md",
        "abclm",
        "corpora",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
    }
    assert "tests" not in files


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


def test_workflows_run_targets_and_versions_that_are_there():
    workflow = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"run: make (\w+)", workflow))
    assert targets
    assert targets <= set(re.findall(r"(?m)^(\w+):", makefile))
    tried = re.findall(r'"(3\.\d+)"', re.search(r"python: \[(.*)\]", workflow)[1])
    stated = re.findall(r"Python :: (3\.\d+)", (ROOT / "setup.cfg").read_text(encoding="utf-8"))
    assert tried == stated
