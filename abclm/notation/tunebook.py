"""Read a tunebook's tunes from text, and write tunes as a tunebook."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from abclm.errors import NotationError
from abclm.notation.check import check
from abclm.notation.problems import Problem
from abclm.notation.tune import Tune

AnyTune = TypeVar("AnyTune", bound=Tune)


@dataclass
class Tunebook(Generic[AnyTune]):
    """The tunes of a file, and the problems of the tunes that could not be read."""

    tunes: list[AnyTune] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def split_tunebook(text: str) -> list[str]:
    """Split a tunebook into the texts of its tunes, one for each `X:` line; text before the first is left out."""
    text = _with_newlines(text)
    return [text[at:end] for at, end in _places(text)]


def parse_tunebook(text: str) -> Tunebook[Tune]:
    """Read every tune of a tunebook's text; each tune that can't be read becomes a problem."""
    book: Tunebook[Tune] = Tunebook()
    for line, tune in _tunes(text):
        if isinstance(tune, Tune):
            book.tunes.append(tune)
        else:
            book.problems.append(Problem(line + (tune.line or 1) - 1, 1, "error", tune.reason))
    return book


def check_tunebook(text: str) -> tuple[int, list[Problem]]:
    """Check every tune of a tunebook's text.

    Returns:
        The number of tunes, and the problems of all tunes, with lines counted in the whole text.
    """
    problems: list[Problem] = []
    count = 0
    for line, tune in _tunes(text):
        count += 1
        if isinstance(tune, Tune):
            problems += [problem._replace(line=line + problem.line - 1) for problem in check(tune)]
        else:
            problems.append(Problem(line + (tune.line or 1) - 1, 1, "error", tune.reason))
    if not count:
        problems.append(
            Problem(1, 1, "error", "there is no tune: no line begins with X:, the reference number")
        )
    return count, problems


def _tunes(text: str) -> Iterator[tuple[int, Tune | NotationError]]:
    """The first line of each tune, and the tune or the error of reading it."""
    text = _with_newlines(text)
    line, seen = 1, 0
    for at, end in _places(text):
        line += text.count("\n", seen, at)
        seen = at
        try:
            yield line, Tune.parse(text[at:end])
        except NotationError as error:
            yield line, error


def decode(data: bytes) -> str:
    """Decode the bytes of an ABC file: UTF-8, with a byte-order mark or not, else Latin-1; line ends become `\\n`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return _with_newlines(text)


def format_tunebook(tunes: Iterable[Tune | str]) -> str:
    """Write tunes one after another, with reference numbers counted from 1 and an empty line after each."""
    parts = []
    for number, tune in enumerate(tunes, 1):
        text = re.sub(r"^X:.*", f"X:{number}", str(tune), count=1, flags=re.MULTILINE)
        parts.append(text.rstrip("\n") + "\n\n")
    return "".join(parts)


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _places(text: str) -> list[tuple[int, int]]:
    starts = [match.start() for match in re.finditer(r"^X:", text, re.MULTILINE)]
    return list(zip(starts, [*starts[1:], len(text)], strict=True)) if starts else []
