"""abclm info: what a model is, what it learned from, how well it does, and its licence."""

import json
from typing import Annotated

import typer

from abclm.cli.options import Json

EXAMPLES = ("abclm info session", "abclm info my-model --json")


def command(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Name of a shipped model, or a model folder.")
    ],
    as_json: Json = False,
) -> None:
    """Describe a model: its network, parameters, training tunes, held-out figures and licence."""
    from abclm.language_model import load
    from abclm.models.shown.card import model_facts

    lm = load(model)
    facts = model_facts(lm.config, len(lm.tokenizer), lm.metadata)
    if as_json:
        typer.echo(json.dumps({"model": model, **facts}, ensure_ascii=False))
        return
    for name, value in {"model": model, **facts}.items():
        for said in map(_said, value if isinstance(value, list) else [value]):
            typer.echo(f"{name.replace('_', ' '):21}{said}")


def _said(value: object) -> str:
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:.4f}" if isinstance(value, float) else str(value)
    )
