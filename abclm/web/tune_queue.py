"""Turn options into tunes as they are written: several at a time, in turns, by one thread with one engine.

Each tune is written by the very steps that write it alone, so it is the same in whatever company. (One matrix product
for all of them would write many tunes in less time, but a few in more: docs/serve.md has the figures.) Nobody who reads
slowly is waited for: what is written is kept until it is asked for, and that is no more than a tune.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from abclm.analysis.novelty import Overlap
from abclm.generation.abc.draws.tries import find_problems
from abclm.generation.abc.tunes import stream_steps
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.tune import Tune
from abclm.web.limits import Busy, Limits

_STEPS = 8  # characters of one tune before it is the next one's turn


class TooSlowError(Exception):
    """A tune was not written within its time."""


@dataclass(frozen=True)
class Written:
    """A tune that is complete.

    Attributes:
        tune: as the model wrote it.
        problems: what keeps it from being played, a line each; nothing, where the model is held to the grammar.
        overlap: what it has in common with the training tune nearest to it; None where these are not known.
    """

    tune: Tune
    problems: tuple[str, ...]
    overlap: Overlap | None


class Job:
    """A tune that was asked for.

    Args:
        options: with a seed.

    Attributes:
        text: what is written so far; it only grows.
        written: the tune; to cancel it has no more of it written.
        begun, ended: whether its writing has.
    """

    def __init__(self, options: GenerationOptions) -> None:
        self.options = options
        self.text = ""
        self.begun = self.ended = False
        self.written: Future[Written] = Future()
        self.steps: Iterator[str] = iter(())
        self.deadline = float("inf")  # of the monotonic clock; once it is begun
        self.seconds = 0.0  # that its turns took


class Desk:
    """Where tunes are written.

    Args:
        lm: the model; its weights are copied.
        limits: how many tunes at a time, and how long each may take.
    """

    def __init__(self, lm: LanguageModel, limits: Limits) -> None:
        self._lm = lm
        self._engine = lm.config.engine(lm.read_weights())
        self._limits = limits
        self._waiting: deque[Job] = deque()
        self._writing: list[Job] = []
        self._changed = threading.Condition()
        self._closed = False
        self._seconds = 0.0  # that the turns of a tune take, a mean over the last few
        self._thread = threading.Thread(target=self._run, name="abclm-desk", daemon=True)
        self._thread.start()

    def ask(self, options: GenerationOptions) -> Job:
        """Have a tune written.

        Args:
            options: what to write; of several tunes, only the first is written.

        Raises:
            Busy: it would not be begun for too long.
        """
        job = Job(options.with_seed())
        with self._changed:
            wait = self._seconds * (len(self._waiting) + len(self._writing) - self._limits.writers)
            if wait > self._limits.wait_seconds:
                raise Busy(wait - self._limits.wait_seconds)
            if self._closed:
                job.written.cancel()
            else:
                self._waiting.append(job)
                self._changed.notify()
        return job

    def ahead(self, job: Job) -> int:
        """How many tunes were asked for before this one and are not complete; 0 once it is begun."""
        with self._changed:
            return self._waiting.index(job) + len(self._writing) if job in self._waiting else 0

    def close(self) -> None:
        """Give up the tunes that are not complete, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting or self._writing)
                if self._closed:
                    break
                while self._waiting and len(self._writing) < self._limits.writers:
                    self._writing.append(self._waiting.popleft())
            for job in self._writing:
                begun = time.monotonic()
                job.ended = not self._take_turn(job)
                job.seconds += time.monotonic() - begun
                if job.ended:
                    job.steps = iter(())  # what it took to write it is let go, though its text may be kept
                    self._seconds += (job.seconds - self._seconds) / (8 if self._seconds else 1)
            self._writing = [job for job in self._writing if not job.ended]
        for job in [*self._writing, *self._waiting]:
            job.written.cancel()

    def _take_turn(self, job: Job) -> bool:
        """Write a little of one tune; whether there is more to write. What goes wrong with it is its own affair."""
        if job.written.cancelled():
            return False
        try:
            if time.monotonic() > job.deadline:
                raise TooSlowError(f"the tune was not written within {self._limits.write_seconds:g} s")
            if not job.begun:
                job.begun = True
                job.deadline = time.monotonic() + self._limits.write_seconds
                job.steps = stream_steps(self._lm, job.options, self._engine)
            for _ in range(_STEPS):
                added = next(job.steps, None)
                if added is None:
                    _settle(job.written, self._complete(job.text))
                    return False
                job.text += added
        except Exception as error:
            _settle(job.written, error)
            return False
        return True

    def _complete(self, text: str) -> Written:
        tune = Tune.parse(text)
        index = self._lm.novelty_index
        return Written(tune, find_problems(text), index.nearest(tune) if index else None)


def _settle(future: Future[Written], result: Written | Exception) -> None:
    """Set the result of a future, unless who asked for it has gone meanwhile."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
