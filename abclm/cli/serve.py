"""abclm serve: a page in the browser that writes tunes, and a JSON API."""

from typing import Annotated

import typer

from abclm.cli.options import Model, takes
from abclm.errors import AbclmError

EXAMPLES = (
    "abclm serve --open",
    "abclm serve --model my-model --port 8001",
)


def command(
    model: Model = "session",
    host: Annotated[
        str, takes("ADDRESS", "Address to listen on: 127.0.0.1 is this machine, 0.0.0.0 its network too.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port to listen on; 0 is any free port.")
    ] = 8000,
    allow_host: Annotated[
        list[str] | None, takes("NAME", "Another host name; may be given several times.", unset="none")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve a web page that writes, shows and plays tunes, until Ctrl-C."""
    try:
        from abclm.web.server import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "abclm":
            raise
        raise AbclmError(
            f"the page needs {error.name}, which is not installed; pip install fastapi uvicorn"
        ) from None
    from abclm.language_model import load

    def ready(address: str) -> None:
        if not _is_loopback(host):
            typer.echo(
                f"abclm: whoever can reach {host} on the network can use it; it asks for no password",
                err=True,
            )
        typer.echo(f"abclm: {address} writes tunes; Ctrl-C ends it", err=True)
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    serve(load(model), model, host=host, port=port, hosts=allow_host or (), ready=ready)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
