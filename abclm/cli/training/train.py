"""Train a new model on tunes."""

import json
import time
from dataclasses import fields
from typing import Annotated

import typer

from abclm.cli import options as shared
from abclm.cli.activity import doing
from abclm.cli.options import FieldsOf, Given, with_fields
from abclm.cli.training.run import (
    check,
    figures,
    say_what_was_written,
    say_where_it_begins,
    shown,
)
from abclm.cli.training.tunes import prepare
from abclm.models.architecture import ARCHITECTURES, find_architecture
from abclm.models.lstm.config import ModelConfig
from abclm.models.recall import WEIGHTS
from abclm.system.quiet import quiet_imports
from abclm.training.config import TrainingConfig

EXAMPLES = (
    "abclm train my_tunes.abc --out my-model --epochs 20",
    "abclm train oneills1850 my_tunes.abc --out my-model --resume",
)


@with_fields
def command(
    *,
    corpora: shared.Corpora,
    out: shared.ModelFolder,
    validation: shared.Validation = 0.1,
    clean: shared.Clean = False,
    resume: shared.Resume = False,
    overwrite: shared.Overwrite = False,
    architecture: Annotated[
        str, shared.takes("NAME", f"Kind of network: {' or '.join(ARCHITECTURES.names())}.")
    ] = ModelConfig.name,
    network: Annotated[Given, FieldsOf(ModelConfig())],
    cache: Annotated[bool, typer.Option("--cache", help="Add a cache of the tune's own passages.")] = False,
    training: Annotated[Given, FieldsOf(TrainingConfig(), without=("forgetting",))],
    as_json: shared.Json = False,
) -> None:
    """Train a new model. It is measured on held-out tunes after each epoch, and the best weights are kept."""
    kind, defaults = find_architecture(architecture), ModelConfig()
    known = {each.name for each in fields(kind)}
    # What another architecture lacks is left out, unless it was asked for.
    settings = {
        name: value for name, value in network.items() if name in known or value != getattr(defaults, name)
    }
    model_config = kind.from_settings({**settings, "cache": WEIGHTS if cache else ()})
    config = TrainingConfig(**training)
    check(out, overwrite, resume, validation)

    from abclm.language_model import LanguageModel
    from abclm.tokenizers.characters import CharacterTokenizer

    tokenizer = CharacterTokenizer.default()
    prepared = prepare(corpora, tokenizer, out, clean=clean, validation=validation, seed=config.seed)
    lm = LanguageModel.create(model_config, tokenizer, config.seed)
    start = time.perf_counter()
    doing("loading TensorFlow")
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
