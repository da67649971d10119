"""Train a new model on tunes."""

import json
import time
from dataclasses import fields, replace
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
from abclm.cli.training.tunes import Prepared, prepare, prepare_pieces, say_count_models
from abclm.datasets.pieces import PieceOptions
from abclm.errors import ConfigError
from abclm.models.architecture import ARCHITECTURES, Architecture, find_architecture
from abclm.models.lstm.config import ModelConfig
from abclm.models.recall import WEIGHTS
from abclm.models.recurrent.config import RecurrentConfig
from abclm.models.vae.config import VALUES
from abclm.system.options import parse_setting
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
    tokens: shared.Tokens = "characters",
    pieces: Annotated[Given, FieldsOf(PieceOptions())],
    architecture: Annotated[
        str, shared.takes("NAME", f"Kind of network: {' or '.join(ARCHITECTURES.names())}.")
    ] = ModelConfig.name,
    network: Annotated[Given, FieldsOf(ModelConfig())],
    settings: Annotated[
        list[str] | None,
        shared.takes(
            "NAME=VALUE",
            "Another setting of the architecture, such as inputs=embedding or loss=mse; may be given several times.",
            "--network",
            unset="its own",
        ),
    ] = None,
    cache: Annotated[bool, typer.Option("--cache", help="Add a cache of the tune's own passages.")] = False,
    training: Annotated[Given, FieldsOf(TrainingConfig(), without=("forgetting",))],
    as_json: shared.Json = False,
) -> None:
    """Train a new model of tunes, or with --tokens of MIDI pieces. It is measured on held-out ones after each epoch, and
    the best weights are kept."""
    config = TrainingConfig(**training)
    model_config = _architecture(
        architecture, network, settings or [], config.sequence_length, WEIGHTS if cache else ()
    )
    if model_config.window_length:
        config = replace(config, sequence_length=model_config.window_length)
    reading = PieceOptions(**pieces)
    check(out, overwrite, resume, validation)

    from abclm.language_model import LanguageModel
    from abclm.tokenizers.characters import CharacterTokenizer
    from abclm.tokenizers.pieces import words_for

    prepared: Prepared
    if tokens == CharacterTokenizer.kind:
        if model_config.window_length is not None:
            raise ConfigError(
                f"{architecture} is for MIDI pieces; add --tokens notes, or another of their kinds"
            )
        tokenizer = CharacterTokenizer.default()
        prepared = prepare(corpora, tokenizer, out, clean=clean, validation=validation, seed=config.seed)
    else:
        has_windows = model_config.window_length is not None
        prepared = prepare_pieces(
            corpora, tokens, reading, validation, config.seed,
            has_windows=has_windows, values=VALUES[getattr(model_config, "loss", "binary")],
        )  # fmt: skip
    start = time.perf_counter()
    doing("loading TensorFlow")
    with quiet_imports():
        from abclm.training.run import train

        lm = LanguageModel.create(model_config, prepared.tokenizer, config.seed)

    with shown(out, words_for(prepared.tokenizer)[1]) as display:
        say_where_it_begins(out, resume)
        train(
            lm, prepared.training, prepared.held_out, config,
            folder=out, resume=resume, progress=display,
        )  # fmt: skip
    say_what_was_written(out)
    counted = say_count_models(prepared) if tokens not in (CharacterTokenizer.kind, "rolls") else {}
    if as_json:
        typer.echo(json.dumps(figures(lm, out, prepared, start) | counted))


def _architecture(
    name: str, network: Given, settings: list[str], sequence_length: int, cache: tuple[float, ...]
) -> Architecture:
    """Make the config of an architecture of what was given for it.

    Args:
        name: of the architecture.
        network: what was given for the fields of an LSTM.
        settings: other fields, `NAME=VALUE`.
        sequence_length: of the training; where it is not the default, the window of a network that has one.
        cache: weights of a cache.

    Raises:
        ConfigError: it is unknown, or something was given that it does not have.
    """
    kind, defaults = find_architecture(name), ModelConfig()
    known = {each.name: each.default for each in fields(kind) if each.init}
    given = {each: value for each, value in network.items() if value != getattr(defaults, each)}
    if foreign := [each for each in given if each not in known]:
        options = ", ".join(f"--{each.replace('_', '-')}" for each in foreign)
        raise ConfigError(f"the architecture {name} does not have {options}; leave that out")
    if issubclass(kind, RecurrentConfig):
        given = {each: value for each, value in network.items() if each in known}
    if "window" in known and sequence_length != TrainingConfig().sequence_length:
        given["window"] = sequence_length
    own = dict(parse_setting("--network", each, kind) for each in settings)
    return kind.from_settings({**known, **given, **own, "cache": cache})
