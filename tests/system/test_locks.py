"""A folder is held by one at a time, and by nobody once its holder has ended, however that was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import abclm
from abclm.system.locks import LOCK, Locked, hold_folder

HOLDER = """
import sys, time
from pathlib import Path
from abclm.system.locks import hold_folder
with hold_folder(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(folder):
    """A process that holds a folder."""
    environment = {**os.environ, "PYTHONPATH": str(Path(abclm.__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder], stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_folder_is_held_once_and_left_as_it_was(tmp_path):
    with hold_folder(tmp_path / "new"):
        assert (tmp_path / "new" / LOCK).exists()
        with pytest.raises(Locked) as caught, hold_folder(tmp_path / "new"):
            pass
        assert caught.value.holder == str(os.getpid())
        with hold_folder(tmp_path / "other"):
            pass
    assert os.listdir(tmp_path) == []
    with hold_folder(tmp_path / "new"):
        (tmp_path / "new" / "file").write_bytes(b"")
    assert os.listdir(tmp_path / "new") == ["file"]


def test_an_error_ends_it(tmp_path):
    with pytest.raises(KeyError), hold_folder(tmp_path):
        raise KeyError
    with hold_folder(tmp_path):
        pass


def test_a_process_that_is_killed_holds_it_no_longer(tmp_path):
    with holder(tmp_path) as process:
        with pytest.raises(Locked) as caught, hold_folder(tmp_path):
            pass
        process.kill()
    assert caught.value.holder == str(process.pid)
    assert (tmp_path / LOCK).exists()
    with hold_folder(tmp_path):
        assert (tmp_path / LOCK).read_text().strip() == str(os.getpid())
    assert os.listdir(tmp_path) == []
