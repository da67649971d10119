"""Turn command-line arguments into calls of the library: one file a command, registered here."""

import errno
import logging
import os
import sys
from typing import Annotated, NoReturn

import typer

from abclm._version import VERSION
from abclm.cli import check, convert, corpus, evaluate, generate, info, play, serve, transpose
from abclm.cli.activity import shown_activity
from abclm.cli.help import add_commands, explain
from abclm.cli.training import fine_tune, sweep, train
from abclm.errors import AbclmError, ConfigError

app = typer.Typer(
    name="abclm",
    help="Train, fine-tune and sample character-level language models of ABC tunes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
add_commands(
    app,
    {
        "generate": generate,
        "train": train,
        "fine-tune": fine_tune,
        "evaluate": evaluate,
        "check": check,
        "convert": convert,
        "play": play,
        "transpose": transpose,
        "info": info,
        "sweep": sweep,
        "serve": serve,
    },
)
app.add_typer(corpus.app, name="corpus")

# typer carries its own copy of click since 0.2x and used the package before; this class is either's.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"abclm {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what the program does.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_say_version),
    ] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="abclm: %(message)s", stream=sys.stderr
    )


def main() -> NoReturn:
    """Run the command line: exit 0 done, 1 could not, 2 wrong use, 130 interrupted."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command.

    Args:
        arguments: as on the command line, without the program's name.

    Returns:
        The exit code. Errors that a user can fix are one line on standard error.
    """
    try:
        with shown_activity():
            result = app(arguments, prog_name="abclm", standalone_mode=False)
    except ConfigError as error:
        return _fail(str(error), 2)
    except AbclmError as error:
        return _fail(str(error), 1)
    except _UsageError as error:
        return _fail(explain(error, arguments), 2)
    except BrokenPipeError:
        # The reader of our output left; nothing more can be said, the interpreter must not try either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        advice = "make room and run it again" if error.errno == errno.ENOSPC else "fix that and run it again"
        return _fail(
            f"{place}{error.strerror or error}; {advice}; nothing that existed before was changed", 1
        )
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130)
    return result if isinstance(result, int) else 0


def _fail(message: str, code: int) -> int:
    print(message if "\n" in message else f"abclm: error: {message}", file=sys.stderr)
    return code
