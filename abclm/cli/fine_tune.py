"""Go on training a model on other tunes."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abclm.cli.training_run import (
    check,
    figures,
    quiet_imports,
    say_what_was_written,
    say_where_it_begins,
    shown,
)
from abclm.cli.training_tunes import prepare, read_tunes
from abclm.errors import ConfigError
from abclm.training.config import TrainingConfig

if TYPE_CHECKING:
    from abclm.language_model import LanguageModel

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
    raw: Annotated[
        bool, typer.Option("--raw", help="Take the tunes as they are, symbols that the model lacks included.")
    ] = False,
    old: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CORPUS",
            help="Tunes that the model should not forget; by default those held out when it was trained.",
        ),
    ] = None,
    forgetting: Annotated[
        float | None, typer.Option(help="Stop before the old tunes take more bits by more than this share.")
    ] = _TRAINING.forgetting,
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
        epochs=epochs, steps=steps, patience=patience, output_dropout=output_dropout, forgetting=forgetting,
        seed=seed,
    )  # fmt: skip
    check(out, overwrite, resume, validation)
    if raw and clean:
        raise ConfigError(
            "--clean says that the tunes are canonical, --raw that they need not be; give one of them"
        )

    from abclm.language_model import load
    from abclm.tokenizers.characters import as_characters

    lm = load(model)
    prepared = prepare(
        corpora, as_characters(lm.tokenizer), out, clean=clean, validation=validation, seed=seed, raw=raw
    )
    if added := prepared.tokenizer.symbols[len(lm.tokenizer) :]:
        typer.echo(f"abclm: symbols that the model gets: {' '.join(map(repr, added))}", err=True)
        lm = lm.with_tokenizer(prepared.tokenizer)

    from abclm.training.forgetting import tunes_held_out_from

    old_tunes = read_tunes(old, clean=False) if old else tunes_held_out_from(lm)
    with quiet_imports():
        from abclm.training.run import fine_tune

    start = time.perf_counter()
    with shown(out) as display:
        say_where_it_begins(out, resume)
        tuned = fine_tune(
            lm, prepared.training, prepared.held_out, config,
            old=old_tunes, folder=out, resume=resume, progress=display,
        )  # fmt: skip
    say_what_was_written(out)
    _say_what_it_was_good_for(tuned)
    if as_json:
        typer.echo(json.dumps(figures(tuned, out, prepared, start)))


def _say_what_it_was_good_for(lm: "LanguageModel") -> None:
    """Say what held-out tunes of both kinds took before and take now."""
    record = lm.metadata["training"]
    for name, tunes in (("held_out", "tunes held out of yours"), ("old", "tunes like those it knew")):
        before, after = record.get("before", {}).get(name), record.get(name)
        if before and after:
            change = 100 * (after["bits_per_tune"] / before["bits_per_tune"] - 1)
            typer.echo(
                f"abclm: {after['tunes']} {tunes}: {before['bits_per_character']:.3f} bits per character before, "
                f"{after['bits_per_character']:.3f} now ({change:+.1f} % bits per tune)",
                err=True,
            )
