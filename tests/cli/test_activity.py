"""A command that takes long says within a second what it does."""

import subprocess
import sys
import time

import pytest

from abclm.cli import activity


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "oldTunes", "--generate", "40"],
        ["fine-tune", "oldTunes", "--out", "mine", "--model", "small", "--steps", "2"],
        ["generate", "-n", "60", "--seed", "1", "--out", "tunes"],
        ["corpus", "stats", "ryansMammoth"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_first_sign_of_life_comes_within_a_second(arguments, tmp_path):
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "abclm", *arguments],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        first = process.stderr.readline()
        seconds = time.monotonic() - start
        process.stderr.read()
    assert process.returncode == 0
    assert first.startswith("abclm: ")
    print(f"abclm {' '.join(arguments)}: {seconds:.2f} s")
    assert seconds < 1
