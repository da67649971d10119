"""Continue training a model on other tunes."""

import json
import time
from pathlib import Path
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
from abclm.cli.training.tunes import Prepared, pieces_for, prepare, read_tunes
from abclm.corpora.corpus import Corpus
from abclm.corpora.pieces import Pieces
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
    """Continue training a model on your own tunes, even a few, and write a new model. A model of MIDI pieces goes on with
    MIDI files."""
    config = TrainingConfig.for_fine_tuning(**training)
    check(out, overwrite, resume, validation)
    if raw and clean:
        raise ConfigError(
            "--clean says that the tunes are canonical, --raw that they need not be; give one of them"
        )

    from abclm.language_model import load
    from abclm.tokenizers.pieces import PieceTokenizer, words_for

    lm = load(model)
    old_tunes: Corpus | Pieces | None
    if isinstance(lm.tokenizer, PieceTokenizer):
        if raw or clean:
            raise ConfigError("--clean and --raw are for tunes; leave them out")
        prepared = pieces_for(lm.tokenizer, corpora, validation, config.seed)
        old_tunes = Pieces.read(*old) if old else None
    else:
        prepared, lm = _tunes_for(lm, corpora, out, clean, raw, validation, config.seed)

        from abclm.training.forgetting import tunes_held_out_from

        old_tunes = read_tunes(old, clean=False) if old else tunes_held_out_from(lm)
    doing("loading TensorFlow")
    with quiet_imports():
        from abclm.training.run import fine_tune

    start = time.perf_counter()
    with shown(out, words_for(lm.tokenizer)[1]) as display:
        say_where_it_begins(out, resume)
        tuned = fine_tune(
            lm, prepared.training, prepared.held_out, config,
            old=old_tunes, folder=out, resume=resume, progress=display,
        )  # fmt: skip
    say_what_was_written(out)
    _say_what_it_was_good_for(tuned)
    if as_json:
        typer.echo(json.dumps(figures(tuned, out, prepared, start)))


def _tunes_for(
    lm: "LanguageModel",
    corpora: list[str],
    out: Path,
    clean: bool,
    raw: bool,
    validation: float,
    seed: int,
) -> tuple[Prepared, "LanguageModel"]:
    """Read tunes, with `raw` as they are, and give the model the symbols that it lacks then."""
    from abclm.tokenizers.characters import as_characters

    prepared = prepare(
        corpora, as_characters(lm.tokenizer), out, clean=clean, validation=validation, seed=seed, raw=raw
    )
    tokenizer = as_characters(prepared.tokenizer)
    if added := tokenizer.symbols[len(lm.tokenizer) :]:
        typer.echo(f"abclm: symbols that the model gets: {' '.join(map(repr, added))}", err=True)
        lm = lm.with_tokenizer(tokenizer)
    return prepared, lm


def _say_what_it_was_good_for(lm: "LanguageModel") -> None:
    """Say what held-out tunes of both kinds took before and take now."""
    from abclm.tokenizers.pieces import words_for

    what, unit = words_for(lm.tokenizer)
    record = lm.metadata["training"]
    for name, which in (("held_out", "held out of yours"), ("old", "like those it knew")):
        before, after = record.get("before", {}).get(name), record.get(name)
        if before and after:
            change = 100 * (after["bits_per_tune"] / before["bits_per_tune"] - 1)
            typer.echo(
                f"abclm: {counted(after['tunes'], what)} {which}: "
                f"{before['bits_per_character']:.3f} bits per {unit} before, "
                f"{after['bits_per_character']:.3f} now ({change:+.1f} % bits per {what})",
                err=True,
            )
