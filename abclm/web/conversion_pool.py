"""Turn tunes into scores, sound and files by several child processes, so that a tune that takes long has only one.

Each of them starts an engraver of its own (see `abclm.score.engraver`).
"""

import asyncio
import contextlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from abclm.errors import AbclmError, ConvertError
from abclm.score.svg import PAGE_WIDTH
from abclm.system.worker import Answer, Worker, WorkerCrashError
from abclm.web.limits import Busy, ClosingError, Limits

_MEMORY_BYTES = 3 << 30
_FILE_BYTES = 1 << 28
# Longer tunes, which may take long, never have all processes at a time.
_USUAL_CHARACTERS = 2000
_PROGRAM = "from abclm.web.conversion_worker import main; main()"


class Workshop:
    """The processes; used by one event loop.

    Args:
        limits: how many there are, and how long each request may take.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free = asyncio.Semaphore(limits.workers)
        self._free_for_long = asyncio.Semaphore(max(1, limits.workers - 1))
        self._workers = tuple(
            Worker(_PROGRAM, memory_bytes=_MEMORY_BYTES, file_bytes=_FILE_BYTES, own_group=True)
            for _ in range(limits.workers)
        )
        self._idle = list(self._workers)
        # Each waits for the answer of a process.
        self._threads = ThreadPoolExecutor(limits.workers, "abclm-conversions")
        self._making: set[asyncio.Future[Answer]] = set()
        self._closing = False

    async def warm_up(self) -> None:
        """Start a process, as importing what it needs takes longer than most requests."""
        with contextlib.suppress(AbclmError, Busy, ClosingError):
            await self.make({"what": "score", "abc": "X:1\nL:1/1\nK:C\nC|]\n", "width": PAGE_WIDTH})

    async def make(self, request: Mapping[str, Any]) -> Answer:
        """Have a request done; whatever goes wrong, others can be done after it.

        Args:
            request: see `abclm.web.conversion_worker.answer`.

        Raises:
            AbclmError: it can't be done, or not in time.
            Busy: no process was free for too long.
            ClosingError: it was given up.
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
            if self._closing:
                raise ClosingError
            held = taken.pop_all()
        # Whoever asked may go: what is begun is made, as it is bounded, and a new process takes longer than most of it.
        making = asyncio.ensure_future(self._make(request, held))
        self._making.add(making)
        making.add_done_callback(self._forget)
        made = await asyncio.shield(making)
        if "error" in made.said:
            raise ConvertError(made.said["error"])
        return made

    async def _make(self, request: Mapping[str, Any], held: contextlib.AsyncExitStack) -> Answer:
        async with held:
            worker = self._idle.pop()
            seconds = self._limits.convert_seconds
            loop = asyncio.get_running_loop()
            try:
                return await loop.run_in_executor(self._threads, worker.ask, request, seconds)
            except TimeoutError:
                raise ConvertError(
                    f"it took longer than {seconds:.0f} s and was stopped; ask for less"
                ) from None
            except WorkerCrashError:
                if self._closing:
                    raise ClosingError from None
                raise ConvertError(
                    "the process that works on tunes crashed on this one; check its ABC"
                ) from None
            finally:
                self._idle.append(worker)

    def _forget(self, making: asyncio.Future[Answer]) -> None:
        self._making.discard(making)
        if not making.cancelled():
            making.exception()  # seen, also where nobody waits for it any more

    def give_up(self) -> None:
        """End what the processes work on, and begin nothing more."""
        self._closing = True
        for worker in self._workers:
            worker.kill()

    async def close(self) -> None:
        """End the processes."""
        self.give_up()
        await asyncio.gather(*self._making, return_exceptions=True)
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown()
