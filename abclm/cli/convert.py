"""abclm convert: a file in one format to a file in another, by their suffixes."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="A tunebook (.abc, or - for standard input) or a .mid file.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="A file ending in .abc, .mid or .wav; from .mid, in .wav.")
    ],
) -> None:
    """Convert between .abc, .mid and .wav; several tunes to play are written as OUT-1, OUT-2 and so on."""
    from abclm.convert.between import convert_file

    written, problems = convert_file(source, target)
    for problem in problems:
        typer.echo(f"abclm: error: {problem}", err=True)
    for path in written:
        typer.echo(path)
    if problems:
        raise typer.Exit(1)
