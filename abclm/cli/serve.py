"""abclm serve: a page in the browser that writes tunes, and a JSON API."""

from typing import Annotated

import typer

from abclm.errors import AbclmError


def command(
    model: Annotated[str, typer.Option(help="A preset's name, or a model folder.")] = "session",
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0: all of them.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any that is free.", min=0, max=65535)] = 8000,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another name that the server is asked for by; may be repeated.")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve a page on this machine that writes tunes, shows and plays them; until Ctrl-C."""
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
