"""Turn a tune's fields into what stands above and below its staves: titles, rhythm, composer, words."""

import re
from dataclasses import dataclass

from abclm.notation.tune import Tune
from abclm.score.elements import clean

_MOST_TITLE = 200
_MOST_LINES = 200
_FIELD = re.compile(r"^([A-Za-z]):[ \t]*([^%\n]*)", re.MULTILINE)
# What is printed below the staves, as `Source: ...` (ABC 2.1, section 3.1).
_NAMES = {
    "B": "Book", "S": "Source", "D": "Discography", "N": "Notes", "Z": "Transcription", "H": "History",
}  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """What stands around the staves.

    Attributes:
        title: for display; never empty.
        subtitles: further titles.
        rhythm: as the tune spells it, or nothing.
        composer: with the origin in brackets, or nothing.
        words: the lines of the words after the tune.
        about: lines such as `Source: ...`.
    """

    title: str
    subtitles: tuple[str, ...] = ()
    rhythm: str = ""
    composer: str = ""
    words: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


def heading_of(tune: Tune) -> Heading:
    """Read what stands around the staves; each line has at most 200 characters, none that can't be printed."""
    head = [(letter, shown(value)) for letter, value in _FIELD.findall(tune.text[: tune.body_start])]
    composers = [value for letter, value in head if letter == "C" and value]
    origins = [value for letter, value in head if letter == "O" and value]
    composer = ", ".join(composers) + (f" ({', '.join(origins)})" if origins else "")
    words = [shown(value) for letter, value in _FIELD.findall(tune.text) if letter == "W"]
    about = [f"{_NAMES[letter]}: {value}" for letter, value in head if letter in _NAMES and value]
    return Heading(
        title_of(tune), tuple(filter(None, map(shown, tune.titles[1:]))), rhythm_of(tune), shown(composer.strip()),
        tuple(words[:_MOST_LINES]), tuple(about[:_MOST_LINES]),
    )  # fmt: skip


def title_of(tune: Tune) -> str:
    """A tune's title for display, or a substitute; at most 200 characters, without control characters."""
    return shown(tune.title) or "Untitled"


def rhythm_of(tune: Tune) -> str:
    """A tune's rhythm for display, also one that stands after the first `K:`; or an empty string."""
    found = re.search(r"^R:[ \t]*([^%\n]*)", tune.text, re.MULTILINE)
    return shown(tune.rhythm or (found[1] if found else ""))


def shown(text: str) -> str:
    """A line of text for display."""
    line = " ".join(clean(text).split())
    return line[: _MOST_TITLE - 1] + "…" if len(line) > _MOST_TITLE else line
