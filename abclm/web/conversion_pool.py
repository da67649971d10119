"""Turn tunes into scores, sound and files by processes of their own, which may crash, hang or take too much memory.

Like the engraver's (see `abclm.score.engraver`), which each of them has one of, they stay for the next request;
unlike it there are several, so that a tune that takes long has only one of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abclm.errors import AbclmError, ConvertError
from abclm.score.svg import PAGE_WIDTH
from abclm.system.programs import limit_process
from abclm.web.limits import Busy

if TYPE_CHECKING:
    from abclm.web.limits import Limits

_MEMORY_BYTES = 3 << 30
_FILE_BYTES = 1 << 28
_MOST_ANSWER = 1 << 27
# Longer tunes, which may take long, never have all processes at a time.
_USUAL_CHARACTERS = 2000
# Its own place among the modules, behind all others, wherever the package was found.
_PROGRAM = "import sys; sys.path.append({root!r}); from abclm.web.conversion_worker import main; main()"


@dataclass(frozen=True)
class Made:
    """What came of a tune.

    Attributes:
        said: of it.
        content: of the file that it became.
    """

    said: dict[str, Any]
    content: bytes


class Workshop:
    """The processes; used by one event loop.

    Args:
        limits: how many there are, and how long each request may take.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free = asyncio.Semaphore(limits.workers)
        self._free_for_long = asyncio.Semaphore(max(1, limits.workers - 1))
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._making: set[asyncio.Future[Made]] = set()

    async def warm_up(self) -> None:
        """Start a process, as importing what it needs takes longer than most requests."""
        with contextlib.suppress(AbclmError, Busy):
            await self.make({"what": "score", "abc": "X:1\nL:1/1\nK:C\nC|]\n", "width": PAGE_WIDTH})

    async def make(self, request: Mapping[str, Any]) -> Made:
        """Have a request done; whatever goes wrong, others can be done after it.

        Args:
            request: see `abclm.web.conversion_worker.answer`.

        Raises:
            AbclmError: it can't be done, or not in time.
            Busy: no process was free for too long.
        """
        room = [self._free]
        if len(request["abc"]) > _USUAL_CHARACTERS:
            room.insert(0, self._free_for_long)
        async with contextlib.AsyncExitStack() as taken:
            try:
                async with asyncio.timeout(self._limits.wait_seconds):
                    for each in room:
                        await taken.enter_async_context(each)
            except TimeoutError:
                raise Busy(self._limits.wait_seconds) from None
            held = taken.pop_all()
        # Whoever asked may go: what is begun is made, as it is bounded, and a new process takes longer than most of it.
        making = asyncio.ensure_future(self._make(request, held))
        self._making.add(making)
        making.add_done_callback(self._forget)
        made = await asyncio.shield(making)
        if "error" in made.said:
            raise ConvertError(made.said["error"])
        return made

    async def _make(self, request: Mapping[str, Any], held: contextlib.AsyncExitStack) -> Made:
        async with held:
            worker = self._idle.pop() if self._idle else _Worker()
            self._all.add(worker)
            try:
                made = await worker.ask(request, self._limits.convert_seconds)
                self._idle.append(worker)
                return made
            except BaseException:
                # It may hang, or answer with this to the next request.
                self._all.discard(worker)
                await worker.end()
                raise

    def _forget(self, making: asyncio.Future[Made]) -> None:
        self._making.discard(making)
        if not making.cancelled():
            making.exception()  # seen, also where nobody waits for it any more

    async def close(self) -> None:
        """End the processes."""
        for worker in self._all:
            worker.kill()
        await asyncio.gather(*self._making, return_exceptions=True)
        for worker in self._all:
            await worker.end()


class _Worker:
    """A process, started when it is first asked."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, request: Mapping[str, Any], timeout_seconds: float) -> Made:
        """Send a request and wait for the answer."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._exchange(json.dumps(request).encode())
        except TimeoutError:
            taken = time.monotonic() - begun
            raise ConvertError(f"it took longer than {taken:.0f} s and was stopped; ask for less") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ConvertError("the process that works on tunes crashed on this one; check its ABC") from None

    async def _exchange(self, data: bytes) -> Made:
        if self._process is None or self._process.returncode is not None:
            self._process = await _start()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(struct.pack(">I", len(data)) + data)
        await stdin.drain()
        head = json.loads(await stdout.readexactly(*struct.unpack(">I", await stdout.readexactly(4))))
        size = head.pop("bytes")
        if size > _MOST_ANSWER:
            raise ConnectionError
        return Made(head, await stdout.readexactly(size))

    def kill(self) -> None:
        """End the process and those that it started, without waiting for it."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    async def end(self) -> None:
        """End the process; nobody may be waiting for its answer."""
        self.kill()
        if self._process is not None:
            await self._process.communicate()  # only then are its pipes closed
            self._process = None


async def _start() -> asyncio.subprocess.Process:
    root = str(Path(__file__).parents[2])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        # -P: the modules in the folder that the server was started in are not for it to import.
        *("-P", "-c", _PROGRAM.format(root=root)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # A group of its own: it ends with those that it started, and not by Ctrl-C but when the server does.
        start_new_session=True,
        # None of this is worth several threads, and each takes memory.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    limit_process(process.pid, _MEMORY_BYTES, _FILE_BYTES)
    return process
