"""Write the tables of options in docs/commands, from what the commands declare, and the typed keywords of Python.

    python docs/option_tables.py

A table stands below a comment, `<!-- options of abclm train -->`. With the name of a config, as in
`<!-- options of abclm train: TrainingConfig -->`, it has the options that are fields of it; the comment without a name
has the others.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from abclm.cli import app
from abclm.generation.options import GenerationOptions
from abclm.system.options import options_of
from abclm.training.config import TrainingConfig

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ROOT / "docs" / "commands"
KEYWORDS = ROOT / "abclm" / "system" / "typed_options.py"
_TABLE = re.compile(r"(?m)^<!-- options of abclm ([a-z -]+?)(?:: (\w+))? -->\n(?:\n(?:\|.*\n)+)?")


def keywords() -> str:
    """The module of the options as typed keyword arguments, for editors: they complete what it names."""
    lines = [
        '"""The options of the configs as typed keyword arguments of functions. Written by docs/option_tables.py."""',
        "",
        "from typing import TypedDict",
    ]
    for config, name in ((GenerationOptions, "GenerationKeywords"), (TrainingConfig, "TrainingKeywords")):
        lines += ["", "", f"class {name}(TypedDict, total=False):"]
        lines += [f'    """Fields of `{config.__name__}`, which says more."""', ""]
        for each in options_of(config).values():
            optional = " | None" if each.default is None else ""
            default = f"{each.unset} by default" if each.default is None else f"default {each.default!r}"
            lines.append(f"    {each.name}: {each.kind.__name__}{optional}  # {default}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the tables of all pages, and the typed keyword arguments."""
    KEYWORDS.write_text(keywords(), encoding="utf-8")
    for page in sorted(COMMANDS.glob("*.md")):
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """Return a page with its tables as the commands have them now."""
    named = {(command, config) for command, config in _TABLE.findall(text) if config}

    def table(found: re.Match[str]) -> str:
        command, config = found[1], found[2]
        elsewhere = {name for other, name in named if other == command}
        lines = ["| option | default | meaning |\n", "|---|---|---|\n"]
        for panel, row in rows(command):
            if panel == config if config else panel not in elsewhere:
                lines.append(row)
        return found[0].partition("\n")[0] + "\n\n" + "".join(lines)

    return _TABLE.sub(table, text)


def rows(command: str) -> Iterator[tuple[str | None, str]]:
    """The config, if any, and the row of each option of a command, given by name: `corpus split`."""
    found: Any = typer.main.get_command(app)
    for name in command.split():
        found = found.commands[name]
    for option in found.params:
        if option.param_type_name == "option" and "--help" not in option.opts:
            spelling = " ".join(filter(None, (max(option.opts, key=len), option.metavar)))
            cells = (f"`{spelling}`", _default(option), option.help)
            row = " | ".join(cell.replace("|", "\\|") for cell in cells)
            yield (option.rich_help_panel or "").partition("/")[0] or None, f"| {row} |\n"


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if option.is_flag:
        return "off"
    return f"`{option.default}`" if option.default is not None else str(option.show_default)


if __name__ == "__main__":
    main()
