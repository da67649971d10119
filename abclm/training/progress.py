"""Turn the steps of a training run into what can be said of it: loss, speed, time left."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abclm.errors import Cancelled

if TYPE_CHECKING:
    from abclm.training.held_out import HeldOutFigures

_RECENT_STEPS = 20  # the loss that is shown is their mean


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands, after a step or after an epoch's end.

    Args:
        step: steps done.
        total_steps: steps of the whole run.
        epoch: the epoch under way, counted from 1.
        is_epoch_end: whether the epoch is over and, with held-out tunes, `validation` new.
        loss: mean nats per character over the last steps.
        characters_per_second: training speed without start-up and evaluation; None after one step.
        seconds_left: at that speed, evaluation not counted; None after one step.
        validation: the last held-out figures.
        old: the same of tunes that the model knew before.
    """

    step: int
    total_steps: int
    epoch: int
    is_epoch_end: bool
    loss: float
    characters_per_second: float | None
    seconds_left: float | None
    validation: HeldOutFigures | None
    old: HeldOutFigures | None = None

    @property
    def bits_per_character(self) -> float:
        """The loss in bits."""
        return self.loss / math.log(2)


class Meter:
    """Collects losses and times the steps, without the first, which compiles, and without evaluation.

    Args:
        steps: done before, by a run that this one goes on with.
        recent: its last steps' losses.
    """

    def __init__(self, steps: int = 0, recent: Iterable[float] = ()) -> None:
        self.steps = steps
        self.recent: deque[float] = deque(recent, maxlen=_RECENT_STEPS)
        self._is_compiled = False
        self._timed_steps = self._characters = 0
        self._seconds = 0.0
        self._started = 0.0

    def start(self) -> None:
        """Start the clock, before the first step and after every pause."""
        self._started = time.perf_counter()

    def count(self, loss: float, characters: int) -> None:
        """Take in a step that is over."""
        now = time.perf_counter()
        if self._is_compiled:
            self._timed_steps += 1
            self._characters += characters
            self._seconds += now - self._started
        self._is_compiled = True
        self._started = now
        self.steps += 1
        self.recent.append(loss)

    @property
    def loss(self) -> float:
        """Mean of the last steps' losses."""
        return sum(self.recent) / len(self.recent)

    @property
    def characters_per_second(self) -> float | None:
        """None until a second step is over."""
        return self._characters / self._seconds if self._timed_steps else None

    def seconds_left(self, steps: int) -> float | None:
        """How long so many steps will take; None until a second step is over."""
        return steps * self._seconds / self._timed_steps if self._timed_steps else None


def watched(progress: Callable[[Progress], object] | None) -> Callable[[Progress], object] | None:
    """Let a callback that returns False end a run, with `Cancelled`."""
    if progress is None:
        return None

    def watch(now: Progress) -> None:
        if progress(now) is False:
            raise Cancelled(f"cancelled by its progress callback after step {now.step} of {now.total_steps}")

    return watch
