"""Turn Ctrl-C and SIGTERM into a KeyboardInterrupt between two steps, never inside one."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Self


class Stopping:
    """While it is entered, both signals raise KeyboardInterrupt, but wait for the end of what is `whole`.

    Only a main thread gets signals; elsewhere nothing is changed.
    """

    def __init__(self) -> None:
        self.is_within = False  # something that is to be done whole
        self._asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Do what is inside to its end, and stop then if that was asked for; asked twice, stop at once."""
        self._stop_if_asked()  # as Python drops what is raised while it clears away an object
        self.is_within = True
        yield  # an error leaves `is_within` set: what is inside was not done whole
        self.is_within = False
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self._asked:
            raise KeyboardInterrupt

    def _stop(self, number: int, frame: FrameType | None) -> None:
        was_asked, self._asked = self._asked, True
        if was_asked or not self.is_within:
            raise KeyboardInterrupt
