"""A command that takes long says within a second what it does."""

import os
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

from abclm.cli import activity

ROOT = Path(__file__).resolve().parents[2]
FIRST_USE = runpy.run_path(str(ROOT / "benchmarks" / "first_use.py"))


def test_what_is_done_is_said_after_a_while_and_how_far_it_is(monkeypatch, capsys):
    monkeypatch.setattr(activity, "DELAY", 0.05)
    monkeypatch.setattr(activity, "_SECONDS_BETWEEN_COUNTS", 0.1)
    with activity.shown_activity():
        activity.doing("reading tunes")
        time.sleep(0.3)
        activity.doing("writing tunes", 3, 1200)
        time.sleep(0.5)
        activity.doing("")
        time.sleep(0.3)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "abclm: reading tunes ..."
    assert set(lines[1:]) == {"abclm: writing tunes: 3 of 1,200 ..."}
    assert lines.count("abclm: reading tunes ...") == 1


def test_a_quick_command_says_nothing(monkeypatch, capsys):
    monkeypatch.setattr(activity, "DELAY", 0.2)
    with activity.shown_activity():
        activity.doing("reading tunes")
    time.sleep(0.3)
    assert capsys.readouterr().err == ""


# Those of a command that loads a model, TensorFlow, files from music21, or a tunebook alone.
_USUAL = ("generate -n 60", "evaluate oldTunes --generate", "fine-tune", "corpus stats")


@pytest.mark.parametrize(
    "command",
    [
        each if each.startswith(_USUAL) else pytest.param(each, marks=pytest.mark.slow)
        for each in FIRST_USE["LONG"]
    ],
)
def test_the_first_sign_of_life_comes_within_a_second_of_work(command, tmp_path):
    """Seconds of the processor, which don't grow where the machine is busy; benchmarks/first_use.py prints wall time."""
    with subprocess.Popen(
        [sys.executable, "-m", "abclm", *command.split()],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        first = process.stderr.readline()
        process.kill()
        used = os.wait4(process.pid, 0)[2]
        process.returncode = -9
    assert re.fullmatch(r"abclm: [a-z]\w+ .*(\.\.\.|again)\n", first), first
    assert used.ru_utime + used.ru_stime < 1


@pytest.mark.slow
def test_what_a_new_user_does_first_takes_no_longer_than_is_promised(tmp_path):
    ended = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "first_use.py"], capture_output=True, text=True, check=False
    )
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(ended.stdout.splitlines()) == 2 + len(FIRST_USE["LONG"])
