"""The serve command: what it says, and how it fails."""

import socket
import sys

import pytest

from abclm.cli import run


@pytest.mark.parametrize("name", ["fastapi", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys, name):
    for module in [each for each in sys.modules if each.startswith("abclm.web.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    assert run(["serve"]) == 1
    said = capsys.readouterr().err
    assert (
        said == f"abclm: error: the page needs {name}, which is not installed; pip install fastapi uvicorn\n"
    )


@pytest.fixture
def _extra():
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")


@pytest.mark.usefixtures("_extra")
def test_a_port_that_is_taken_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["serve", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        f"abclm: error: 127.0.0.1:{port} can't be listened on: Address already in use; give another --port"
    )
    assert said.count("\n") == 1


@pytest.mark.usefixtures("_extra")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--host", "no.such.host.invalid"], 1, "--host no.such.host.invalid: "),
        (["--host", "192.0.2.1", "--port", "0"], 1, "192.0.2.1:0 can't be listened on: "),
        (["--model", "nowhere"], 1, "no model 'nowhere'"),
        (["--port", "70000"], 2, "Invalid value for '--port'"),
    ],
)
def test_what_can_not_be_served_is_one_line(capsys, arguments, code, said):
    assert run(["serve", *arguments]) == code
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1
