"""abclm convert: files in one format to a file in another, by their suffixes."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abclm.cli.activity import doing
from abclm.cli.options import AddChords, takes
from abclm.errors import ConfigError
from abclm.formats.convert_file import SOURCES
from abclm.formats.table import FORMATS, suffixes_of
from abclm.system.words import counted

if TYPE_CHECKING:
    from abclm.midi.performance import Performance

_HEARD = f"for {suffixes_of('has_sound')}."

EXAMPLES = (
    "abclm convert my_tunes.abc book.pdf",
    "abclm convert my_tunes.abc tune.wav --instrument fiddle",
)


def command(
    *,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="IN",
            help=f"Files ({', '.join(SOURCES)}), folders, globs or built-in names; - is ABC on standard input.",
        ),
    ] = None,
    target: Annotated[
        str,
        typer.Argument(
            metavar="OUT", help=f"A file ending in one of {', '.join(FORMATS)}; - is standard output."
        ),
    ],
    file_format: Annotated[
        str | None, takes("NAME", "Format of standard output.", "--format", unset="abc")
    ] = None,
    instrument: Annotated[
        str | None, takes("NAME", "Instrument, such as fiddle, " + _HEARD, unset="the tune's own, or guitar")
    ] = None,
    tempo: Annotated[
        str | None, takes("TEMPO", "Beats per minute, or such as 1/4=120, " + _HEARD, unset="the usual one")
    ] = None,
    chords: Annotated[bool, typer.Option("--chords", help="Play the chord symbols too, " + _HEARD)] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a tunebook, or a file like IN, that is there."),
    ] = False,
    add_chords: AddChords = False,
) -> None:
    """Convert between ABC, MIDI, sound, score and page. If each tune becomes a file: OUT-1, OUT-2 and so on."""
    from abclm.midi.performance import Performance

    if not sources:
        raise ConfigError(f"convert takes IN and OUT, such as my_tunes.abc book.pdf; received {target} alone")
    performance = Performance.asked(instrument, tempo, chords)
    doing("converting")
    if target != "-":
        if file_format is not None:
            raise ConfigError("--format is for standard output, -; a file's suffix says its format")
        if not overwrite:
            _keep(sources, Path(target))
        written, problems = _convert(sources, Path(target), performance, add_chords)
        for path in written:
            typer.echo(path)
    else:
        suffix = f".{(file_format or 'abc').lower().removeprefix('.')}"
        if suffix not in FORMATS:
            raise ConfigError(f"--format is one of {', '.join(FORMATS)}; received {file_format!r}")
        with tempfile.TemporaryDirectory() as folder:
            written, problems = _convert(sources, Path(folder, f"tune{suffix}"), performance, add_chords)
            if len(written) > 1:
                raise ConfigError(
                    f"{counted(len(written), 'tune')} become {counted(len(written), 'file')}, and standard output "
                    "is one; give a file's name"
                )
            sys.stdout.buffer.write(written[0].read_bytes())
            sys.stdout.buffer.flush()
    for problem in problems:
        typer.echo(f"abclm: error: {problem}", err=True)
    if problems:
        raise typer.Exit(1)


def _keep(sources: list[str], target: Path) -> None:
    """Refuse to replace tunes: after `convert *.abc`, the target is the last of the user's own files.

    Raises:
        ConfigError: the target is there, and is a tunebook or a file like the sources.
    """
    suffixes = {".abc", *(Path(source).suffix.lower() for source in sources)}
    if target.is_file() and target.suffix.lower() in suffixes:
        raise ConfigError(f"{target} is there already; give another name, or --overwrite to replace it")


def _convert(
    sources: list[str], target: Path, performance: "Performance | None", add_chords: bool
) -> tuple[list[Path], list[str]]:
    """Write one file as it is, or all that several files, folders, globs and names have as one book."""
    from abclm.corpora import built_in
    from abclm.formats.convert_file import convert_file, write_tunes

    names = [card.name for card in built_in.cards()]
    if (
        len(sources) == 1
        and sources[0] not in names
        and not Path(sources[0]).is_dir()
        and "*" not in sources[0]
    ):
        return convert_file(sources[0], target, performance, _progress, add_chords)
    from abclm.corpora.corpus import read_corpora

    corpus = read_corpora(sources)
    written, problems = write_tunes(corpus.tunes, corpus.places, target, performance, _progress, add_chords)
    return written, [*map(str, corpus.problems), *problems]


def _progress(done: int, total: int) -> None:
    doing("converting tunes", done, total)
