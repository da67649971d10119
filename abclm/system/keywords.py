"""Turn the options of a config into a function's keyword arguments, and keyword arguments into the config."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from abclm.errors import ConfigError
from abclm.system.options import options_of, refuse_unknown

P = ParamSpec("P")
R = TypeVar("R")
Config = TypeVar("Config")


def with_options_of(defaults: Any, without: Iterable[str] = ()) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say in a function's signature which options its `**keywords` are; `help` and notebooks show them.

    An unknown keyword ends in a ConfigError that names the nearest known one.

    Args:
        defaults: a config that has the defaults to show.
        without: options that the function doesn't take.
    """
    left_out = set(without)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        options = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=getattr(defaults, name),
                annotation=each.kind | None if each.default is None else each.kind,
            )
            for name, each in options_of(type(defaults)).items()
            if name not in left_out
        ]
        known = [each.name for each in (*own, *options)]

        @functools.wraps(function)
        def call(*arguments: P.args, **keywords: P.kwargs) -> R:
            refuse_unknown(function.__name__, keywords, known)
            try:
                signature.bind(*arguments, **keywords)
            except TypeError as error:
                raise ConfigError(f"{function.__name__}: {error}; give options by name") from None
            return function(*arguments, **keywords)

        call.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        return call

    return decorate


def changed(config: Config | None, default: Config, changes: Mapping[str, Any]) -> Config:
    """The config that a function was given, or its default, with the options that were given by name.

    Raises:
        ConfigError: it is no such config, or an option is unknown or out of range.
    """
    if config is not None and not isinstance(config, type(default)):
        raise ConfigError(
            f"options are given by name or as {type(default).__name__}; received {config!r:.60} without a name"
        )
    return replace(config or default, **changes)  # type: ignore[type-var]
