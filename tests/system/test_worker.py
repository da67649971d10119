"""A child process that answers requests: it may crash, hang or be forked, and its user goes on."""

import os
import signal
import sys
import threading
import time

import pytest

from abclm.system.worker import Worker, WorkerCrashError

PROGRAM = """
import os, sys, time
from abclm.errors import AbclmError
from abclm.system.worker import Answer, serve

def answer(request):
    what = request["what"]
    if what == "crash": os._exit(3)
    if what == "hang": time.sleep(60)
    if what == "print": print("noise", flush=True)
    if what == "refuse": raise AbclmError("not this one")
    if what == "stop": os.kill(os.getpid(), 19)
    if what == "much": bytearray(8 << 30)
    return Answer({"what": what, "process": os.getpid(), "group": os.getpgid(0)}, what.encode() * 3)

serve(answer)
"""


@pytest.fixture
def worker():
    own = Worker(PROGRAM, memory_bytes=1 << 30, file_bytes=1 << 20, own_group=True)
    yield own
    own.stop()


def ask(worker, what, timeout_seconds=30.0):
    return worker.ask({"what": what}, timeout_seconds)


def test_answers_come_with_their_content_and_the_process_stays(worker):
    said, content = ask(worker, "print")
    assert said == {"what": "print", "process": worker.process.pid, "group": said["group"]}
    assert content == b"printprintprint"
    assert ask(worker, "é" * 100_000).content == ("é" * 300_000).encode()
    assert ask(worker, "again").said["process"] == said["process"]


def test_an_error_of_ours_is_an_answer(worker):
    assert ask(worker, "refuse").said == {"error": "not this one"}


def test_after_a_crash_there_is_another_process(worker):
    before = ask(worker, "first").said["process"]
    with pytest.raises(WorkerCrashError) as caught:
        ask(worker, "crash")
    assert caught.value.returncode == 3
    assert worker.process is None
    assert ask(worker, "next").said["process"] != before


@pytest.mark.parametrize("what", ["hang", pytest.param("stop", marks=pytest.mark.skipif(
    sys.platform != "linux", reason="the number of a signal of Linux"))])  # fmt: skip
def test_one_that_takes_too_long_is_stopped_and_replaced(worker, what):
    ask(worker, "first")
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        ask(worker, what, 0.3)
    assert time.monotonic() - start < 10
    assert ask(worker, "next").content == b"nextnextnext"


def test_what_it_is_killed_at_is_a_crash(worker):
    ask(worker, "first")
    threading.Timer(0.3, worker.kill).start()
    with pytest.raises(WorkerCrashError):
        ask(worker, "hang")
    assert ask(worker, "next").content


@pytest.mark.skipif(sys.platform != "linux", reason="limits are set on Linux only")
def test_it_may_not_take_all_memory(worker):
    with pytest.raises(WorkerCrashError):
        ask(worker, "much")


@pytest.mark.skipif(os.name != "posix", reason="process groups are Unix's")
def test_ctrl_c_reaches_only_one_in_the_same_group(worker):
    shared = Worker(PROGRAM, memory_bytes=1 << 30, file_bytes=1 << 20)
    try:
        assert ask(shared, "which").said["group"] == os.getpgid(0)
        assert ask(worker, "which").said["group"] == worker.process.pid
    finally:
        shared.stop()


def test_who_is_interrupted_gets_no_old_answer_later(worker, monkeypatch):
    ask(worker, "first")

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("abclm.system.worker._receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ask(worker, "old")
    assert ask(worker, "new").said["what"] == "new"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_starts_its_own_and_leaves_that_of_the_other(worker):
    before = ask(worker, "first").said["process"]
    child = os.fork()
    if not child:
        other = ask(worker, "forked").said["process"]
        worker.stop()
        os._exit(0 if other != before else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert ask(worker, "next").said["process"] == before


@pytest.mark.parametrize(
    "frame", [b"\xff", b"\0\0\0\5abc", b'\0\0\0\x0c{"bytes": -}', b'\0\0\0\x17{"bytes": 999999999999}']
)
def test_an_answer_that_is_none_is_a_crash(frame):
    wrong = Worker(
        f"import sys; sys.stdout.buffer.write({frame!r}); sys.stdout.flush()",
        memory_bytes=1 << 30, file_bytes=1 << 20,
    )  # fmt: skip
    with pytest.raises(WorkerCrashError):
        ask(wrong, "what")


def test_signals_end_it_as_a_crash(worker):
    process = ask(worker, "first").said["process"]
    os.kill(process, signal.SIGTERM)
    time.sleep(0.3)
    assert ask(worker, "next").said["process"] != process
