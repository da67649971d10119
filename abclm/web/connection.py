"""Turn away connections on which nothing moves: that don't ask, don't finish asking, or don't take their answer."""

import asyncio
import contextlib
import logging
import socket
import struct
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from abclm.web.limits import Connections, Limits


class _AddressedLogger(logging.LoggerAdapter[logging.Logger]):
    """Says of each line whose connection it is about."""

    @property
    def level(self) -> int:
        """uvicorn asks for it."""
        return self.logger.level

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        address = (self.extra or {}).get("address")
        return f"{str(address).partition('%')[0] or 'a socket'}: {msg}", kwargs


def limited_connections(limits: Limits) -> type[H11Protocol]:
    """Make uvicorn's HTTP protocol with limits on the number of connections and on how long they may stand still."""

    open_now = Connections(limits.connections)

    class Limited(H11Protocol):
        """A connection."""

        _address = ""
        _asking: asyncio.TimerHandle | None = None
        _taking: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._address = self.client[0] if self.client else ""
            self.logger = _AddressedLogger(self.logger, {"address": self._address})  # type: ignore[assignment]
            if open_now.open(self._address):
                self._await_request()
            else:
                self._drop()

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
            open_now.close(self._address)
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            try:
                super().send_400_response(msg)
            except h11.LocalProtocolError:  # another answer is under way
                self._drop()

        def _unsupported_upgrade_warning(self) -> None:
            self.logger.warning("Unsupported upgrade request.")

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
