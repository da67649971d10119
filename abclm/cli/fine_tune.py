"""Go on training a model on other tunes."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from abclm.cli.training_run import (
    check,
    figures,
    quiet_imports,
    say_what_was_written,
    say_where_it_begins,
    shown,
)
from abclm.cli.training_tunes import prepare
from abclm.training_config import TrainingConfig

_TRAINING = TrainingConfig.for_fine_tuning()


def command(
    corpora: Annotated[
        list[str],
        typer.Argument(metavar="CORPUS", help="Built-in names, files, folders, globs; - is standard input."),
    ],
    out: Annotated[Path, typer.Option(help="The model folder to write.")],
    model: Annotated[
        str, typer.Option(help="A preset's name, or a model folder; it stays as it is.")
    ] = "session",
    epochs: Annotated[int, typer.Option(help="Passes over the tunes.")] = _TRAINING.epochs,
    steps: Annotated[int | None, typer.Option(help="Stop after so many steps instead.")] = _TRAINING.steps,
    validation: Annotated[float, typer.Option(help="Share of the tunes to hold out and measure on.")] = 0.1,
    clean: Annotated[bool, typer.Option("--clean", help="The tunes are canonical already.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, where there is one.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the model in --out.")] = False,
    seed: Annotated[int, typer.Option(help="Of split, windows and dropout.")] = _TRAINING.seed,
    sequence_length: Annotated[
        int, typer.Option(help="Characters of a training window; shorter where there is less text.")
    ] = _TRAINING.sequence_length,
    batch_size: Annotated[int, typer.Option(help="Windows of a step.")] = _TRAINING.batch_size,
    learning_rate: Annotated[
        float, typer.Option(help="Adam's step size, which falls to 0.")
    ] = _TRAINING.learning_rate,
    patience: Annotated[
        int | None, typer.Option(help="Stop after so many epochs without a better held-out figure.")
    ] = _TRAINING.patience,
    output_dropout: Annotated[
        float, typer.Option(help="Share of each LSTM layer's outputs to drop.")
    ] = _TRAINING.output_dropout,
    as_json: Annotated[bool, typer.Option("--json", help="End with the figures as one JSON object.")] = False,
) -> None:
    """Go on from a model on your own tunes, of which there may be few; a new model is written."""
    config = TrainingConfig.for_fine_tuning(
        sequence_length=sequence_length, batch_size=batch_size, learning_rate=learning_rate,
        epochs=epochs, steps=steps, patience=patience, output_dropout=output_dropout, seed=seed,
    )  # fmt: skip
    check(out, overwrite, resume, validation)

    from abclm.language_model import load

    lm = load(model)
    prepared = prepare(corpora, lm.vocabulary, out, clean=clean, validation=validation, seed=seed)
    start = time.perf_counter()

    with quiet_imports():
        from abclm.training import fine_tune

    lm.metadata["split"] = {"validation": validation, "seed": seed}
    with shown(out) as display:
        say_where_it_begins(out, resume)
        tuned = fine_tune(
            lm, prepared.training, prepared.held_out, config,
            folder=out, resume=resume, progress=display,
        )  # fmt: skip
    say_what_was_written(out)
    if as_json:
        typer.echo(json.dumps(figures(tuned, out, prepared, start)))
