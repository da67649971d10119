"""Turn a command's options into its help, in groups and with examples, and a wrong option into the one that was meant."""

from collections.abc import Iterable, Sequence
from typing import Any

import typer
from typer.core import TyperCommand

from abclm.system.words import nearest

_OWN = "Options"


class Command(TyperCommand):
    """A command whose help lists its options by their groups, and its examples line by line."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the groups: the command's own arguments and options, then those of its configs."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for each in self.get_params(ctx):
            record = each.get_help_record(ctx)
            if record is not None:
                if each.param_type_name == "argument":  # typer adds the name of its Python type
                    record = (each.metavar or each.name, record[1])
                panel = getattr(each, "rich_help_panel", None)
                group = group_of(panel) or ("Arguments" if each.param_type_name == "argument" else _OWN)
                groups.setdefault(group, []).append(record)
        groups[_OWN] = groups.pop(_OWN)  # last, where --help stands
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples as they are: lines are not joined."""
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.splitlines():
                    formatter.write(f"{' ' * formatter.current_indent}{line}\n")


def panel_of(config: type, group: str) -> str:
    """The panel of an option: the config that it is a field of, and its group there."""
    return f"{config.__name__}/{group}"


def group_of(panel: str | None) -> str:
    """The group that a panel names; empty where there is none."""
    return (panel or "").partition("/")[2]


def option_meant(wrong: str, options: Iterable[Any]) -> str | None:
    """The option that a wrong one was probably meant to be.

    Args:
        wrong: as it was given, such as `--titel`.
        options: of the command.

    Returns:
        The nearest in spelling; else the one whose help begins with that word, as `-n`, "Number of tunes", for
        `--number`; None where there is none.
    """
    word = wrong.lstrip("-").partition("=")[0]
    spelled: dict[str, str] = {
        spelling.lstrip("-"): spelling
        for each in options
        if each.param_type_name == "option"
        for spelling in each.opts
        if len(spelling) > 2
    }
    if (near := nearest(word, spelled)) is not None:
        return spelled[near]
    begun = [
        each
        for each in options
        if each.param_type_name == "option" and (each.help or "").casefold().split()[:1] == [word.casefold()]
    ]
    return str(max(min(begun, key=lambda each: len(each.help)).opts, key=len)) if begun else None


_KINDS = {"integer": "an integer", "number": "a number"}


def _received(error: Any, arguments: Sequence[str]) -> str | None:
    """What an option that takes a number received instead, as a message; None for any other error."""
    kind = next((kind for word, kind in _KINDS.items() if f"valid {word}" in error.format_message()), None)
    for before, after in zip(arguments, [*arguments[1:], ""], strict=True):
        name, equals, value = before.partition("=")
        if kind and name in error.param.opts:
            return f"{name} is {kind}; received {value if equals else after!r}"
    return None


def explain(error: Any, arguments: Sequence[str] = ()) -> str:
    """Turn typer's error of wrong use into one line: what was wrong, what was meant, where to look.

    Args:
        error: of typer's click.
        arguments: what was typed.
    """
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "abclm"
    message: str = error.format_message()
    if not message or "\n" in message:  # without arguments the help is the message
        return message
    message = _received(error, arguments) or message
    wrong = getattr(error, "option_name", None)
    if wrong and context is not None and hasattr(error, "possibilities"):
        meant = option_meant(wrong, context.command.get_params(context))
        message = f"no option {wrong}" + (f"; did you mean {meant}?" if meant else ".")
    return f"{message}{'' if message[-1] in '.?' else '.'} See {path} --help."


def examples(*lines: str) -> str:
    """The examples of a command, for the end of its help."""
    return "\n".join(lines)


def add_commands(app: typer.Typer, commands: dict[str, Any]) -> None:
    """Register command modules by name; each has a function `command` and its `EXAMPLES`."""
    for name, module in commands.items():
        app.command(name, cls=Command, epilog=examples(*module.EXAMPLES))(module.command)
