"""Folders are written whole or not at all."""

import os
import shutil
from pathlib import Path

import pytest

from abclm.system.folders import new_folder


def test_a_folder_stands_in_its_place_once_it_is_whole(tmp_path):
    with new_folder(tmp_path / "deep" / "new") as aside:
        (aside / "file").write_text("content", encoding="utf-8")
        assert not (tmp_path / "deep" / "new").exists()
        assert aside.parent == tmp_path / "deep"
    assert (tmp_path / "deep" / "new" / "file").read_text(encoding="utf-8") == "content"
    assert os.listdir(tmp_path / "deep") == ["new"]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()], ids=["full", "interrupted"])
def test_where_writing_fails_nothing_stays(tmp_path, error):
    with pytest.raises(type(error)), new_folder(tmp_path / "new") as aside:  # noqa: PT012
        (aside / "file").write_bytes(b"half")
        raise error
    assert os.listdir(tmp_path) == []


def test_where_the_rename_fails_what_was_there_stays(tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file").write_bytes(b"before")
    with pytest.raises(OSError, match="new"), new_folder(tmp_path / "new") as aside:
        (aside / "file").write_bytes(b"after")
    assert (tmp_path / "new" / "file").read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["new"]


def test_what_a_killed_process_has_left_is_removed_by_the_next(tmp_path, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda *_, **__: None)
        killed.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit), new_folder(tmp_path / "new"):
            pass
    assert len(os.listdir(tmp_path)) == 1
    with new_folder(tmp_path / "new"):
        pass
    assert os.listdir(tmp_path) == ["new"]
