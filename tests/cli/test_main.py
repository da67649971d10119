"""What the command line does with errors, whichever command they come from."""

import errno
from pathlib import Path

import pytest

from abclm import cli
from abclm._version import VERSION
from abclm.errors import ConfigError, ModelError


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ModelError("the model is gone"), 1),
        (ConfigError("n is 1 or more"), 2),
        (OSError(errno.ENOSPC, "No space left on device", "/tunes/a.wav"), 1),
        (PermissionError(errno.EACCES, "Permission denied", "/tunes"), 1),
    ],
)
def test_an_error_is_one_line_on_standard_error(
    raised: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(cli, "app", fail)
    assert cli.run(["generate"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("abclm: error: ")
    assert captured.err.count("\n") == 1


def test_a_full_disk_says_where_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tunes/a.wav")

    monkeypatch.setattr(cli, "app", fail)
    cli.run(["generate"])
    assert "/tunes/a.wav: No space left on device; make room" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["generate", "--bogus"], ["check"], ["generate", "-n", "x"]]
)
def test_wrong_use_is_one_line_and_exits_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["generate", "--titel", "x"], "no option --titel; did you mean --title? See abclm generate --help."),
        (["generate", "--number", "3"], "no option --number; did you mean -n? See abclm generate --help."),
        (["train", "--unit=3"], "no option --unit; did you mean --units? See abclm train --help."),
        (["generate", "--bogus"], "no option --bogus. See abclm generate --help."),
        (["finetune"], "No such command 'finetune'. Did you mean 'fine-tune'? See abclm --help."),
        (["corpus", "stat"], "No such command 'stat'. Did you mean 'stats'? See abclm corpus --help."),
    ],
)
def test_a_wrong_name_is_told_which_was_meant(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 2
    assert capsys.readouterr().err == f"abclm: error: {said}\n"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"abclm {VERSION}\n"


def test_an_interrupt_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupt)
    assert cli.run(["generate"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_check_names_file_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book.abc"
    book.write_text(
        "X:1\nT:Fine\nM:3/4\nL:1/4\nK:D\nDEF|d3|]\n\nX:2\nT:Short\nM:3/4\nL:1/4\nK:D\nDEF|GA|d3|]\n"
    )
    assert cli.run(["check", str(book)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{book}:13:5: warning: the bar is 2/4 long, and the meter is 3/4\n"
    assert captured.err == "2 tunes, 0 errors, 1 warning\n"


def test_check_exits_with_1_where_anything_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "book.abc"
    book.write_text("X:1\nT:Tie\nL:1/4\nK:D\nD-|E3|]\n")
    assert cli.run(["check", "--json", str(book)]) == 1
    assert '"errors": 1' in capsys.readouterr().out


def test_check_goes_on_behind_a_file_of_a_folder_that_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.abc").write_bytes(b"")
    (tmp_path / "b.abc").write_text("X:1\nT:Fine\nL:1/4\nK:D\nDEF|d3|]\n")
    assert cli.run(["check", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "is empty" in captured.out
    assert captured.err.startswith("1 tune,")
