"""Compare settings of the network and of the training."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abclm.cli.activity import doing
from abclm.cli.options import Clean, Corpora, FieldsOf, Given, Tokens, Validation, takes, with_fields
from abclm.cli.training.run import shown
from abclm.cli.training.tunes import prepare, prepare_pieces, say_count_models
from abclm.datasets.pieces import PieceOptions
from abclm.errors import ConfigError
from abclm.system.quiet import quiet_imports
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.training.config import TrainingConfig

if TYPE_CHECKING:
    from abclm.experiments.sweep import Result

_PAPER, _AGAIN = "as in the paper", "may be given several times"

EXAMPLES = (
    "abclm sweep my_tunes.abc --out sweep --vary units=64,128",
    "abclm sweep midi/ --out sweep --tokens notes --vary architecture=kankanala-lstm,kankanala-gru",
)


@with_fields
def command(
    *,
    corpora: Corpora,
    out: Annotated[Path, takes("DIR", "Folder for the runs, the table and the pictures.")],
    vary: Annotated[
        list[str] | None,
        takes("NAME=V,V...", f"Values to try, such as units=64,128; {_AGAIN}.", unset=_PAPER),
    ] = None,
    fixed: Annotated[
        list[str] | None, takes("NAME=V", f"Value of another setting; {_AGAIN}.", "--set", unset=_PAPER)
    ] = None,
    validation: Validation = 0.1,
    clean: Clean = False,
    tokens: Tokens = "characters",
    pieces: Annotated[Given, FieldsOf(PieceOptions())],
    given: Annotated[Given, FieldsOf(TrainingConfig(steps=200), only=("steps", "seed"))],
    as_json: Annotated[bool, typer.Option("--json", help="Print each result as a line of JSON.")] = False,
) -> None:
    """Train a model for each value of each setting, with all others as in the paper, and compare the models. Of MIDI
    pieces, each architecture has its defaults of abclm train.

    To continue a sweep that was stopped, give the same command again.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file; give a folder")
    if not 0 <= validation < 1:
        raise ConfigError(f"--validation is a share from 0 to below 1; received {validation}")
    pairs = {"--vary": [_pair("--vary", each) for each in vary or []]}
    pairs["--set"] = [_pair("--set", each) for each in fixed or []]
    doing("loading TensorFlow")
    with quiet_imports():
        from abclm.experiments.sweep import PAPER, parse_value, sweep, with_settings
        from abclm.models.architecture import find_architecture
        from abclm.models.lstm.config import ModelConfig
        from abclm.tokenizers.pieces import words_for

    kind = find_architecture(dict(pairs["--set"]).get("architecture", ModelConfig.name))
    variations = {
        name: [parse_value(name, each, kind) for each in text.split(",")] for name, text in pairs["--vary"]
    }
    settings: dict[str, Any] = {name: parse_value(name, text, kind) for name, text in pairs["--set"]}
    of_pieces = tokens != CharacterTokenizer.kind
    base = ModelConfig(**ModelConfig.sizes(of_pieces))
    usual = TrainingConfig.for_model(base, of_pieces)
    model, config = with_settings(base, usual, {**given, **settings}, of_pieces)
    if not of_pieces:
        prepared = prepare(
            corpora, CharacterTokenizer.default(), out, clean=clean, validation=validation, seed=given["seed"]
        )
    else:
        kinds = [find_architecture(name) for name in variations.get("architecture", [model.name])]
        prepared = prepare_pieces(
            corpora, tokens, PieceOptions(**pieces), validation, given["seed"],
            has_windows=all(each().window_length is not None for each in kinds),
        )  # fmt: skip
    with shown(out, words_for(prepared.tokenizer)[1]) as display:
        said = ""

        def progress(run: str, now: Any) -> None:
            nonlocal said
            if run != said:
                said = run
                typer.echo(f"abclm: {run}", err=True)
            display(now)

        results = sweep(
            prepared.training, prepared.held_out, variations or PAPER, out,
            model=model, config=config, tokenizer=prepared.tokenizer, normalize=False, progress=progress,
        )  # fmt: skip
    if of_pieces:
        say_count_models(prepared)
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
    lines = [("", "parameters", "characters", "seconds", "training", "held out", "bits per tune", "accuracy")]
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
                "" if result.accuracy is None else f"{result.accuracy:.3f}",
            )
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [each.rjust(width) for each, width in zip(others, widths[1:], strict=True)]
        typer.echo("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    typer.echo(
        "* as it is while others are varied; training (the last steps) and held out in bits per character or token"
    )
