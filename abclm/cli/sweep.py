"""Compare settings of the network and of the training."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abclm.cli.training_run import quiet_imports, shown
from abclm.cli.training_tunes import prepare
from abclm.errors import ConfigError
from abclm.tokenizers.characters import CharacterTokenizer

if TYPE_CHECKING:
    from abclm.experiments.sweep import Result


def command(
    corpora: Annotated[
        list[str],
        typer.Argument(metavar="CORPUS", help="Built-in names, files, folders, globs; - is standard input."),
    ],
    out: Annotated[Path, typer.Option(help="The folder for the runs, the table and the pictures.")],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=V,V...",
            help="A setting and values to try, such as units=64,128; again for another. "
            "By default what the paper compares.",
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=V", help="What a setting is while others are varied; again for another."
        ),
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps of each run; the paper's are 2000.")] = 200,
    validation: Annotated[float, typer.Option(help="Share of the tunes to hold out and measure on.")] = 0.1,
    clean: Annotated[bool, typer.Option("--clean", help="The tunes are canonical already.")] = False,
    seed: Annotated[int, typer.Option(help="Of weights, split, windows and dropout.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as one JSON object a line.")
    ] = False,
) -> None:
    """Train a model for each value of each setting, all others as in the paper, and compare them.

    The same command goes on with a sweep that was stopped.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file; give a folder")
    if not 0 <= validation < 1:
        raise ConfigError(f"--validation is a share from 0 to below 1; received {validation}")
    pairs = {"--vary": [_pair("--vary", each) for each in vary or []]}
    pairs["--set"] = [_pair("--set", each) for each in given or []]
    prepared = prepare(
        corpora, CharacterTokenizer.default(), out, clean=clean, validation=validation, seed=seed
    )
    with quiet_imports():
        from abclm.experiments.sweep import PAPER, parse_value, sweep, with_settings
        from abclm.models.lstm.config import ModelConfig
        from abclm.training.config import TrainingConfig

    variations = {
        name: [parse_value(name, each) for each in text.split(",")] for name, text in pairs["--vary"]
    }
    settings: dict[str, Any] = {name: parse_value(name, text) for name, text in pairs["--set"]}
    model, config = with_settings(ModelConfig(), TrainingConfig(), {"steps": steps, "seed": seed, **settings})
    with shown(out) as display:
        said = ""

        def progress(run: str, now: Any) -> None:
            nonlocal said
            if run != said:
                said = run
                typer.echo(f"abclm: {run}", err=True)
            display(now)

        results = sweep(
            prepared.training, prepared.held_out, variations or PAPER, out,
            model=model, config=config, progress=progress,
        )  # fmt: skip
    typer.echo(f"abclm: wrote the table and the pictures to {out}", err=True)
    if as_json:
        for result in results:
            typer.echo(json.dumps({**asdict(result), "curve": list(result.curve)}))
    else:
        _print(results)


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, values = text.partition("=")
    if not equals:
        raise ConfigError(f"{option} takes NAME=VALUE, such as units=64; received {text!r}")
    return name.strip().replace("-", "_"), values.strip()


def _print(results: "list[Result]") -> None:
    lines = [("", "parameters", "characters", "seconds", "training", "held out", "bits per tune")]
    for result in results:
        held_out, by_tune = result.bits_per_character, result.bits_per_tune
        lines.append(
            (
                f"{result.name}={result.value}" + (" *" if result.is_baseline else ""),
                f"{result.parameters:,}",
                f"{result.characters:,}",
                f"{result.seconds:.0f}",
                f"{result.loss / math.log(2):.3f}",
                "" if held_out is None else f"{held_out:.3f}",
                "" if by_tune is None else f"{by_tune:.1f}",
            )
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [each.rjust(width) for each, width in zip(others, widths[1:], strict=True)]
        typer.echo("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    typer.echo(
        "* as it is while others are varied; training (the last steps) and held out in bits per character"
    )
