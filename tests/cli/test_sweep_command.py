"""The sweep command: what it prints, and how it fails."""

import json

import pytest

from abclm.cli import run

SMALL = (
    "--set",
    "units=8",
    "--set",
    "embedding_dimension=4",
    "--set",
    "sequence-length=50",
    "--set",
    "batch-size=8",
)


@pytest.fixture
def call(monkeypatch, tmp_path, capsys):
    """Run the command in an empty folder; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = run(["sweep", *arguments])
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


def test_a_table_is_printed_and_the_second_time_from_what_is_there(call):
    command = ("oldTunes", "--out", "s", "--vary", "units=4,8", "--steps", "6", *SMALL)
    code, table, errors = call(*command)
    assert code == 0
    head, first, second, _note = table.splitlines()
    assert head.split()[:2] == ["parameters", "characters"]
    assert first.startswith("units=4 ")
    assert second.startswith("units=8 *")
    assert "abclm: units=4\n" in errors
    assert "abclm: baseline\n" in errors
    code, again, errors = call(*command, "--json")
    assert code == 0
    assert "abclm: units=4\n" not in errors
    lines = [json.loads(line) for line in again.splitlines()]
    assert [line["value"] for line in lines] == [4, 8]
    assert f"{lines[0]['bits_per_character']:.3f}" in first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--vary", "units"), "--vary takes NAME=VALUE"),
        (("--vary", "units=a"), "units=a"),
        (("--vary", "warp=1"), "'warp' is no setting"),
        (("--vary", "units=0"), "units is an integer"),
        (("--set", "units=8", "--vary", "units=4", "--validation", "1"), "--validation"),
    ],
)
def test_wrong_use_is_one_line(call, arguments, said):
    code, _, errors = call("oldTunes", "--out", "s", *arguments)
    assert code == 2
    assert said in errors.splitlines()[-1]
    assert errors.splitlines()[-1].startswith("abclm: error: ")
