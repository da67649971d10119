"""Write tunes: ABC on standard output, or files in a folder."""

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abclm._version import VERSION
from abclm.cli.activity import doing
from abclm.cli.options import AddChords, FieldsOf, Given, Json, Model, takes, with_fields
from abclm.cli.pieces import chosen_formats, is_of_pieces, refuse_other, reserve, try_out, write
from abclm.errors import ConfigError, ConvertError
from abclm.formats import table
from abclm.generation.abc.prompt import title_without
from abclm.generation.options import GenerationOptions
from abclm.generation.pieces.options import PieceWriting

if TYPE_CHECKING:
    from abclm.generation.abc.draws.tries import GeneratedTune

FORMATS = tuple(suffix.removeprefix(".") for suffix in table.FORMATS)

EXAMPLES = (
    'abclm generate --title "The Lost Badger" --rhythm jig --key G --seed 1',
    "abclm generate --rhythm jig -n 3 --out tunes --format abc,mid,wav",
)


@with_fields
def command(
    *,
    model: Model = "session",
    given: Annotated[Given, FieldsOf(GenerationOptions(), without=("like", "rewrite", "plan"))],
    pieces: Annotated[Given, FieldsOf(PieceWriting(), only=("events", "opening_tokens", "past"))],
    like: Annotated[
        str | None,
        takes(
            "FILE",
            "ABC or MIDI file that gives header and opening if you do not, or with --part its first parts. A model of "
            "MIDI pieces goes on from it; with training, from passages of its training pieces.",
            unset="none",
        ),
    ] = None,
    rewrite: Annotated[
        str | None,
        takes("FILE", "ABC or MIDI file of a tune of which --rewrite-bars are written anew.", unset="none"),
    ] = None,
    plan: Annotated[
        str | None,
        takes(
            "FILE|PATTERN",
            "ABC or MIDI file of a tune whose plan to take, or a pattern such as ABCDABCE|FGFHABCE: bars with the same "
            "letter are alike. Needs a model with structure.",
            unset="none",
        ),
    ] = None,
    out: Annotated[
        Path | None, takes("DIR", "Write files into this folder.", unset="standard output")
    ] = None,
    file_format: Annotated[
        str | None, takes("LIST", f"Formats for --out: {', '.join(FORMATS)}.", "--format", unset="abc")
    ] = None,
    add_chords: AddChords = False,
    as_json: Json = False,
) -> None:
    """Write tunes: ABC on standard output, or with --out files named after title and number. A model of MIDI pieces
    writes files in --out."""
    if is_of_pieces(model):
        if add_chords:
            raise ConfigError(
                "--add-chords is for tunes, and the model writes MIDI pieces; leave it out, and give their MIDI files to "
                "abclm convert IN OUT --add-chords, which writes chord symbols above their melody"
            )
        write(model, given | {"rewrite": rewrite, "plan": plan}, pieces, like, out, file_format, as_json)
        return
    refuse_other(pieces, PieceWriting(), "a model of tunes")
    if plan is not None and Path(plan).suffix:
        plan = _text_in(plan)
    options = GenerationOptions(**given, like=_text_in(like), rewrite=_text_in(rewrite), plan=plan)
    formats = chosen_formats(file_format, out, FORMATS)

    from abclm.generation.abc.tunes import generate, stream
    from abclm.language_model import load

    doing("loading the model")
    lm = load(model)
    if out is not None:
        try_out(out)
    _say_spelling(options)
    if options.seed is None:
        options = options.with_seed()
        typer.echo(f"abclm: seed {options.seed}; --seed {options.seed} writes the same again", err=True)
    is_first_try = options.constrained or options.attempts == 1
    is_one_draw = options.gaps is None and options.best_of == 1
    is_plain = out is None and not as_json and not add_chords
    if options.n == 1 and is_plain and not options.novel and is_first_try and is_one_draw:
        doing("")  # the tune itself is seen
        for character in stream(lm, options):
            sys.stdout.write(character)
            if character == "\n" or sys.stdout.isatty():
                sys.stdout.flush()
        return
    start = time.perf_counter()
    written: list[tuple[GeneratedTune, list[str]]] = []
    failures: list[ConvertError] = []
    doing("writing tunes", 0, options.n)
    for each in generate(lm, options):
        doing("writing tunes", each.number, options.n)
        if add_chords:
            each = replace(each, tune=each.tune.with_chords())
        files: list[str] = []
        if out is not None:
            files = _write_files(each, out, formats, failures, _made(model, each, options))
        elif not as_json:
            typer.echo(_numbered(each), nl=False)
        if as_json:  # otherwise nothing is kept, however many there are
            written.append((each, files))
    if as_json:
        typer.echo(json.dumps(_figures(model, options, written, time.perf_counter() - start), indent=2))
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise ConvertError(f"{failures[0]}{more}; the other files were written")


def _text_in(path: str | None) -> str | None:
    """The first tune of a file."""
    if path is None:
        return None
    from abclm.generation.abc.like import read_first

    return read_first(path).text


def _say_spelling(options: GenerationOptions) -> None:
    """Say on standard error where a title or an opening is written with other symbols."""
    if options.title is not None and options.prompt.header["T"] != options.title:
        dropped = ", ".join(map(repr, title_without(options.title)))
        without = f", without {dropped}" if dropped else ""
        typer.echo(f"abclm: the title is written {options.prompt.header['T']!r}{without}", err=True)
    if options.opening is not None and options.prompt.opening != options.opening.strip():
        typer.echo(f"abclm: the opening is written {options.prompt.opening!r}", err=True)


def _numbered(each: "GeneratedTune") -> str:
    """The tune as it stands in a tunebook: its reference number counted, an empty line behind it."""
    text = str(each.tune).removeprefix("X:1\n").rstrip("\n")
    return f"X:{each.number}\n{text}\n\n"


def _write_files(
    each: "GeneratedTune", out: Path, formats: list[str], failures: list[ConvertError], made: dict[str, str]
) -> list[str]:
    """Write a tune in each format and say where; one that can't be converted doesn't stop the others."""
    stem = reserve(out, each.tune.title, each.number, formats)
    files = []
    for suffix in formats:
        path = out / f"{stem}.{suffix}"
        try:
            each.tune.save(path, made=made)
            files.append(str(path))
        except ConvertError as error:
            failures.append(error)
    if files:
        typer.echo(f"abclm: wrote {', '.join(files)}", err=True)
    return files


def _made(model: str, each: "GeneratedTune", options: GenerationOptions) -> dict[str, str]:
    """How a tune came about, for its page: what it takes to write it again."""
    made = {"Model": model, "Seed": str(each.seed), "Number": str(each.number)}
    return made | options.asked() | {"Written by": f"abclm {VERSION}"}


def _figures(
    model: str,
    options: GenerationOptions,
    written: list[tuple["GeneratedTune", list[str]]],
    seconds: float,
) -> dict[str, Any]:
    characters = sum(each.characters for each, _ in written)
    return {
        "model": model,
        "seed": options.seed,
        "seconds": round(seconds, 3),
        "characters": characters,
        "characters_per_second": round(characters / seconds, 1),
        "attempts": sum(each.attempts for each, _ in written),
        "tunes": [
            {
                "number": each.number,
                "title": each.tune.title,
                "attempts": each.attempts,
                "problems": list(each.problems),
                **({"overlap": asdict(each.overlap)} if each.overlap else {}),
                "files": files,
                "abc": str(each.tune),
            }
            for each, files in written
        ],
    }
