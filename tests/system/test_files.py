"""Files are written whole or not at all, and names made from titles stay inside their folder."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.system.files import file_name, write_bytes, write_text


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "tune.abc", "é\n")
    assert (tmp_path / "new" / "tune.abc").read_bytes() == "é\n".encode()


def test_a_written_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_bytes(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("operation", ["fsync", "replace"])
def test_a_full_disk_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    target = tmp_path / "tune.abc"
    target.write_bytes(b"before")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, operation, fail)
    with pytest.raises(OSError, match="No space") as error:
        write_bytes(target, b"after")
    assert error.value.filename == str(target)
    assert [path.name for path in tmp_path.iterdir()] == ["tune.abc"]
    assert target.read_bytes() == b"before"


def test_a_title_that_is_a_path_names_a_file_in_the_folder() -> None:
    assert file_name("../../etc/passwd") == "etc-passwd"
    assert file_name("C:\\con") == "c-con"


@pytest.mark.parametrize("title", ["con", "NUL", "com1", "...", "", "♫"])
def test_a_title_without_a_usable_name_gets_one(title: str) -> None:
    assert file_name(title).startswith("tune")


@given(st.text(), st.none() | st.integers(1, 999))
def test_every_title_names_one_plain_file(title: str, number: int | None) -> None:
    name = file_name(title, number)
    assert name.isascii()
    assert name.replace("-", "").isalnum()
    assert not name.startswith("-")
    assert len(name) <= 70
