"""Turn the fields of a config into options of a command, and declare the options that several commands share."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from abclm.cli.help import panel_of
from abclm.system.options import Option, options_of


class Given(dict[str, Any]):
    """What was given for the fields of a config, by name; their defaults where nothing was.

    Attributes:
        chosen: those that were given.
    """

    chosen: dict[str, Any]


_METAVARS = {int: "N", float: "X", str: "TEXT"}


def takes(metavar: str, help: str, *spelling: str, unset: str = "") -> Any:
    """Declare an option of a command's own that takes a value; `unset` says what the default None means."""
    return typer.Option(*spelling, metavar=metavar, help=help, show_default=unset or True)


Corpora = Annotated[
    list[str],
    typer.Argument(metavar="CORPUS", help="Built-in names, files, folders or globs; - is standard input."),
]
Model = Annotated[str, takes("NAME", "Name of a shipped model, or a model folder.")]
ModelFolder = Annotated[Path, takes("DIR", "Model folder to write.")]
Validation = Annotated[
    float, takes("X", "Share of the tunes to hold out and measure on. [from 0 to below 1]")
]
Tokens = Annotated[
    str,
    takes("NAME", "What is read: characters of tunes, or notes, events, lowest or rolls of MIDI files."),
]
Clean = Annotated[bool, typer.Option("--clean", help="Skip cleaning: the tunes are canonical already.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the run in --out, or start one.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the model in --out.")]
Json = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")]
AddChords = Annotated[
    bool, typer.Option("--add-chords", help="Write chord symbols where a section of a tune has none.")
]
Picture = Annotated[Path | None, takes("FILE.png", "Draw the figures into this PNG file.", unset="none")]


@dataclass(frozen=True)
class FieldsOf:
    """Which fields of a config a command has options for.

    Attributes:
        defaults: a config that has the command's defaults.
        only: the names of the fields; empty for all that are options.
        without: names of fields to leave out.
        note: what to add to each help text.
    """

    defaults: Any
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    note: str = ""

    def options(self) -> list[Option]:
        """The options, in the order of the fields."""
        found = options_of(type(self.defaults))
        return [found[name] for name in self.only or found if name not in self.without]


def with_fields(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field that a parameter `Annotated[Given, FieldsOf(...)]` stands for.

    A flag turns its field to what it is not by default. The values come as a dict, to make the config from; it
    checks them all at once, which typer would not.
    """
    hints = get_type_hints(command, include_extras=True)
    fields = {
        name: each
        for name, hint in hints.items()
        for each in get_args(hint)[1:]
        if isinstance(each, FieldsOf)
    }
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        parameters += _parameters(fields[name]) if name in fields else [parameter]

    @functools.wraps(command)
    def call(*, context: typer.Context, **values: Any) -> None:
        for name, each in fields.items():
            given = Given({option.name: values.pop(option.name) for option in each.options()})
            for option in each.options():
                if option.kind is bool:
                    given[option.name] ^= getattr(each.defaults, option.name)
            given.chosen = {option: value for option, value in given.items() if _is_given(context, option)}
            values[name] = given
        command(**values)

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters.insert(0, context)
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    return call


def _is_given(context: typer.Context, parameter: str) -> bool:
    source = context.get_parameter_source(parameter)
    return source is not None and source.name != "DEFAULT"


def _parameters(fields: FieldsOf) -> list[inspect.Parameter]:
    """Make the parameters that typer reads, one for each field."""
    parameters = []
    for each in fields.options():
        name = f"--{each.name.replace('_', '-')}"
        is_flag, default = each.kind is bool, getattr(fields.defaults, each.name)
        option = typer.Option(
            each.spelling or name,
            help=replace(each, help=f"{each.help} {fields.note}".rstrip()).full_help,
            metavar=None if is_flag else "NAME" if each.choices else _METAVARS[each.kind],
            show_default=each.unset if default is None else not is_flag,
            rich_help_panel=panel_of(type(fields.defaults), each.group),
        )
        kind = each.kind | None if each.default is None else each.kind
        parameters.append(
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=False if is_flag else default,
                annotation=Annotated[kind, option],
            )
        )
    return parameters
