"""Turn the fields of a dataclass into its checks, its help texts and the limits that a command line and an API state.

An option is declared once, as a field with a default, a help text and a range. `problems` checks the values,
`documented` writes the class's docstring; `abclm.cli.options` makes command-line options of the same fields, and
`abclm.web.schema` what the API takes.
"""

import functools
import operator
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from abclm.errors import ConfigError
from abclm.system.words import did_you_mean

T = TypeVar("T")

_KEY = "option"
_KINDS = {"int": int, "float": float, "str": str, "bool": bool}
_KIND_WORDS: dict[type, str] = {int: "an integer", float: "a number"}


@dataclass(frozen=True, kw_only=True)
class Option:
    """All that is known of an option.

    Attributes:
        name: the field's.
        kind: `int`, `float`, `str` or `bool`.
        default: the field's; where it is None, None is legal.
        help: what it means, with its unit: whole sentences.
        low: the least legal number.
        high: the greatest legal number.
        above: legal numbers are greater than this.
        below: legal numbers are smaller than this.
        choices: the legal texts; empty where any text is.
        unset: what the default None means, in words.
        spelling: how the option is spelled on the command line, where it is not the name with hyphens.
        example: a value to show.
        group: the heading under which a help text lists it. A field without one is in the group of the field before.
    """

    name: str
    kind: type
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    unset: str = "off"
    spelling: str = ""
    example: Any = None
    group: str = ""

    @property
    def limits(self) -> dict[str, float]:
        """The range, by the names that pydantic has for its ends: ge, gt, le, lt."""
        ends = {"ge": self.low, "gt": self.above, "le": self.high, "lt": self.below}
        return {name: end for name, end in ends.items() if end is not None}

    @property
    def legal(self) -> str:
        """The legal values in words, `an integer from 1 to 8` say, as they stand in an error message."""
        if self.kind is bool:
            return "true or false"
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.kind is str:
            return "text with something in it"
        return f"{_KIND_WORDS[self.kind]} {self._span()}".rstrip()

    @property
    def full_help(self) -> str:
        """The help text with the legal values in brackets."""
        if self.choices:
            return f"{self.help} [{', '.join(self.choices)}]"
        if not self.limits:
            return self.help
        is_open = self.limits.keys() == {"ge"}
        return f"{self.help} [{f'{self.low:,} or more' if is_open else self._span()}]"

    def allows(self, value: object) -> bool:
        """Whether a value is legal."""
        if value is None:
            return self.default is None
        if self.kind is bool:
            return isinstance(value, bool)
        if self.kind is str:
            return isinstance(value, str) and (value in self.choices if self.choices else bool(value.strip()))
        numbers = (int,) if self.kind is int else (int, float)
        if not isinstance(value, numbers) or isinstance(value, bool):
            return False
        if self.kind is float and not abs(value) <= sys.float_info.max:  # infinite, or no number
            return False
        return all(getattr(operator, name)(value, end) for name, end in self.limits.items())

    def _span(self) -> str:
        if self.above is not None:
            return f"above {self.above:,}" + ("" if self.high is None else f", up to {self.high:,}")
        ends = {"from": self.low, "to": self.high, "to below": self.below}
        return " ".join(f"{word} {end:,}" for word, end in ends.items() if end is not None)


def option(default: T, **settings: Any) -> T:
    """Declare a field of a dataclass as an option; its settings are the other attributes of `Option`.

    Example:
        >>> @dataclass(frozen=True, kw_only=True)
        ... class Settings:
        ...     parts: int | None = option(None, low=1, high=8, help="Number of parts.")
        >>> list(problems(Settings(parts=9)))
        ['parts is an integer from 1 to 8, received 9']
    """
    return field(default=default, metadata={_KEY: settings})


def options_of(config: type) -> dict[str, Option]:
    """Return the options of a dataclass by name, in the order of its fields. Other fields are left out."""
    found = {}
    group = "Options"
    for each in fields(config):
        if _KEY in each.metadata:
            kind = getattr(each.type, "__name__", str(each.type)).partition(" | ")[0]
            group = each.metadata[_KEY].get("group", group)
            settings = {**each.metadata[_KEY], "group": group}
            found[each.name] = Option(name=each.name, kind=_KINDS[kind], default=each.default, **settings)
    return found


def problems(config: Any) -> Iterator[str]:
    """Say which values of a dataclass are out of range, each with what was received.

    Args:
        config: an instance.
    """
    for name, each in options_of(type(config)).items():
        if not each.allows(value := getattr(config, name)):
            yield f"{name} is {each.legal}, received {value!r}"


def parse_setting(spelling: str, text: str, config: type) -> tuple[str, Any]:
    """Read `NAME=VALUE`, a value for an option of a dataclass; whether it is legal, the dataclass says.

    Args:
        spelling: of the option that it was given for, for the error messages.
        text: the name, with hyphens or underscores, and the value: `none` where None is legal, a flag true or false.
        config: the dataclass.

    Raises:
        ConfigError: there is no such option, or the value is of another kind.

    Example:
        >>> @dataclass(frozen=True, kw_only=True)
        ... class Settings:
        ...     parts: int | None = option(None, low=1, high=8, help="Number of parts.")
        >>> parse_setting("--set", "parts=3", Settings)
        ('parts', 3)
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    name, known = name.replace("-", "_"), options_of(config)
    if not equals:
        raise ConfigError(f"{spelling} takes NAME=VALUE; received {text!r}")
    if name not in known:
        meant = did_you_mean(name, list(known)) or f"; there are {', '.join(known)}"
        raise ConfigError(f"{spelling}: {name!r} is no setting{meant}")
    kind = known[name].kind
    if value == "none" and known[name].default is None:
        return name, None
    try:
        return name, {"true": True, "false": False}[value] if kind is bool else kind(value)
    except (ValueError, KeyError):
        raise ConfigError(f"{spelling} {name} is {known[name].legal}; received {value!r}") from None


def documented(config: type[T]) -> type[T]:
    """Write the options into the docstring of a dataclass, before `Raises:`, and refuse unknown ones; a decorator."""
    text = config.__doc__ or ""
    summary, raises, errors = text.partition("\n    Raises:")
    lines = [f"        {name}: {each.full_help}\n" for name, each in options_of(config).items()]
    config.__doc__ = f"{summary.rstrip()}\n\n    Args:\n{''.join(lines)}{raises}{errors}"
    make = config.__init__
    known = [each.name for each in fields(config)]  # type: ignore[arg-type]

    @functools.wraps(make)
    def __init__(self: Any, *arguments: Any, **values: Any) -> None:
        if arguments:
            raise ConfigError(
                f"{config.__name__} takes values by name, such as {known[0]}=...; received {arguments[0]!r:.60}"
            )
        refuse_unknown(config.__name__, values, known)
        make(self, **values)

    config.__init__ = __init__  # type: ignore[method-assign]
    return config


def refuse_unknown(what: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Refuse names that are not known.

    Raises:
        ConfigError: there is one; says the nearest known name.
    """
    for name in given:
        if name not in known:
            meant = did_you_mean(name, known) or f"; it has {', '.join(known)}"
            raise ConfigError(f"{what} has no option {name!r}{meant}")
