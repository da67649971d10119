"""Train a new model on tunes."""

import json
import time
from typing import Annotated

import typer

from abclm.cli.options import (
    Clean,
    Corpora,
    FieldsOf,
    Given,
    Json,
    ModelFolder,
    Overwrite,
    Resume,
    Validation,
    with_fields,
)
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
from abclm.training.config import TrainingConfig


@with_fields
def command(
    *,
    corpora: Corpora,
    out: ModelFolder,
    validation: Validation = 0.1,
    clean: Clean = False,
    resume: Resume = False,
    overwrite: Overwrite = False,
    network: Annotated[Given, FieldsOf(ModelConfig())],
    cache: Annotated[
        bool,
        typer.Option("--cache", help="Add a cache of the tune's own passages to the network's predictions."),
    ] = False,
    training: Annotated[Given, FieldsOf(TrainingConfig(), without=("forgetting",))],
    as_json: Json = False,
) -> None:
    """Train a new model. It is measured on held-out tunes after each epoch, and the best weights are kept."""
    model_config = ModelConfig(**network, cache=WEIGHTS if cache else ())
    config = TrainingConfig(**training)
    check(out, overwrite, resume, validation)

    from abclm.language_model import LanguageModel
    from abclm.tokenizers.characters import CharacterTokenizer

    tokenizer = CharacterTokenizer.default()
    prepared = prepare(corpora, tokenizer, out, clean=clean, validation=validation, seed=config.seed)
    lm = LanguageModel.create(model_config, tokenizer, config.seed)
    start = time.perf_counter()
    with quiet_imports():
        from abclm.training.run import train

    lm.metadata["split"] = {"validation": validation, "seed": config.seed}
    with shown(out) as display:
        say_where_it_begins(out, resume)
        train(
            lm, prepared.training, prepared.held_out, config,
            folder=out, resume=resume, progress=display,
        )  # fmt: skip
    say_what_was_written(out)
    if as_json:
        typer.echo(json.dumps(figures(lm, out, prepared, start)))
