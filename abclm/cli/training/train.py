"""Train a new model on tunes."""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Annotated, Any

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
from abclm.models.vae.config import VALUES
from abclm.system.options import parse_setting
from abclm.system.quiet import quiet_imports
from abclm.tokenizers.characters import CharacterTokenizer
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
    the best weights are kept.

    The defaults below are those of the paper on tunes. For MIDI pieces some are others, which are said: those of the
    architecture's paper, and for lstm and gru what does better on pieces.
    """
    of_pieces = tokens != CharacterTokenizer.kind
    kind = find_architecture(architecture)
    TrainingConfig(**training)  # all that is wrong is said at once
    config = TrainingConfig.for_model(kind, of_pieces, **training.chosen)
    sizes = {**kind.sizes(of_pieces), **network.chosen}
    model_config = _architecture(
        kind, sizes, settings or [], training.chosen.get("sequence_length"), WEIGHTS if cache else ()
    )
    if model_config.window_length:
        config = replace(config, sequence_length=model_config.window_length)
    reading = PieceOptions(**pieces)
    check(out, overwrite, resume, validation)

    from abclm.language_model import LanguageModel
    from abclm.tokenizers.pieces import words_for

    prepared: Prepared
    if not of_pieces:
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
        _say_defaults(
            {**kind.sizes(of_pieces), **kind.recipe(of_pieces)}, {*network.chosen, *training.chosen}
        )
        say_where_it_begins(out, resume)
        train(
            lm, prepared.training, prepared.held_out, config,
            folder=out, resume=resume, progress=display, fit_batch="batch_size" not in training.chosen,
        )  # fmt: skip
    say_what_was_written(out)
    counted = say_count_models(prepared) if of_pieces and tokens != "rolls" else {}
    if as_json:
        typer.echo(json.dumps(figures(lm, out, prepared, start) | counted))


def _architecture(
    kind: type[Architecture],
    sizes: Mapping[str, Any],
    settings: list[str],
    window: int | None,
    cache: tuple[float, ...],
) -> Architecture:
    """Make the config of an architecture of what was given for it.

    Args:
        kind: of architecture.
        sizes: what was given for the fields of an LSTM.
        settings: other fields, `NAME=VALUE`.
        window: of a network that has one; None for its own.
        cache: weights of a cache.

    Raises:
        ConfigError: something was given that it does not have.
    """
    known = {each.name: each.default for each in fields(kind) if each.init}
    if foreign := [each for each in sizes if each not in known]:
        options = ", ".join(f"--{each.replace('_', '-')}" for each in foreign)
        raise ConfigError(f"the architecture {kind.name} does not have {options}; leave that out")
    length = {"window": window} if window is not None and "window" in known else {}
    own = dict(parse_setting("--network", each, kind) for each in settings)
    return kind.from_settings({**known, **sizes, **length, **own, "cache": cache})


def _say_defaults(recipe: Mapping[str, Any], chosen: Collection[str]) -> None:
    """Say which defaults are not those of the help text, as options."""
    if left := {name: value for name, value in recipe.items() if name not in chosen}:
        options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in left.items())
        typer.echo(f"abclm: defaults here: {options}", err=True)
