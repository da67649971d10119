"""Train a new model on tunes."""

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
from abclm.models.lstm.config import ModelConfig
from abclm.models.recall import WEIGHTS
from abclm.training.config import OPTIMIZERS, TrainingConfig

_MODEL = ModelConfig()
_TRAINING = TrainingConfig()


def command(
    corpora: Annotated[
        list[str],
        typer.Argument(metavar="CORPUS", help="Built-in names, files, folders, globs; - is standard input."),
    ],
    out: Annotated[Path, typer.Option(help="The model folder to write.")],
    epochs: Annotated[int, typer.Option(help="Passes over the tunes.")] = _TRAINING.epochs,
    steps: Annotated[int | None, typer.Option(help="Stop after so many steps instead.")] = _TRAINING.steps,
    validation: Annotated[float, typer.Option(help="Share of the tunes to hold out and measure on.")] = 0.1,
    clean: Annotated[bool, typer.Option("--clean", help="The tunes are canonical already.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, where there is one.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the model in --out.")] = False,
    seed: Annotated[int, typer.Option(help="Of weights, split, windows and dropout.")] = _TRAINING.seed,
    embedding_dimension: Annotated[
        int, typer.Option(help="Width of a symbol's embedding.")
    ] = _MODEL.embedding_dimension,
    units: Annotated[int, typer.Option(help="Width of each LSTM layer.")] = _MODEL.units,
    layers: Annotated[int, typer.Option(help="Number of LSTM layers.")] = _MODEL.layers,
    cache: Annotated[
        bool, typer.Option("--cache", help="Let passages of a tune that come again count beside the network.")
    ] = False,
    sequence_length: Annotated[
        int, typer.Option(help="Characters of a training window.")
    ] = _TRAINING.sequence_length,
    batch_size: Annotated[int, typer.Option(help="Windows of a step.")] = _TRAINING.batch_size,
    whole_tunes: Annotated[
        bool, typer.Option("--whole-tunes", help="Windows begin with tunes, where they can.")
    ] = _TRAINING.whole_tunes,
    transposition: Annotated[
        float, typer.Option(help="Share of the tunes that an epoch gives in another key.")
    ] = _TRAINING.transposition,
    optimizer: Annotated[str, typer.Option(help=f"One of {', '.join(OPTIMIZERS)}.")] = _TRAINING.optimizer,
    learning_rate: Annotated[
        float, typer.Option(help="The optimizer's step size.")
    ] = _TRAINING.learning_rate,
    schedule: Annotated[
        str, typer.Option(help="Of the learning rate: constant, or cosine, down to 0.")
    ] = _TRAINING.schedule,
    patience: Annotated[
        int | None, typer.Option(help="Stop after so many epochs without a better held-out figure.")
    ] = _TRAINING.patience,
    clip_norm: Annotated[
        float | None, typer.Option(help="Largest norm of the gradients.")
    ] = _TRAINING.clip_norm,
    embedding_dropout: Annotated[
        float, typer.Option(help="Share of the embedding's features to drop.")
    ] = _TRAINING.embedding_dropout,
    output_dropout: Annotated[
        float, typer.Option(help="Share of each LSTM layer's outputs to drop.")
    ] = _TRAINING.output_dropout,
    recurrent_dropout: Annotated[
        float, typer.Option(help="Share of the recurrent weights to drop.")
    ] = _TRAINING.recurrent_dropout,
    label_smoothing: Annotated[
        float, typer.Option(help="Share of the target's probability that goes to all symbols.")
    ] = _TRAINING.label_smoothing,
    averaging: Annotated[
        float, typer.Option(help="Keep the average of the weights, with this much of the one before.")
    ] = _TRAINING.averaging,
    weight_decay: Annotated[
        float, typer.Option(help="Share of the weights that a step takes off, times the learning rate.")
    ] = _TRAINING.weight_decay,
    warmup_steps: Annotated[
        int, typer.Option(help="Steps over which the learning rate rises at first.")
    ] = _TRAINING.warmup_steps,
    checkpoint_minutes: Annotated[
        float, typer.Option(help="Minutes between two writings of what --resume needs.")
    ] = _TRAINING.checkpoint_minutes,
    precision: Annotated[
        str, typer.Option(help="float32, or bfloat16, faster where the device has it.")
    ] = _TRAINING.precision,
    as_json: Annotated[bool, typer.Option("--json", help="End with the figures as one JSON object.")] = False,
) -> None:
    """Train a new model; after each epoch it is measured on held-out tunes, and the best is kept."""
    model_config = ModelConfig(
        embedding_dimension=embedding_dimension, units=units, layers=layers, cache=WEIGHTS if cache else ()
    )
    config = TrainingConfig(
        sequence_length=sequence_length, batch_size=batch_size, whole_tunes=whole_tunes,
        transposition=transposition, optimizer=optimizer, learning_rate=learning_rate, schedule=schedule,
        epochs=epochs, steps=steps, patience=patience, clip_norm=clip_norm,
        embedding_dropout=embedding_dropout, output_dropout=output_dropout, weight_decay=weight_decay,
        recurrent_dropout=recurrent_dropout, label_smoothing=label_smoothing, averaging=averaging,
        warmup_steps=warmup_steps, seed=seed, checkpoint_minutes=checkpoint_minutes, precision=precision,
    )  # fmt: skip
    check(out, overwrite, resume, validation)

    from abclm.language_model import LanguageModel
    from abclm.tokenizers.characters import CharacterTokenizer

    tokenizer = CharacterTokenizer.default()
    prepared = prepare(corpora, tokenizer, out, clean=clean, validation=validation, seed=seed)
    lm = LanguageModel.create(model_config, tokenizer, seed)
    start = time.perf_counter()
    with quiet_imports():
        from abclm.training.run import train

    with shown(out) as display:
        say_where_it_begins(out, resume)
        train(
            lm, prepared.training, prepared.held_out, config,
            folder=out, resume=resume, progress=display,
        )  # fmt: skip
    say_what_was_written(out)
    if as_json:
        typer.echo(json.dumps(figures(lm, out, prepared, start)))
