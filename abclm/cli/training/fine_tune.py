"""Continue training a model on other tunes."""

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from abclm.cli import options as shared
from abclm.cli.activity import doing
from abclm.cli.options import FieldsOf, Given, takes, with_fields
from abclm.cli.training.run import (
    check,
    figures,
    say_what_was_written,
    say_where_it_begins,
    shown,
)
from abclm.cli.training.tunes import prepare, read_tunes
from abclm.errors import ConfigError
from abclm.system.quiet import quiet_imports
from abclm.system.words import counted
from abclm.training.config import TrainingConfig

if TYPE_CHECKING:
    from abclm.language_model import LanguageModel

_HELD_OUT = "tunes held out when the model was trained"
_FIELDS = (
    "epochs", "steps", "forgetting", "seed", "sequence_length", "batch_size", "learning_rate", "patience",
    "output_dropout",
)  # fmt: skip

EXAMPLES = (
    "abclm fine-tune my_tunes.abc --out mine",
    "abclm fine-tune my_tunes.abc --model my-model --out mine --validation 0.2",
)


@with_fields
def command(
    *,
    corpora: shared.Corpora,
    out: shared.ModelFolder,
    model: shared.Model = "session",
    validation: shared.Validation = 0.1,
    clean: shared.Clean = False,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Keep the tunes as they are; the model gets the symbols that it lacks."),
    ] = False,
    old: Annotated[
        list[str] | None, takes("CORPUS", "Tunes not to forget; may be given several times.", unset=_HELD_OUT)
    ] = None,
    resume: shared.Resume = False,
    overwrite: shared.Overwrite = False,
    training: Annotated[Given, FieldsOf(TrainingConfig.for_fine_tuning(), only=_FIELDS)],
    as_json: shared.Json = False,
) -> None:
    """Continue training a model on your own tunes, even a few, and write a new model."""
    config = TrainingConfig.for_fine_tuning(**training)
    check(out, overwrite, resume, validation)
    if raw and clean:
        raise ConfigError(
            "--clean says that the tunes are canonical, --raw that they need not be; give one of them"
        )

    from abclm.language_model import load
    from abclm.tokenizers.characters import as_characters

    lm = load(model)
    prepared = prepare(
        corpora,
        as_characters(lm.tokenizer),
        out,
        clean=clean,
        validation=validation,
        seed=config.seed,
        raw=raw,
    )
    tokenizer = as_characters(prepared.tokenizer)
    if added := tokenizer.symbols[len(lm.tokenizer) :]:
        typer.echo(f"abclm: symbols that the model gets: {' '.join(map(repr, added))}", err=True)
        lm = lm.with_tokenizer(tokenizer)

    from abclm.training.forgetting import tunes_held_out_from

    old_tunes = read_tunes(old, clean=False) if old else tunes_held_out_from(lm)
    doing("loading TensorFlow")
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
    for name, which in (("held_out", "held out of yours"), ("old", "like those it knew")):
        before, after = record.get("before", {}).get(name), record.get(name)
        if before and after:
            change = 100 * (after["bits_per_tune"] / before["bits_per_tune"] - 1)
            typer.echo(
                f"abclm: {counted(after['tunes'], 'tune')} {which}: "
                f"{before['bits_per_character']:.3f} bits per character before, "
                f"{after['bits_per_character']:.3f} now ({change:+.1f} % bits per tune)",
                err=True,
            )
