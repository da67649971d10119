"""Turn the name of a kind, as a file states it, into the class that is registered under it."""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from difflib import get_close_matches
from pkgutil import resolve_name
from typing import Any, Generic, TypeVar

Part = TypeVar("Part")


@dataclass
class Registry(Generic[Part]):
    """The known subclasses of a base class by name.

    Args:
        what: what they are, such as `architecture`.
        base: their base class. Where it is a dataclass, so is each of them.
        error: what is raised.
        attributes: the class attributes that each has, with their types; the first is its name.
        known: those that need no registering, as `module:Class`, by name; imported when they are asked for.
    """

    what: str
    base: type[Any]
    error: type[Exception]
    attributes: Mapping[str, type]
    known: dict[str, str | type[Part]]

    def register(self, part: type[Part]) -> type[Part]:
        """Make a class known by its name, so that model folders that name it can be read; also as a decorator.

        Raises:
            AbclmError: the class lacks part of what it has to give, or its name is taken.
        """
        if not isinstance(part, type) or not issubclass(part, self.base):
            raise self.error(
                f"the {self.what} {part!r} can't be registered: it is no subclass of {self.base.__name__}"
            )
        values = {each: getattr(part, each, "") for each in self.attributes}
        lacking = [
            n for n, value in values.items() if value == "" or not isinstance(value, self.attributes[n])
        ]
        lacking += sorted(getattr(part, "__abstractmethods__", ()))
        if is_dataclass(self.base) and "__dataclass_fields__" not in vars(part):
            lacking.append("@dataclass(frozen=True, kw_only=True)")
        if lacking:
            raise self.error(
                f"the {self.what} {part.__name__} can't be registered: it lacks {', '.join(lacking)}"
            )
        key, name = next(iter(values.items()))
        if self.known.get(name, part) is not part:
            raise self.error(f"the {self.what} {name!r} is registered already; give yours another {key}")
        self.known[name] = part
        return part

    def names(self) -> list[str]:
        """The names that are known, sorted."""
        return sorted(self.known)

    def find(self, name: object) -> type[Part]:
        """Find a class by its name.

        Raises:
            AbclmError: there is none of that name; says the nearest one, or all.
        """
        found = self.known.get(name) if isinstance(name, str) else None
        if found is None:
            near = get_close_matches(str(name), self.names(), 1)
            known = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(self.names())}."
            raise self.error(
                f"the {self.what} {name!r} is unknown; {known} For one of your own, import the module that registers it "
                "first; else update abclm"
            )
        return resolve_name(found) if isinstance(found, str) else found
