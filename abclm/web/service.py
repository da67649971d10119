"""Turn what is asked into answers: options into tunes at the desk, tunes into files in the workshop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from abclm._version import VERSION
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.system.worker import Answer
from abclm.web.conversion_pool import Workshop
from abclm.web.limits import Busy, Limits, Places
from abclm.web.schema import Overlap, TuneAsked, TuneWritten
from abclm.web.tune_queue import Desk, Job, Written


class Office:
    """What stands behind the API; used by one event loop.

    Args:
        lm: the model.
        name: its name, as it is shown.
        limits: of what is asked for.

    Attributes:
        tunes: the places of those who have tunes written.
        conversions: the places of those who have files made.
    """

    def __init__(self, lm: LanguageModel, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.tunes = Places(limits.tunes)
        self.conversions = Places(limits.conversions)
        self._lm = lm
        self._held_bytes = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Start what writes and what makes files; at the end, stop it."""
        self._desk = Desk(self._lm, self.limits)
        self._workshop = Workshop(self.limits)
        # Options are checked one after another: it is arithmetic, and no lock may be waited for here.
        self._checking = ThreadPoolExecutor(1, "abclm-options")
        warming_up = asyncio.create_task(self._workshop.warm_up())
        try:
            yield
        finally:
            warming_up.cancel()
            self.give_up()
            await self._workshop.close()
            with contextlib.suppress(asyncio.CancelledError):
                await warming_up
            self._checking.shutdown(cancel_futures=True)

    def give_up(self) -> None:
        """Give up all that is being written and made, so that whoever waits for it is told that the server is closing."""
        self._desk.close()
        self._workshop.give_up()

    async def begin(self, asked: TuneAsked) -> Job:
        """Have a tune written; to cancel its future has no more of it written.

        Raises:
            ConfigError: what was asked for doesn't go together.
            Busy: it would not be begun for too long.
        """
        loop = asyncio.get_running_loop()
        return self._desk.ask(await loop.run_in_executor(self._checking, asked.options))

    def ahead(self, job: Job) -> int:
        """How many tunes come before this one; 0 once it is begun."""
        return self._desk.ahead(job)

    def describe(self, options: GenerationOptions, written: Written) -> TuneWritten:
        """Say what was written and how."""
        tune, overlap = written.tune, written.overlap
        made = {
            "Model": self.name,
            "Seed": str(options.seed),
            **options.asked(),
            "Written by": f"abclm {VERSION}",
        }
        return TuneWritten(
            abc=tune.text, title=tune.title, rhythm=tune.rhythm, meter=tune.meter,
            unit_note_length=tune.unit_note_length, key=tune.key, seed=options.seed or 0,
            problems=list(written.problems), made=made,
            overlap=Overlap(**asdict(overlap), is_copy=overlap.is_copy()) if overlap else None,
        )  # fmt: skip

    async def make(self, what: str, request: Mapping[str, Any]) -> Answer:
        """Have something made of a tune; see `Workshop.make`.

        Raises:
            Busy: also where too much of what was made is still being sent.
        """
        if self._held_bytes > self.limits.answer_bytes:
            raise Busy(5)
        return await self._workshop.make(
            {"what": what, "sound_seconds": self.limits.sound_seconds, **request}
        )

    @contextlib.contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count so many bytes as being sent."""
        self._held_bytes += size
        try:
            yield
        finally:
            self._held_bytes -= size
