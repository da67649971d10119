"""Turn what a command is doing into lines on standard error, where it takes long enough to make a user wonder."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

DELAY = 0.3
"""Seconds in which nothing is said: a command that is done by then says nothing."""

_SECONDS_BETWEEN_COUNTS = 5.0
_current: "_Activity | None" = None


@contextlib.contextmanager
def shown_activity() -> Iterator[None]:
    """Say what `doing` is told, from `DELAY` on: at once where that changes, and every few seconds how far it is."""
    global _current
    _current = shown = _Activity()
    try:
        yield
    finally:
        _current = None
        shown.end()


def doing(what: str, done: int | None = None, total: int | None = None) -> None:
    """Take note of what is done from now on, and of how much of it is done; nothing is said of an empty text."""
    if _current is not None:
        _current.now = (what, "" if done is None else f": {done:,} of {total:,}")


class _Activity:
    def __init__(self) -> None:
        self.now = ("", "")
        self.over = threading.Event()
        self._output: TextIO | None = None
        with contextlib.suppress(OSError, ValueError):  # a stream that is no file
            # Of its own: while TensorFlow is imported, standard error leads elsewhere.
            self._output = os.fdopen(os.dup(sys.stderr.fileno()), "w")
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.over.set()
        self._thread.join()
        if self._output is not None:
            self._output.close()

    def _watch(self) -> None:
        said, when, wait = "", 0.0, DELAY
        while not self.over.wait(wait):
            wait = 0.2
            what, count = self.now
            is_due = bool(count) and time.monotonic() - when >= _SECONDS_BETWEEN_COUNTS
            if what and (what != said or is_due):
                print(f"abclm: {what}{count} ...", file=self._output or sys.stderr, flush=True)
                said, when = what, time.monotonic()
