"""Read a tunebook's tunes from text, and write tunes as a tunebook."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from abclm.errors import NotationError
from abclm.notation.check import Loss, check, describe, find_losses
from abclm.notation.mended import find_tunes
from abclm.notation.problems import Problem
from abclm.notation.tune import Tune

AnyTune = TypeVar("AnyTune", bound=Tune)


@dataclass
class Tunebook(Generic[AnyTune]):
    """The tunes of a file, and the problems of the tunes that could not be read."""

    tunes: list[AnyTune] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def split_tunebook(text: str) -> list[str]:
    """Split a tunebook into the texts of its tunes (see `find_tunes`); text before the first is left out."""
    return [tune for _, tune in find_tunes(_with_newlines(text))]


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
    """Check every tune of a tunebook's text, and say once what is left out of them or changed.

    Returns:
        The number of tunes, and the problems of all tunes, with lines counted in the whole text.
    """
    problems: list[Problem] = []
    losses: list[Loss] = []
    first: dict[str, int] = {}  # the line of the first loss of each kind
    count = 0
    for line, tune in _tunes(text):
        count += 1
        if isinstance(tune, Tune):
            problems += [
                problem._replace(line=max(line + problem.line - 1, 1))
                for problem in check(tune, with_losses=False)
            ]
            for loss in find_losses(tune):
                losses.append(loss)
                first.setdefault(loss[0], line + tune.text.count("\n", 0, loss[2]))
        else:
            problems.append(Problem(line + (tune.line or 1) - 1, 1, "error", tune.reason))
    if not count:
        problems.append(
            Problem(1, 1, "error", "there is no tune: no line begins with X:, the reference number")
        )
    said = [Problem(first[kind], 1, "warning", text) for kind, text in describe(losses).items()]
    return count, sorted(problems + said)


def _tunes(text: str) -> Iterator[tuple[int, Tune | NotationError]]:
    """The first line of each tune, and the tune or the error of reading it."""
    for line, tune in find_tunes(_with_newlines(text)):
        try:
            yield line, Tune.parse(tune)
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


def as_file(text: str | Tune) -> str:
    """The content of a file with this tune or tunebook.

    Its first line names the version of the standard (section 2.1.1): without it, some programs read accidentals as if
    they held for one note.
    """
    return f"%abc-2.1\n{text}"


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
