"""abclm transpose: tunes in another key, as a tunebook."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abclm.cli.activity import doing
from abclm.cli.options import Corpora, takes
from abclm.errors import ConfigError, CorpusError, NotationError
from abclm.system.files import write_text

if TYPE_CHECKING:
    from abclm.tune import Tune

EXAMPLES = (
    "abclm transpose my_tunes.abc --semitones 2",
    "abclm transpose my_tunes.abc --key D --out in-d.abc",
)


def command(
    corpora: Corpora,
    semitones: Annotated[
        int | None, takes("N", "Semitones to move up; down if negative. [from -48 to 48]", unset="by --key")
    ] = None,
    key: Annotated[
        str | None,
        takes("KEY", "Tonic to move to, by the shortest way; each tune keeps its mode.", unset="none"),
    ] = None,
    out: Annotated[Path | None, takes("FILE", "Tunebook to write.", unset="standard output")] = None,
) -> None:
    """Move tunes to another key, in canonical form."""
    from abclm.corpora.corpus import read_corpora
    from abclm.notation.check import name_marks
    from abclm.notation.keys import canonical_key, parse_key
    from abclm.notation.tunebook import format_tunebook

    if (semitones is None) == (key is None):
        raise ConfigError("--semitones says how far, --key where to; give one of them")
    if semitones is not None and abs(semitones) > 48:
        raise ConfigError(f"--semitones is an integer from -48 to 48; received {semitones}")
    try:
        tonic = None if key is None else parse_key(canonical_key(key)).tonic_pitch_class
    except NotationError as error:
        raise ConfigError(f"--key: {error}") from None
    doing("reading tunes")
    corpus = read_corpora(corpora)
    moved: list[Tune] = []
    for tune, place in zip(corpus.tunes, corpus.places, strict=True):
        try:
            if tonic is not None:
                semitones = (tonic - parse_key(tune.key).tonic_pitch_class + 5) % 12 - 5
            moved.append(tune.transpose(semitones or 0))
        except NotationError as error:
            typer.echo(f"abclm: left out: {place}: {error}", err=True)
    if not moved:
        raise CorpusError(f"{corpus.name}: no tune could be moved; abclm check says why")
    if names := name_marks(corpus.tunes):
        typer.echo(f"abclm: left out: {', '.join(names)}; the canonical form has none", err=True)
    text = format_tunebook(moved)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        typer.echo(f"{out}")
    if len(moved) < len(corpus):
        raise typer.Exit(1)
