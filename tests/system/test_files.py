"""Files are written whole or not at all, and names made from titles stay inside their folder."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abclm.system.files import file_name, write_bytes, write_text

links = pytest.mark.skipif(os.name == "nt", reason="on Windows not everyone may make links")


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "tune.abc", "é\n")
    assert (tmp_path / "new" / "tune.abc").read_bytes() == "é\n".encode()


def test_a_written_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_bytes(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o444])
def test_a_file_that_is_overwritten_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "tune.abc"
    target.write_bytes(b"before")
    target.chmod(mode)
    write_bytes(target, b"after")
    assert target.read_bytes() == b"after"
    assert target.stat().st_mode & 0o777 == mode


@links
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path, exists: bool) -> None:
    real, link, second = tmp_path / "there" / "real.abc", tmp_path / "link.abc", tmp_path / "second.abc"
    real.parent.mkdir()
    if exists:
        real.write_bytes(b"before")
        real.chmod(0o600)
    link.symlink_to(Path("there", "real.abc"))
    second.symlink_to(link)
    write_bytes(second, b"after")
    assert real.read_bytes() == b"after"
    assert link.is_symlink()
    assert second.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["link.abc", "second.abc", "there"]
    assert os.listdir(real.parent) == ["real.abc"]
    assert not exists or real.stat().st_mode & 0o777 == 0o600


@links
def test_a_link_to_itself_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="loop"):
        write_bytes(tmp_path / "loop", b"")
    assert os.listdir(tmp_path) == ["loop"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_pipe_stays_a_pipe_and_gets_the_content(tmp_path: Path, through_a_link: bool) -> None:
    pipe, target = tmp_path / "pipe", tmp_path / ("link" if through_a_link else "pipe")
    os.mkfifo(pipe)
    if through_a_link:
        target.symlink_to(pipe)
    content = b"X:1\n" * 50_000  # more than a pipe holds
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(pipe.read_bytes)
        write_bytes(target, content)
        assert reading.result(10) == content
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="the system has no /dev/fd")
def test_an_open_file_is_written_to_by_its_number(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as read:
        with os.fdopen(writing, "wb"):
            write_bytes(f"/dev/fd/{writing}", b"through a pipe")
        assert read.read() == b"through a pipe"
    with (tmp_path / "log").open("ab") as log:
        log.write(b"before, ")
        log.flush()
        (tmp_path / "link").symlink_to(f"/dev/fd/{log.fileno()}")
        write_bytes(tmp_path / "link", b"after, ")
        log.write(b"behind")
    assert (tmp_path / "log").read_bytes() == b"before, after, behind"
    assert sorted(os.listdir(tmp_path)) == ["link", "log"]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="the system has no such devices")
def test_a_device_stays_a_device(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as read, os.fdopen(theirs, "wb"):
        device = Path(os.ttyname(theirs))
        (tmp_path / "link").symlink_to(device)
        write_bytes(tmp_path / "link", b"a line")
        assert read.read(6) == b"a line"
        assert device.is_char_device()
    assert os.listdir(tmp_path) == ["link"]


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "tune").mkdir()
    with pytest.raises(OSError, match="tune"):
        write_bytes(tmp_path / "tune", b"")
    assert os.listdir(tmp_path) == ["tune"]


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
