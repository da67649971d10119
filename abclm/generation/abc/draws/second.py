"""Have a share of many tunes written by a second process, on another core of the processor.

A tune is the same whoever writes it, so that nothing but the time changes. Where the process can't be started, or ends
before it has written its share, the first writes what is missing.
"""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import asdict
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from abclm.errors import AbclmError
from abclm.generation.abc.draws.tries import GeneratedTune
from abclm.system.worker import Worker, WorkerCrashError
from abclm.tune import Tune

if TYPE_CHECKING:
    from collections.abc import Iterable

    from abclm.generation.abc.request import Request
    from abclm.models.model import Model

FEWEST = 256
"""Draws that have to be asked for: the process takes a second to start, and as much memory as the first."""

_SMALLEST_BATCH = 64  # whose halves are still stepped at nearly the same cost for each tune
_PROGRAM = "from abclm.generation.abc.tunes import write_share; write_share()"
_ADDRESS_BYTES, _FILE_BYTES = 1 << 38, 1 << 20
_SECONDS = 600  # for the next tune

_logger = logging.getLogger(__name__)


def pays(request: Request) -> bool:
    """Whether a second process makes it faster to write the tunes of a request."""
    options = request.options
    return (
        options.n * request.draws >= FEWEST
        and options.batch_size >= _SMALLEST_BATCH
        and options.constrained
        and not options.novel
        and _cores() > 1
    )


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class SecondProcess:
    """Writes a share of the tunes of a request, until it is left as a context.

    Args:
        lm: the model.
        request: what to write; with a seed.
        indices: of the tunes, from 0.

    Attributes:
        missing: of these, the tunes that have not come.
        is_over: whether no more will come.
    """

    def __init__(self, lm: Model, request: Request, indices: Iterable[int]) -> None:
        self.missing = set(indices)
        self.is_over = False
        self._found: SimpleQueue[GeneratedTune | None] = SimpleQueue()
        self._folder = TemporaryDirectory(prefix="abclm-")
        self._worker = Worker(_PROGRAM, memory_bytes=_ADDRESS_BYTES, file_bytes=_FILE_BYTES, own_group=True)
        share = {"options": asdict(request.options), "indices": sorted(self.missing)}
        try:
            lm.save(self._folder.name, overwrite=True)
        except (AbclmError, OSError) as error:
            self._fail(error)
        else:
            share["model"] = self._folder.name
            Thread(target=self._receive, args=(share,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._worker.stop()
        self._folder.cleanup()

    def collect(self, written: dict[int, GeneratedTune], seconds: float = 0) -> None:
        """Put the tunes that have come into `written`, by their places; where none has, wait so long for one."""
        with contextlib.suppress(Empty):
            while not self.is_over:
                tune = self._found.get(block=seconds > 0, timeout=seconds)
                seconds = 0
                if tune is None:
                    self.is_over = True
                else:
                    self.missing.remove(tune.number - 1)
                    written[tune.number - 1] = tune

    def _receive(self, share: dict[str, Any]) -> None:
        try:
            said = self._worker.ask(share, _SECONDS).said
            while said.get("tunes"):
                for each in said["tunes"]:
                    self._found.put(_from_json(each))
                said = self._worker.ask({}, _SECONDS).said
            if "error" in said:
                self._fail(said["error"])
        except (OSError, TimeoutError, WorkerCrashError) as error:
            self._fail(error)
        finally:
            self._found.put(None)

    def _fail(self, reason: object) -> None:
        self._found.put(None)
        _logger.info("no second process writes tunes: %s", reason)


def to_json(tune: GeneratedTune) -> dict[str, Any]:
    """What `_from_json` reads: nothing of what it has in common with a training tune."""
    return {**asdict(tune), "tune": tune.tune.text, "overlap": None}


def _from_json(values: dict[str, Any]) -> GeneratedTune:
    text, problems = values.pop("tune"), tuple(values.pop("problems"))
    return GeneratedTune(tune=Tune.parse(text), problems=problems, **values)
