"""Turn requests away that are too large, too slow, too many or sent by another site's page, before the API sees them.

Anyone's web page can have a visitor's browser send requests to this machine. It can't read the answers, unless its own
name is made to lead here (DNS rebinding): so the host that is asked for must be known, and whoever says where a
request comes from must have it from here.
"""

import asyncio
import json
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from abclm.web.limits import Busy, Limits

_PIECE = 65_536
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' blob:; img-src 'self'; "
        "media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """Stands before an application.

    Args:
        app: the application.
        limits: of size, time and number.
        hosts: names that the server may be asked for by, beside `localhost` and addresses, which can't be rebound.
    """

    def __init__(self, app: ASGIApp, limits: Limits, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._limits = limits
        self._hosts = {"localhost", *(host.lower().rstrip(".") for host in hosts)}
        self._answering = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        send = _with_headers(send)
        headers = Headers(scope=scope)
        if (refused := self._refuse(headers)) is not None:
            await _answer(send, *refused)
        elif self._answering >= self._limits.requests:
            await answer_busy(send, Busy(1))
        else:
            self._answering += 1
            try:
                await self._pass_on(scope, headers, receive, send)
            except asyncio.CancelledError:
                # The server ends and waits no longer for a client that is slow to take its answer: no fault to report.
                return
            finally:
                self._answering -= 1

    def _refuse(self, headers: Headers) -> tuple[int, str] | None:
        """Why a request is not even read."""
        host = headers.get("host", "").lower()
        if not self._is_known(_name_in(f"//{host}")):
            return 421, f"this server is not {host[:60]!r}; --allow-host NAME has it answer to another name"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            return 403, f"requests from pages of {origin[:60]!r} are not answered"
        length = headers.get("content-length", "0")[:20]
        if length.isdecimal() and int(length) > self._limits.body_bytes:
            return 413, f"a request has at most {self._limits.body_bytes:,} bytes, received {int(length):,}"
        return None

    def _is_known(self, name: str) -> bool:
        if name in self._hosts or name.endswith(".localhost"):
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True

    async def _pass_on(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._limits.read_seconds):
                body = await _read(receive, self._limits.body_bytes)
        except TimeoutError:
            await _answer(send, 408, f"the request did not arrive within {self._limits.read_seconds:g} s")
            return
        if body is None:  # it has gone
            return
        if len(body) > self._limits.body_bytes:
            await _answer(send, 413, f"a request has at most {self._limits.body_bytes:,} bytes")
            return
        read = False

        async def replay() -> Message:
            nonlocal read
            if read:
                return await receive()
            read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, _in_pieces(send))


async def _read(receive: Receive, most: int) -> bytes | None:
    """Read a body, or little more than it may have; None where the client goes before its end."""
    body = b""
    while len(body) <= most:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending


def _in_pieces(send: Send) -> Send:
    """Hand a large body over piece by piece, each when the client has taken most of the one before."""

    async def sending(message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] != "http.response.body" or len(body) <= _PIECE:
            await send(message)
            return
        for start in range(0, len(body), _PIECE):
            last = start + _PIECE >= len(body)
            more = not last or message.get("more_body", False)
            piece = bytes(memoryview(body)[start : start + _PIECE])
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    return sending


async def answer_busy(send: Send, busy: Busy) -> None:
    """Say that there is no room, and when there may be."""
    await _answer(send, 429, str(busy), {"Retry-After": str(busy.seconds)})


async def _answer(send: Send, status: int, error: str, more: dict[str, str] | None = None) -> None:
    body = json.dumps({"error": error}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(more or {})}
    if status in (408, 413):
        headers["Connection"] = "close"  # the rest of the body is not read
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _name_in(address: str) -> str:
    """The name of the host in an address, without its port; nothing where it can't be read."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""
