"""abclm convert: a file in one format to a file in another, by their suffixes."""

from pathlib import Path
from typing import Annotated

import typer

from abclm.cli.options import takes
from abclm.formats.table import FORMATS, suffixes_of

_HEARD = f"for {suffixes_of('has_sound')}."

EXAMPLES = (
    "abclm convert my_tunes.abc book.pdf",
    "abclm convert my_tunes.abc tune.wav --instrument fiddle",
)


def command(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="A tunebook (.abc, or - for standard input) or a .mid file.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help=f"A file ending in one of {', '.join(FORMATS)}.")
    ],
    instrument: Annotated[
        str | None, takes("NAME", "Instrument, such as fiddle, " + _HEARD, unset="the tune's own, or guitar")
    ] = None,
    tempo: Annotated[
        str | None, takes("TEMPO", "Beats per minute, or such as 1/4=120, " + _HEARD, unset="the usual one")
    ] = None,
    chords: Annotated[bool, typer.Option("--chords", help="Play the chord symbols too, " + _HEARD)] = False,
) -> None:
    """Convert between ABC, MIDI, sound, score and page. If each tune becomes a file: OUT-1, OUT-2 and so on."""
    from abclm.formats.convert_file import convert_file
    from abclm.midi.performance import Performance

    written, problems = convert_file(source, target, Performance.asked(instrument, tempo, chords))
    for problem in problems:
        typer.echo(f"abclm: error: {problem}", err=True)
    for path in written:
        typer.echo(path)
    if problems:
        raise typer.Exit(1)
