"""The options of the commands are made from the fields of the configs, and the docs' tables from the options."""

import re
import runpy
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from abclm.cli import app
from abclm.cli.options import FieldsOf, Given, with_fields
from abclm.errors import ConfigError
from abclm.generation.options import GenerationOptions
from abclm.models.lstm.config import ModelConfig
from abclm.system.options import option, options_of, problems
from abclm.training.config import TrainingConfig

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def commands(group=None, name=""):
    """Each command with its name, `corpus split` for one."""
    group = group or typer.main.get_command(app)
    for each, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{each} ")
        else:
            yield name + each, command


COMMANDS = dict(commands())


@dataclass(frozen=True, kw_only=True)
class Bread:
    loaves: int = option(1, low=1, high=9, spelling="-l", help="Number of loaves.")
    flour: str = option("rye", choices=("rye", "wheat"), help="Kind of flour.")
    rest_minutes: float | None = option(None, above=0, unset="overnight", help="Time to rest, in minutes.")
    sweet: bool = option(False, help="Add honey.")
    salted: bool = option(True, spelling="--unsalted", help="Salt is added; --unsalted leaves it out.")
    note: str | None = None

    def __post_init__(self):
        if wrong := list(problems(self)):
            raise ConfigError("; ".join(wrong))


@pytest.fixture
def bake():
    """Run a command with the options of `Bread`; gives what it was given, as text."""
    bakery = typer.Typer(rich_markup_mode=None)

    @bakery.command()
    @with_fields
    def command(
        *,
        oven: Annotated[str, typer.Option(help="Name of the oven.")] = "stone",
        given: Annotated[Given, FieldsOf(Bread(loaves=2), note="Fresh.")],
    ):
        typer.echo(f"{oven} {given}")

    return lambda *arguments: CliRunner().invoke(bakery, arguments)


def test_a_command_gets_the_values_of_all_fields(bake):
    given = {"loaves": 2, "flour": "rye", "rest_minutes": None, "sweet": False, "salted": True}
    assert bake().output == f"stone {given}\n"
    given |= {"loaves": 3, "rest_minutes": 5.0, "sweet": True, "salted": False}
    asked = ("--oven", "gas", "-l", "3", "--rest-minutes", "5", "--sweet", "--unsalted")
    assert bake(*asked).output == f"gas {given}\n"


def test_values_out_of_range_are_left_to_the_config(bake):
    assert "'loaves': 0" in bake("-l", "0").output
    with pytest.raises(
        ConfigError, match=r"loaves is .* received 0; flour is one of rye, wheat, received 'oat'"
    ):
        Bread(loaves=0, flour="oat")


def test_the_help_has_ranges_and_defaults(bake):
    words = " ".join(bake("--help").output.split())
    assert "-l N Number of loaves. Fresh. [from 1 to 9] [default: 2]" in words
    assert "--flour NAME Kind of flour. Fresh. [rye, wheat] [default: rye]" in words
    assert "--rest-minutes X Time to rest, in minutes. Fresh. [above 0] [default: (overnight)]" in words
    assert "--sweet Add honey. Fresh. --unsalted Salt is added; --unsalted leaves it out. Fresh." in words
    assert "--note" not in words


@pytest.mark.parametrize(
    ("name", "defaults", "left_out"),
    [
        ("generate", GenerationOptions(), set()),
        ("train", ModelConfig(), set()),
        ("train", TrainingConfig(), {"forgetting"}),
    ],
)
def test_a_command_has_an_option_for_each_field(name, defaults, left_out):
    options = {each.name: each for each in COMMANDS[name].params}
    declared = options_of(type(defaults))
    assert declared.keys() - options.keys() == left_out
    for field in declared.keys() - left_out:
        if field in ("like", "rewrite", "plan"):  # the command takes the file, and the config what is in it
            assert options[field].help.startswith("ABC or MIDI file")
        else:
            assert options[field].help == declared[field].full_help
        assert options[field].default == (False if declared[field].kind is bool else declared[field].default)


def test_fine_tuning_has_its_own_defaults():
    defaults = TrainingConfig.for_fine_tuning()
    options = {each.name: each.default for each in COMMANDS["fine-tune"].params}
    shared = options.keys() & options_of(TrainingConfig).keys()
    assert shared >= {"epochs", "learning_rate", "forgetting"}
    assert {name: options[name] for name in shared} == {name: getattr(defaults, name) for name in shared}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_text_is_a_sentence_that_stands_alone(name):
    for each in COMMANDS[name].params:
        assert each.help, each.name
        assert re.fullmatch(r"[A-Z].*[.](?: \[.*\])?", each.help), each.help
        assert not re.match(r"(Of|For the same|Likewise)\b", each.help), each.help


def test_the_help_lists_the_options_in_groups():
    said = CliRunner().invoke(app, ["generate", "--help"]).output
    heads = re.findall(r"(?m)^(\w[\w ]+):$", said)
    assert heads == ["Tune", "From a tune", "Number and seed", "Sampling", "Limits", "Options", "Examples"]
    assert said.index("--title") < said.index("Sampling:") < said.index("--top-k") < said.index("--model")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_ends_with_two_examples_that_it_understands(name):
    command = COMMANDS[name]
    examples = command.epilog.splitlines()
    assert len(examples) == 2
    for example in examples:
        words = shlex.split(example)
        assert words[: len(name.split()) + 1] == ["abclm", *name.split()]
        command.make_context(name, words[len(name.split()) + 1 :])
    assert (
        CliRunner()
        .invoke(app, [*name.split(), "--help"])
        .output.endswith("".join(f"  {each}\n" for each in examples))
    )


@pytest.mark.parametrize("page", sorted((DOCS / "commands").glob("*.md")), ids=lambda page: page.stem)
def test_the_tables_in_the_docs_are_those_of_the_options(page):
    text = page.read_text(encoding="utf-8")
    tables = runpy.run_path(str(DOCS / "option_tables.py"))
    assert tables["with_tables"](text) == text, "python docs/option_tables.py writes the tables"
    for name in COMMANDS:
        if name.split()[0] == page.stem:
            assert [row for _, row in tables["rows"](name) if row not in text] == []
