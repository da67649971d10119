"""Turn `abclm corpus ...` into calls of `abclm.corpora.corpus`: list, look at, clean and split corpora."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abclm.cli.activity import doing
from abclm.cli.help import Command, examples
from abclm.cli.options import Corpora, Json, Picture, takes
from abclm.errors import ConfigError, ConvertError, CorpusError
from abclm.system.files import write_bytes, write_text
from abclm.system.words import counted

if TYPE_CHECKING:
    from abclm.corpora.corpus import Corpus

app = typer.Typer(
    help="List the built-in corpora; describe, clean and split corpora, or write them as a book.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_SHOWN_PROBLEMS = 10
_SHOWN_REASONS = 5
_BOOKS = (".pdf", ".html")


@app.command("list", cls=Command, epilog=examples("abclm corpus list", "abclm corpus list oldTunes"))
def list_corpora(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Corpus of which to print the whole data card.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the built-in corpora with their terms of use."""
    from abclm.corpora.built_in import cards, find_card

    if name is not None:
        card = find_card(name)
        typer.echo(json.dumps(card.to_dict(), ensure_ascii=False) if as_json else card.text.rstrip())
    elif as_json:
        typer.echo(json.dumps([card.to_dict() for card in cards()], ensure_ascii=False))
    else:
        for card in cards():
            typer.echo(f"{card.name:14}{card.tunes:>6,} tunes{card.characters:>11,} characters  {card.title}")
            typer.echo(f"{'':14}terms: {card.terms}")


