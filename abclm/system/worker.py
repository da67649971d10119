"""Send requests to a child process that may crash, hang or take too much memory, and take its answers.

A request is a JSON object, and so is its answer, which may be followed by bytes. Each is framed the same way in both
directions: four bytes with the length of the JSON, the JSON, whose `bytes` says how many bytes follow, and those.
The process is started with the first request and stays for the next ones, as starting it takes longer than most of
them. One that has crashed or was stopped is replaced with the next request.
"""

import atexit
import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from abclm.errors import AbclmError
from abclm.system.programs import limit_process

_MOST_BYTES = 1 << 27
# Its own place among the modules comes last, wherever the package was found.
_SETUP = "import sys; sys.path.append({root!r})\n"


class Answer(NamedTuple):
    """What a worker answers.

    Attributes:
        said: a JSON object.
        content: of a file, where there is one.
    """

    said: dict[str, Any]
    content: bytes = b""


class WorkerCrashError(Exception):
    """The process ended before it answered.

    Args:
        returncode: its exit code, or minus the signal that ended it.
    """

    def __init__(self, returncode: int | None) -> None:
        self.returncode = returncode
        super().__init__(f"the process ended with {returncode}")


class Worker:
    """A child process, used by one thread at a time; the others wait.

    Args:
        program: what it runs, Python text that can import this package. It calls `serve`.
        memory_bytes: how much address space it may take (Linux).
        file_bytes: how large a file it may write (Linux).
        own_group: whether it gets a process group of its own, so that Ctrl-C doesn't reach it and `kill` also ends
            the processes that it started.

    Attributes:
        process: the process that runs now, or None.
    """

    def __init__(self, program: str, *, memory_bytes: int, file_bytes: int, own_group: bool = False) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self._limits = memory_bytes, file_bytes
        self._own_group = own_group and os.name == "posix"
        self._owner = 0
        self._lock = threading.Lock()
        atexit.register(self.stop)

    def ask(self, request: Mapping[str, Any], timeout_seconds: float) -> Answer:
        """Send a request and wait for its answer; whatever goes wrong, the next request can be sent.

        Raises:
            TimeoutError: there was no answer in this time, and the process was stopped.
            WorkerCrashError: the process crashed.
        """
        with self._lock:
            process = self._running()
            is_late = threading.Event()

            def end() -> None:
                is_late.set()
                self.kill()

            # A thread of its own, as reading from a pipe has no time limit that works on every system.
            timer = threading.Timer(timeout_seconds, end)
            timer.daemon = True
            timer.start()
            answer = returncode = None
            try:
                answer = _exchange(process, request)
            finally:
                timer.cancel()
                timer.join()
                # Also where this thread was interrupted: the next answer would be to this request.
                if answer is None or is_late.is_set():
                    returncode = self.stop()
        if answer is not None:
            return answer
        if is_late.is_set():
            raise TimeoutError
        raise WorkerCrashError(returncode)

    def kill(self) -> None:
        """End the process without waiting for it; a request that it works on ends with an error."""
        process = self.process
        if process is None or self._owner != os.getpid() or process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if self._own_group:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()

    def stop(self) -> int | None:
        """End the process and wait for it; give its exit code."""
        self.kill()
        process, self.process = self.process, None
        if process is None or self._owner != os.getpid():
            return None
        returncode = process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                assert stream is not None
                stream.close()
        return returncode

    def _running(self) -> subprocess.Popen[bytes]:
        """The process, started where there is none, or where it belongs to the process that forked this one."""
        if self.process is not None and self._owner == os.getpid() and self.process.poll() is None:
            return self.process
        self.stop()
        program = _SETUP.format(root=str(Path(__file__).parents[2])) + self.program
        self.process = subprocess.Popen(
            # -P: the modules in the folder that this was started in are not for it to import.
            [sys.executable, "-P", "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=self._own_group,
            # Nothing that is asked for is worth several threads, and each takes memory.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._owner = os.getpid()
        limit_process(self.process.pid, *self._limits)
        return self.process


def serve(answer: Callable[[dict[str, Any]], Answer]) -> None:
    """Answer requests on standard input until there are no more: what the child process does.

    Args:
        answer: turns a request into an answer. Where it raises an `AbclmError`, the answer has the error's text as
            `error`.
    """
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the answers.
    os.dup2(2, 1)
    while (request := _receive(requests)) is not None:
        try:
            _send(answers, *answer(request.said))
        except AbclmError as error:
            _send(answers, {"error": str(error)})


def _exchange(process: subprocess.Popen[bytes], request: Mapping[str, Any]) -> Answer | None:
    """Send a request and receive the answer; None where the process ends before that."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(OSError, ValueError):
        _send(process.stdin, request)  # type: ignore[arg-type]
        return _receive(process.stdout)  # type: ignore[arg-type]
    return None


def _send(stream: BinaryIO, said: Mapping[str, Any], content: bytes = b"") -> None:
    head = json.dumps({**said, "bytes": len(content)}).encode()
    stream.write(struct.pack(">I", len(head)) + head)
    stream.write(content)
    stream.flush()


def _receive(stream: BinaryIO) -> Answer | None:
    """Read a frame; None where the other side has gone.

    Raises:
        ValueError: it is none, or too long.
    """
    start = stream.read(4)
    if len(start) < 4:
        return None
    said = json.loads(stream.read(*struct.unpack(">I", start)))
    size = said.pop("bytes")
    if size > _MOST_BYTES:
        raise ValueError(f"too much: {size}")
    content = stream.read(size)
    return Answer(said, content) if len(content) == size else None
