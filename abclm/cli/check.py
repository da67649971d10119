"""abclm check: what is wrong in tunebooks, as file:line:column: message."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from abclm.cli.activity import doing
from abclm.cli.options import Json
from abclm.system.words import counted

EXAMPLES = (
    "abclm check my_tunes.abc",
    "abclm check tunes --json",
)


def command(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE", help="Tunebooks, folders, globs or built-in names; - is standard input."
        ),
    ],
    as_json: Json = False,
) -> None:
    """List problems in tunes, as file:line:column: message. The exit code is 1 if there are errors."""
    from abclm.corpora import built_in
    from abclm.corpora.sources import find_files
    from abclm.errors import CorpusError
    from abclm.notation.problems import Problem
    from abclm.notation.tunebook import check_tunebook, decode

    tunes = errors = warnings = 0
    found: list[dict[str, Any]] = []
    doing("checking tunes")
    cards = {card.name: card for card in built_in.cards()}
    paths: list[str | Path] = [
        path for name in files for path in (built_in.find_files(cards[name]) if name in cards else [name])
    ]
    for file in find_files(paths):
        try:
            count, problems = check_tunebook(decode(file.read()))
        except CorpusError as error:
            # What a folder or a glob brought along doesn't stop the others.
            if file.is_named:
                raise
            count, problems = 0, [Problem(1, 1, "error", str(error).removeprefix(f"{file.path}: "))]
        tunes += count
        for problem in problems:
            errors += problem.severity == "error"
            warnings += problem.severity == "warning"
            if as_json:
                found.append({"file": file.path, **problem._asdict()})
            else:
                name = "standard input" if file.path == "-" else Path(file.path)
                typer.echo(f"{name}:{problem.line}:{problem.column}: {problem.severity}: {problem.message}")
    if as_json:
        summary = {"tunes": tunes, "errors": errors, "warnings": warnings, "problems": found}
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        counts = ((tunes, "tune"), (errors, "error"), (warnings, "warning"))
        typer.echo(", ".join(counted(*each) for each in counts), err=True)
    if errors:
        raise typer.Exit(1)
