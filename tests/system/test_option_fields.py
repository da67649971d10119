"""An option is declared once, on its field: its check, its help and its limits follow from that."""

import dataclasses
from dataclasses import dataclass

import pytest

from abclm.system.options import documented, option, options_of, problems


@documented
@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to bake.

    Raises:
        ConfigError: the oven is too hot.
    """

    loaves: int = option(1, low=1, high=1_000, help="Number of loaves.")
    minutes: float = option(30.0, above=0, help="Time in the oven, in minutes.")
    salt: float = option(0.0, low=0, below=1, help="Share of the flour that is salt.")
    water: float | None = option(None, above=0, high=1, help="Share of water.", unset="as it comes")
    flour: str = option("rye", choices=("rye", "wheat"), help="Kind of flour.")
    name: str | None = option(None, help="What it is called.")
    sweet: bool = option(False, help="Add honey.")
    note: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("name", "wrong", "legal"),
    [
        ("loaves", [0, 1_001, 1.0, True, "1", None, 10**400], "an integer from 1 to 1,000"),
        ("minutes", [0, -1, "1", None, True, float("nan"), float("inf"), 10**400], "a number above 0"),
        ("salt", [-0.1, 1, float("nan")], "a number from 0 to below 1"),
        ("water", [0, 1.1], "a number above 0, up to 1"),
        ("flour", ["oat", "", 3, None, []], "one of rye, wheat"),
        ("name", ["", "  ", 3], "text with something in it"),
        ("sweet", [0, 1, None, "yes"], "true or false"),
    ],
)
def test_a_value_out_of_range_is_named_with_what_is_legal_and_what_was_received(name, wrong, legal):
    for value in wrong:
        assert list(problems(Settings(**{name: value}))) == [f"{name} is {legal}, received {value!r}"]


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("loaves", [1, 1_000]),
        ("minutes", [1e-9, 10, 10**20]),
        ("salt", [0, 0.999]),
        ("water", [None, 1, 1e-9]),
        ("flour", ["rye", "wheat"]),
        ("name", [None, "x"]),
        ("sweet", [True, False]),
    ],
)
def test_the_ends_of_a_range_are_legal_where_they_belong_to_it(name, right):
    for value in right:
        assert list(problems(Settings(**{name: value}))) == []


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_fields():
    found = list(problems(Settings(sweet=2, loaves=0, salt=3)))
    assert [each.split()[0] for each in found] == ["loaves", "salt", "sweet"]


def test_a_field_that_is_no_option_is_left_alone():
    assert "note" not in options_of(Settings)
    assert list(problems(Settings(note=3))) == []


def test_options_are_ordinary_fields_with_defaults():
    assert [each.name for each in dataclasses.fields(Settings)][:2] == ["loaves", "minutes"]
    assert Settings() == Settings(loaves=1, minutes=30.0, flour="rye")
    assert options_of(Settings)["loaves"].default == 1


def test_the_help_ends_with_the_legal_values():
    helps = {name: each.full_help for name, each in options_of(Settings).items()}
    assert helps["loaves"] == "Number of loaves. [from 1 to 1,000]"
    assert helps["minutes"] == "Time in the oven, in minutes. [above 0]"
    assert helps["flour"] == "Kind of flour. [rye, wheat]"
    assert helps["sweet"] == "Add honey."


def test_the_limits_have_the_names_that_pydantic_gives_them():
    limits = {name: each.limits for name, each in options_of(Settings).items()}
    assert limits["loaves"] == {"ge": 1, "le": 1_000}
    assert limits["salt"] == {"ge": 0, "lt": 1}
    assert limits["water"] == {"gt": 0, "le": 1}
    assert limits["flour"] == {}


def test_the_docstring_lists_the_options():
    assert Settings.__doc__.startswith("What to bake.\n\n    Args:\n        loaves: Number of loaves.")
    assert Settings.__doc__.rstrip().endswith("Raises:\n        ConfigError: the oven is too hot.")