@app.command(
    "stats",
    cls=Command,
    epilog=examples(
        "abclm corpus stats my_tunes.abc",
        "abclm corpus stats my_tunes.abc --picture counts.png",
    ),
)
def stats(
    corpora: Corpora,
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Count tunes, characters, keys, meters, rhythms, lengths and problems."""
    from abclm.corpora.corpus import read_corpora

    if picture is not None and picture.suffix.lower() != ".png":
        raise ConfigError(f"--picture names the .png file to write; received {str(picture)!r}")
    doing("reading tunes")
    raw = read_corpora(corpora)
    doing("cleaning and counting tunes")
    clean = raw.normalize().deduplicate()
    counts = clean.statistics()
    figures = {"corpus": raw.name, "tunes_read": len(raw), **counts}
    if picture is not None:
        from abclm.corpora.picture import draw_corpus

        write_bytes(picture, draw_corpus(raw.name, clean.tunes, counts))
        figures["picture"] = str(picture)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count:,}" for key, count in value.items()) or "none"
        said = f"{value:,}" if isinstance(value, int) else value
        typer.echo(f"{name.replace('_', ' '):21}{said}")


@app.command(
    "clean",
    cls=Command,
    epilog=examples(
        "abclm corpus clean my_tunes.abc --out clean.abc",
        "abclm corpus clean my_tunes.abc --strict --all",
    ),
)
def clean(
    corpora: Corpora,
    out: Annotated[Path | None, takes("FILE", "Tunebook to write.", unset="standard output")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Keep only tunes that abc2midi plays without errors or warnings.")
    ] = False,
    as_json: Json = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="List every tune that was left out and why, not only the first ten.")
    ] = False,
    keep_tempo: Annotated[
        bool, typer.Option("--keep-tempo", help="Keep tempos (Q:), which the canonical form leaves out.")
    ] = False,
) -> None:
    """Write the tunes in canonical form, each once, and say which were left out and why."""
    from abclm.corpora.corpus import read_corpora
    from abclm.corpora.problems import count_reasons
    from abclm.notation.check import describe, find_losses
    from abclm.notation.tunebook import as_file

    if as_json and out is None:
        raise ConfigError("--json prints figures in place of the tunes; add --out FILE for those")
    doing("reading and cleaning tunes")
    raw = read_corpora(corpora)
    cleaned = raw.normalize(keep_tempo=keep_tempo)
    if strict:
        # Before deduplication: of tunes with one body, one may have the right meter and another a wrong one.
        doing("playing tunes with abc2midi")
        cleaned = cleaned.strict()
    cleaned = cleaned.deduplicate()
    reasons = count_reasons(cleaned.problems)
    _report(cleaned, None if show_all else _SHOWN_PROBLEMS)
    _report_reasons(reasons)
    for loss in describe(loss for tune in raw.tunes for loss in find_losses(tune)).values():
        typer.echo(f"abclm: {loss}", err=True)
    tunebook = _format(cleaned)
    said = f"{counted(len(cleaned), 'tune')}, {len(cleaned.problems):,} left out"
    if out is None:
        typer.echo(tunebook, nl=False)
        typer.echo(f"abclm: {said}", err=True)
    else:
        write_text(out, as_file(tunebook))
        figures = {
            "tunes": len(cleaned),
            "left_out": len(cleaned.problems),
            "reasons": reasons,
            "path": str(out),
        }
        typer.echo(json.dumps(figures, ensure_ascii=False) if as_json else f"{out}: {said}")


@app.command(
    "split",
    cls=Command,
    epilog=examples(
        "abclm corpus split my_tunes.abc --out split --validation 0.2",
        "abclm corpus split oneills1850 my_tunes.abc --out split --relatives-together",
    ),
)
def split(
    corpora: Corpora,
    out: Annotated[Path, takes("DIR", "Folder for train.abc and validation.abc.")],
    validation: Annotated[float, takes("X", "Share of the tunes to hold out. [above 0, below 1]")] = 0.1,
    seed: Annotated[int, takes("N", "Random seed: each one holds out other tunes.")] = 0,
    relatives_together: Annotated[
        bool, typer.Option("--relatives-together", help="Keep tunes that share half of their bars together.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Split a corpus, in canonical form and each tune once, into two tunebooks."""
    from abclm.corpora.corpus import read_corpora
    from abclm.notation.tunebook import as_file

    if not 0 < validation < 1:
        raise ConfigError(f"--validation is a share of more than 0 and less than 1; received {validation}")
    doing("reading and cleaning tunes")
    whole = read_corpora(corpora).normalize()
    train, held_out = whole.split(validation, seed, relatives_together=relatives_together)
    tunebooks = {"train": _format(train), "validation": _format(held_out)}
    _report(train, _SHOWN_PROBLEMS)
    for name, tunebook in tunebooks.items():
        write_text(out / f"{name}.abc", as_file(tunebook))
    if as_json:
        typer.echo(json.dumps({"train": len(train), "validation": len(held_out), "path": str(out)}))
    else:
        typer.echo(f"{out}: {counted(len(train), 'tune')} in train.abc, {len(held_out):,} in validation.abc")


@app.command(
    "book",
    cls=Command,
    epilog=examples(
        "abclm corpus book my_tunes.abc --out book.pdf",
        'abclm corpus book tunes oldTunes --out book.html --title "Tuesday session"',
    ),
)
def book(
    corpora: Corpora,
    out: Annotated[Path, takes("FILE", "Book to write: a .pdf, or a page of HTML (.html) with players.")],
    title: Annotated[str | None, takes("TEXT", "Title of the book.", unset="the name of the file")] = None,
    as_json: Json = False,
) -> None:
    """Write the scores of all tunes as one book, with an index that shows how each tune begins."""
    from abclm.corpora.corpus import read_corpora
    from abclm.formats.save import save_book

    if out.suffix.lower() not in _BOOKS:
        raise ConfigError(f"--out names the {' or '.join(_BOOKS)} file to write; received {str(out)!r}")
    doing("reading tunes")
    corpus = read_corpora(corpora)
    if not corpus.tunes:
        raise CorpusError(f"{corpus.name}: there is no tune, so nothing was written; give more tunes")
    _report(corpus, _SHOWN_PROBLEMS)
    doing("engraving tunes", 0, len(corpus))
    places = {id(tune): place for tune, place in zip(corpus.tunes, corpus.places, strict=True)}
    try:
        failed = save_book(
            corpus.tunes, out, title=title, incipits=True,
            progress=lambda done, total: doing("engraving tunes", done, total),
        )  # fmt: skip
    except ConvertError as error:
        raise ConvertError(f"{corpus.name}: no tune could be engraved: {error}") from error
    for tune, reason in failed:
        typer.echo(f"abclm: left out: {places[id(tune)]}: {reason}", err=True)
    written, left_out = len(corpus) - len(failed), len(failed) + len(corpus.problems)
    if as_json:
        typer.echo(json.dumps({"tunes": written, "left_out": left_out, "path": str(out)}))
    else:
        typer.echo(f"{out}: {counted(written, 'tune')}, {left_out:,} left out")
    if left_out:
        raise typer.Exit(1)


def _format(corpus: "Corpus") -> str:
    from abclm.notation.tunebook import format_tunebook

    if not corpus.tunes:
        raise CorpusError(f"{corpus.name}: too few tunes are left, so nothing was written; give more tunes")
    return format_tunebook(corpus.tunes)


def _report(corpus: "Corpus", limit: int | None) -> None:
    for problem in corpus.problems[:limit]:
        typer.echo(f"abclm: left out: {problem}", err=True)
    if limit is not None and len(corpus.problems) > limit:
        more = len(corpus.problems) - limit
        typer.echo(f"abclm: left out: {more:,} more; abclm corpus clean --all shows them", err=True)


def _report_reasons(reasons: dict[str, dict[str, int]]) -> None:
    """Say how many were left out for which of the commonest reasons."""
    for kind, counts in reasons.items():
        typer.echo(f"abclm: {sum(counts.values()):,} {kind}", err=True)
        for reason, count in list(counts.items())[:_SHOWN_REASONS]:
            if kind != "duplicate":  # whose kind says it all
                typer.echo(f"abclm: {count:7,} {reason}", err=True)
        if len(counts) > _SHOWN_REASONS:
            typer.echo(f"abclm:         and {counted(len(counts) - _SHOWN_REASONS, 'more reason')}", err=True)
