"""Write the tables of options in docs/commands, from what the commands declare.

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

COMMANDS = Path(__file__).parent / "commands"
_TABLE = re.compile(r"(?m)^<!-- options of abclm ([a-z -]+?)(?:: (\w+))? -->\n(?:\n(?:\|.*\n)+)?")


def main() -> None:
    """Write the tables of all pages."""
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
