"""The server in a process of its own: slow clients, clients that go away, Ctrl-C."""

import contextlib
import json
import re
import socket
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from serving import TUNE, Server


def request_of(path, body, host="localhost"):
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    return f"{head}\r\n\r\n".encode() + content


def connect(server):
    connection = socket.create_connection((server.host, server.port), timeout=60)
    connection.settimeout(60)
    return connection


def connect_if_let(server):
    """A connection, or None where the server cuts it off before it stands."""
    try:
        return connect(server)
    except ConnectionError:
        return None


def ask(server, path, body=None):
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.address}{path}", content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()


def test_it_serves_on_this_machine_alone_and_says_where(server):
    assert server.host == "127.0.0.1"
    assert re.fullmatch(r"abclm: http://127\.0\.0\.1:\d+/ writes tunes; Ctrl-C ends it\n", server.said[-1])
    assert b"<h1>Write a tune</h1>" in ask(server, "/")
    if sys.platform == "linux":
        with pytest.raises(OSError, match=r"refused|unreachable"):
            socket.create_connection(("127.0.0.2", server.port), timeout=5)


def test_a_request_that_is_no_http_is_logged_once_with_its_address(server):
    before = len(server.said)
    with connect(server) as connection:
        connection.sendall(b"\x16\x03\x01 what is this?\r\n\r\n" * 3)
        assert b" 400 " in drained(connection)
    with connect(server) as connection:
        connection.sendall(request_of("/api/generate/stream", {"seed": 1}) + b"nonsense\r\n\r\n")
        drained(connection)
    assert ask(server, "/")
    end = time.monotonic() + 30
    while len(server.said) < before + 2 and time.monotonic() < end:
        time.sleep(0.05)  # what a server says comes through a pipe
    said = server.said[before:]
    assert [line for line in said if "Traceback" in line] == []
    assert sum("127.0.0.1: Invalid HTTP request received." in line for line in said) == len(said) == 2


def test_who_reads_nothing_does_not_stop_others(server):
    sound = {"abc": TUNE.replace("G4", "G4|" + "GABc dedB|" * 40), "format": "wav"}
    lazy = [connect(server) for _ in range(8)]
    for each in lazy:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        each.sendall(request_of("/api/convert", sound))
    stuck = [connect(server) for _ in range(8)]
    for each in stuck:
        each.sendall(request_of("/api/generate/stream", {"seed": 1}))
    begun = time.monotonic()
    for seed in range(5):
        assert json.loads(ask(server, "/api/generate", {"seed": seed}))["seed"] == seed
        assert ask(server, "/api/check", {"abc": TUNE})
    assert time.monotonic() - begun < 40
    for each in [*lazy, *stuck]:
        each.close()


def test_who_goes_away_leaves_room(server):
    for _ in range(60):  # more than there are places
        with connect(server) as connection:
            connection.sendall(
                request_of("/api/generate/stream", {"seed": 1, "max_length": 4000, "bars": 64})
            )
            connection.recv(200)
    assert json.loads(ask(server, "/api/generate", {"seed": 2}))["seed"] == 2


def test_who_never_finishes_asking_is_shut_out(model_folder):
    """On a server whose patience is short."""
    code = (
        "from abclm.web import server; from abclm.web.limits import Limits; from abclm.language_model import load; "
        f"server.serve(load({model_folder!r}), 'm', port=0, limits=Limits(read_seconds=0.5, stall_seconds=0.5, "
        "connections=20, workers=1), ready=lambda address: print(address, 'Ctrl-C', file=__import__('sys').stderr, "
        "flush=True))"
    )
    impatient = Server(code=code)
    try:
        silent, halting, kept = connect(impatient), connect(impatient), connect(impatient)
        halting.sendall(b"GET / HTTP/1.1\r\nHost: local")
        kept.sendall(b"GET /api/about HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while b"sound_seconds" not in answer:
            answer += kept.recv(65_536)
        kept.sendall(b"GET / HT")  # a second request, which never comes
        for each in (silent, halting, kept):
            assert drained(each) == b""
        slow = connect(impatient)
        slow.sendall(request_of("/api/check", {"abc": TUNE})[:-5])
        assert b" 408 " in drained(slow)
        lazy = connect(impatient)
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        long = TUNE.replace("G4", "G4|" + "GABc dedB|" * 40)
        lazy.sendall(request_of("/api/convert", {"abc": long, "format": "wav"}))
        head = lazy.recv(1000)
        assert head.startswith(b"HTTP/1.1 200")
        time.sleep(2)
        size = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        assert len(drained(lazy)) < size / 2
        many = [each for _ in range(40) if (each := connect_if_let(impatient))]
        assert sum(is_open(each) for each in many) <= 15  # of 20, as this machine holds no more
        for each in [silent, halting, kept, slow, lazy, *many]:
            each.close()
        time.sleep(1)
        assert ask(impatient, "/")
    finally:
        assert impatient.stop() == 0


def drained(connection):
    """What comes until the other side closes."""
    come = b""
    try:
        while more := connection.recv(65_536):
            come += more
    except ConnectionResetError:
        pass
    return come


def is_open(connection):
    connection.settimeout(0.05)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def test_ctrl_c_ends_it_while_tunes_are_written(model_folder):
    server = Server("--model", model_folder)
    connection = connect(server)
    connection.sendall(request_of("/api/generate/stream", {"seed": 1, "max_length": 4000, "bars": 64}))
    connection.recv(100)
    assert server.stop() == 0
    assert "Traceback" not in "".join(server.said)
    connection.close()


def test_ctrl_c_tells_all_who_wait_that_it_closes(model_folder):
    closing = b"the server is closing; start it again"
    tune = {"max_length": 4000, "bars": 64}
    long = TUNE.replace("G4", "G4|" + "GABc dedB|" * 100)
    server = Server("--model", model_folder)
    with contextlib.ExitStack() as kept:
        lazy, *others = [kept.enter_context(connect(server)) for _ in range(49)]
        try:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.sendall(request_of("/api/convert", {"abc": long, "format": "wav"}))
            assert lazy.recv(15) == b"HTTP/1.1 200 OK"  # and takes no more of its answer
            for number, connection in enumerate(others):  # more than are written and made until it ends
                if number < 8:
                    connection.sendall(request_of("/api/convert", {"abc": long, "format": "wav"}))
                else:
                    path = "/api/generate" if number == 47 else "/api/generate/stream"
                    connection.sendall(request_of(path, {"seed": number, **tune}))
            others[8].recv(1)
            time.sleep(0.2)
        finally:
            assert server.stop() == 0
        answers = [drained(connection) for connection in others]
    assert "Traceback" not in "".join(server.said)
    # What was complete before has come whole; all others are told.
    assert all(answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 503 ")) for answer in answers[:8])
    assert all(b'"event": "written"' in answer or closing in answer for answer in answers[8:47])
    for some in (answers[:8], answers[8:47], answers[47:]):
        assert closing in some[-1]


def test_it_says_when_others_can_reach_it(model_folder):
    server = Server("--model", model_folder, "--host", "0.0.0.0", "--allow-host", "tunes.example")
    try:
        assert "whoever can reach 0.0.0.0 on the network can use it" in "".join(server.said)
        request = urllib.request.Request(f"{server.address}/", headers={"Host": "tunes.example"})
        assert urllib.request.urlopen(request, timeout=30).status == 200
    finally:
        assert server.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="modules are listed on Linux only")
def test_serving_loads_no_training(server):
    ask(server, "/api/generate", {"seed": 1})
    loaded = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
    assert "numpy" in loaded
    assert "tensorflow" not in loaded
    assert "verovio" not in loaded
