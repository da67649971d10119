"""Turn an application into a server on this machine."""

import contextlib
import logging
import socket
from collections.abc import Callable, Iterable, Iterator

import uvicorn

from abclm.errors import AbclmError
from abclm.language_model import LanguageModel
from abclm.web.app import create_app
from abclm.web.connection import limited_connections
from abclm.web.limits import Limits

_MOST_SAID = 1000  # warnings that are remembered


def serve(
    lm: LanguageModel,
    name: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    hosts: Iterable[str] = (),
    limits: Limits | None = None,
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the page and the API until Ctrl-C.

    Args:
        lm: the model.
        name: its name, as it is shown.
        host: the address to listen on; `0.0.0.0` is every one of this machine's.
        port: 0 to 65535; 0 takes one that is free.
        hosts: names that the server may be asked for by, beside `localhost`, addresses and `host`.
        limits: of what is asked for.
        ready: is told the page's address once it can be reached.

    Raises:
        AbclmError: the address can't be listened on.
    """
    limits = limits or Limits()
    listening = _listen(host, port)
    address = _address(host, listening.getsockname()[1])
    app = create_app(lm, name, limits, (host, *hosts))
    server = _Server(
        uvicorn.Config(
            app,
            http=limited_connections(limits),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        ),
        lambda: ready(address),
        app.state.office.give_up,
    )
    with listening, _each_warning_once(), contextlib.suppress(KeyboardInterrupt):
        server.run([listening])


@contextlib.contextmanager
def _each_warning_once() -> Iterator[None]:
    """Log what is said of a request once, not for every request that asks for the same."""
    said: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        is_new = message not in said or not record.name.startswith("abclm.generation")
        if len(said) < _MOST_SAID:
            said.add(message)
        return is_new

    handlers = [*logging.getLogger().handlers, *logging.getLogger("abclm").handlers]
    for handler in handlers:
        handler.addFilter(is_new)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_new)


class _Server(uvicorn.Server):
    """A server that says when it can be reached, and when it is being ended."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], closing: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready, self._closing = ready, closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing()  # so that no request is waited for in vain
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    """Take the address at once, so that what is wrong with it is one line."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AbclmError(f"--host {host}: {error.strerror}; give an address of this machine") from None
    try:
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise AbclmError(
            f"{host}:{port} can't be listened on: {error.strerror}; give another --port, or 0 for any that is free"
        ) from None
    return listening


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/"
