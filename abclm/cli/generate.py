"""Write tunes: ABC on standard output, or files in a folder."""

import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abclm._version import VERSION
from abclm.errors import AbclmError, ConfigError, ConvertError
from abclm.formats import SUFFIXES
from abclm.generation.options import GenerationOptions
from abclm.system.files import file_name

if TYPE_CHECKING:
    from abclm.generation.abc.tunes import GeneratedTune

FORMATS = tuple(suffix.removeprefix(".") for suffix in SUFFIXES)

_DEFAULTS = GenerationOptions()


def command(
    model: Annotated[str, typer.Option(help="A preset's name, or a model folder.")] = "session",
    title: Annotated[str | None, typer.Option(help="The tune's title, 1 to 60 symbols.")] = None,
    key: Annotated[str | None, typer.Option(help="Such as G, Em, Ador, Bb.")] = None,
    meter: Annotated[str | None, typer.Option(help="Such as 6/8, C|.")] = None,
    rhythm: Annotated[str | None, typer.Option(help="Such as jig, reel, slip jig.")] = None,
    unit_note_length: Annotated[str | None, typer.Option(help="Such as 1/8.")] = None,
    opening: Annotated[str | None, typer.Option(help="Music code that the tune begins with.")] = None,
    like: Annotated[
        str | None, typer.Option(help="A tune (ABC or MIDI file) to take what is not given above from.")
    ] = None,
    parts: Annotated[int | None, typer.Option(help="How many parts, each repeated.")] = None,
    bars: Annotated[int | None, typer.Option(help="Bars of each part; without --parts, of the tune.")] = None,
    any_form: Annotated[
        bool,
        typer.Option("--any-form", help="Leave the form to the model; else it is one usual among its tunes."),
    ] = _DEFAULTS.any_form,
    n: Annotated[int, typer.Option("-n", help="How many tunes.")] = _DEFAULTS.n,
    seed: Annotated[
        int | None, typer.Option(help="For the same tunes again. [default: drawn, and said]")
    ] = None,
    temperature: Annotated[float, typer.Option(help="0: always the likeliest.")] = _DEFAULTS.temperature,
    top_k: Annotated[int | None, typer.Option(help="Draw from the K likeliest symbols.")] = _DEFAULTS.top_k,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest symbols that together reach P.")
    ] = _DEFAULTS.top_p,
    min_p: Annotated[
        float | None, typer.Option(help="Draw from symbols at least P times as likely as the likeliest.")
    ] = _DEFAULTS.min_p,
    bar_repetition: Annotated[
        float, typer.Option(help="How probably to keep a bar that the tune has already; 0 to 1.")
    ] = _DEFAULTS.bar_repetition,
    bar_redraws: Annotated[
        int, typer.Option(help="How often to draw a bar anew before the grammar has its way in it.")
    ] = _DEFAULTS.bar_redraws,
    ending_draws: Annotated[
        int, typer.Option(help="How often to draw the last bar, until the tune might well end there.")
    ] = _DEFAULTS.ending_draws,
    max_length: Annotated[int, typer.Option(help="Characters a tune has at most.")] = _DEFAULTS.max_length,
    unconstrained: Annotated[bool, typer.Option(help="Leave the music to the model, valid or not.")] = False,
    novel: Annotated[
        bool, typer.Option("--novel", help="Only tunes that copy none that the model learned from.")
    ] = False,
    attempts: Annotated[
        int, typer.Option(help="How often to try for a novel tune, or a free one that can be played.")
    ] = _DEFAULTS.attempts,
    batch_size: Annotated[int, typer.Option(help="Tunes written at once.")] = _DEFAULTS.batch_size,
    out: Annotated[Path | None, typer.Option(help="Write files into this folder.")] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help=f"Files to write, of {','.join(FORMATS)}. [default: abc]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Write tunes: ABC on standard output, or with --out files named after title and number."""
    if like is not None:
        from abclm.generation.abc.like import read_likeness

        model_tune = read_likeness(like)
        key = key or model_tune.key
        meter = meter or model_tune.meter
        rhythm = rhythm or model_tune.rhythm
        unit_note_length = unit_note_length or model_tune.unit_note_length
        opening = opening or model_tune.opening
    options = GenerationOptions(
        title=title, key=key, meter=meter, rhythm=rhythm, unit_note_length=unit_note_length, opening=opening,
        parts=parts, bars=bars, any_form=any_form, n=n, seed=seed, temperature=temperature, top_k=top_k,
        top_p=top_p, min_p=min_p, bar_repetition=bar_repetition, bar_redraws=bar_redraws,
        ending_draws=ending_draws, max_length=max_length, constrained=not unconstrained, attempts=attempts,
        batch_size=batch_size, novel=novel,
    )  # fmt: skip
    formats = _formats(file_format, out)

    from abclm.generation.abc.tunes import generate, stream
    from abclm.language_model import load

    lm = load(model)
    if out is not None:
        _try_out(out)
    _say_spelling(options)
    if options.seed is None:
        options = options.with_seed()
        typer.echo(f"abclm: seed {options.seed}; --seed {options.seed} writes the same again", err=True)
    if n == 1 and out is None and not as_json and not novel and (options.constrained or attempts == 1):
        for character in stream(lm, options):
            sys.stdout.write(character)
            if character == "\n" or sys.stdout.isatty():
                sys.stdout.flush()
        return
    start = time.perf_counter()
    written: list[tuple[GeneratedTune, list[str]]] = []
    failures: list[ConvertError] = []
    for each in generate(lm, options):
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


def _formats(asked: str | None, out: Path | None) -> list[str]:
    """Check the formats; they come in the order of `FORMATS`, each once."""
    if asked is None:
        return ["abc"]
    if out is None:
        raise ConfigError(f"--format {asked} writes files and needs a folder for them; add --out DIR")
    names = [name.strip().lower().removeprefix(".") for name in asked.split(",")]
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise ConfigError(f"--format takes {', '.join(FORMATS)}, joined by commas; received {asked!r}")
    return [name for name in FORMATS if name in names]


def _try_out(out: Path) -> None:
    """Find out before anything is sampled whether the folder can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise AbclmError(
            f"--out {out}: {error.strerror or error}; give a folder that can be written"
        ) from None


def _say_spelling(options: GenerationOptions) -> None:
    """Say on standard error where a title or an opening is written with other symbols."""
    if options.title is not None and options.prompt.header["T"] != options.title:
        typer.echo(f"abclm: the title is written {options.prompt.header['T']!r}", err=True)
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
    stem = _reserve(out, each.tune.title, each.number, formats)
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


def _reserve(out: Path, title: str, number: int, formats: list[str]) -> str:
    """Find the first name, counting from `number`, that no file of these formats has."""
    while True:
        stem = file_name(title, number)
        if not any((out / f"{stem}.{suffix}").exists() for suffix in formats):
            return stem
        number += 1


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
