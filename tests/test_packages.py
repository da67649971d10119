"""What is installed is what is there."""

import runpy
from pathlib import Path

import pytest

setuptools = pytest.importorskip("setuptools", reason="setuptools is not installed")

ROOT = Path(__file__).resolve().parent.parent


def test_every_folder_of_code_is_a_package_that_is_installed(monkeypatch):
    monkeypatch.chdir(ROOT)
    told = {}
    monkeypatch.setattr(setuptools, "setup", told.update)
    runpy.run_path("setup.py")
    folders = {path.parent for path in Path("abclm").rglob("*.py")}
    assert sorted(told["packages"]) == sorted(
        [*(".".join(each.parts) for each in folders), "abclm.corpora.data"]
    )
