"""Measure a model on tunes that it was not trained on."""

import json
from typing import Annotated

import typer

from abclm.cli.training_run import quiet_imports, read_tunes


def command(
    corpora: Annotated[
        list[str],
        typer.Argument(metavar="CORPUS", help="Built-in names, files, folders, globs; - is standard input."),
    ],
    model: Annotated[str, typer.Option(help="A preset's name, or a model folder.")] = "session",
    clean: Annotated[bool, typer.Option("--clean", help="The tunes are canonical already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Say how many bits a character and a tune cost the model; the fewer, the better it predicts them."""
    from abclm.language_model import load

    lm = load(model)
    corpus = read_tunes(corpora, clean)

    with quiet_imports():
        from abclm.evaluation import evaluate

    evaluation = evaluate(lm, corpus, normalize=False)
    if as_json:
        typer.echo(json.dumps({"model": model, **evaluation.to_dict()}))
        return
    typer.echo(f"bits per character  {evaluation.bits_per_character:.4f}")
    typer.echo(f"bits per tune       {evaluation.bits_per_tune:.1f}")
    typer.echo(f"tunes               {evaluation.tunes:,}")
    typer.echo(f"characters          {evaluation.characters:,}")
