"""Turn away connections on which nothing moves: that don't ask, don't finish asking, or don't take their answer."""

import asyncio
import contextlib
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from abclm.web.limits import Limits


def limited_connections(limits: Limits) -> type[H11Protocol]:
    """Make uvicorn's HTTP protocol with limits on the number of connections and on how long they may stand still."""

    class Limited(H11Protocol):
        """A connection."""

        _asking: asyncio.TimerHandle | None = None
        _taking: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > limits.connections:
                self._drop()
            else:
                self._await_request()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_answering():
                self._stop_waiting()
            elif self._asking is None:
                self._await_request()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._taking = self.loop.call_later(limits.stall_seconds, self._drop)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self._taking is not None:
                self._taking.cancel()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            if self._taking is not None:
                self._taking.cancel()
            super().connection_lost(exc)

        def _is_answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _await_request(self) -> None:
            self._asking = self.loop.call_later(limits.read_seconds, self._drop)

        def _drop(self) -> None:
            """Close the connection, and have the system forget what it has not sent."""
            connection = self.transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

        def _stop_waiting(self) -> None:
            if self._asking is not None:
                self._asking.cancel()
                self._asking = None

    return Limited
