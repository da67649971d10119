"""Turn what is asked of a tune (title, key, meter, ..., opening) into text in canonical spelling."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from abclm.errors import NotationError
from abclm.notation.fields import (
    CANONICAL_SYMBOLS,
    TITLE_LENGTH,
    canonical_meter,
    canonical_rhythm,
    canonical_unit_note_length,
    transliterate,
)
from abclm.notation.keys import canonical_key


class Prompt(NamedTuple):
    """What is asked of the text of a tune, in canonical spelling."""

    header: dict[str, str]  # field letter to value, in the header's order, of those that were given
    opening: str  # music code that the tune begins with; empty where none was given


def title_text(text: str) -> str:
    """Write a title in 1 to 60 of the 83 symbols, without a newline or a space at either end.

    Characters without a plain form are left out; `title_without` names them.

    Raises:
        NotationError: it is too long, not one line, or nothing of it is left.

    Example:
        >>> title_text("Père O’Connor"), title_text("Who's there?")
        ("Pere O'Connor", "Who's there")
    """
    plain = "".join(each for each in transliterate(text) if each in CANONICAL_SYMBOLS)
    title = re.sub(" +", " ", plain).strip(" ")
    if not title:
        _checked(transliterate(text), text)  # says which symbols there are
    if title[:1] in ("|", ":"):
        raise NotationError(f"a title can't begin with {title[0]!r}, which ABC would read as music")
    if "\n" in title:
        raise NotationError(f"a title is one line, received {text[:80]!r}")
    if not 1 <= len(title) <= TITLE_LENGTH:
        raise NotationError(f"a title has 1 to {TITLE_LENGTH} symbols, received {len(title)}: {title[:80]!r}")
    return title


def title_without(text: str) -> list[str]:
    """The characters that a title can't have and that `title_text` leaves out, each once."""
    return sorted(set(transliterate(text)) - CANONICAL_SYMBOLS)


def opening_text(text: str) -> str:
    """Check the music code that a tune is to begin with.

    Raises:
        NotationError: it is empty, has characters without a plain form, an empty line or a line that
            ABC reads as an information field.
    """
    # Plain signs of ABC stay what they are: an opening brace, say, is no title's parenthesis.
    plain = "".join(each if each.isascii() else transliterate(each) for each in text.replace("\r\n", "\n"))
    opening = _checked(plain, text).strip()
    if opening.endswith("|]"):  # which ends a tune, and this one is to go on
        opening = f"{opening.removesuffix('|]')}||"
    if not re.search("[A-Ga-gz]", opening):
        raise NotationError(
            f"an opening is music code with a note in it, such as GAB or |:d2 ed, received {text[:40]!r}"
        )
    if strange := sorted(set(_NOT_LETTERS.sub("", opening)) & _NO_MUSIC):
        raise NotationError(
            f"the opening {text[:40]!r} has {', '.join(map(repr, strange))}, which is no note; give music code such as "
            "GAB or |:d2 ed"
        )
    for line in opening.split("\n"):
        if not line.strip():
            raise NotationError("an opening has no empty line, which would end the tune; leave it out")
        if re.match("[A-Za-z]:", line):
            raise NotationError(
                f"the line {line[:20]!r} is an information field, not music code; use the field's option"
            )
    return opening


def _on_one_line(write: Callable[[str], str], name: str) -> Callable[[str], str]:
    """Refuse a newline as in a title; what `write` strips it off would be taken for something else."""

    def checked(text: str) -> str:
        if "\n" in text or "\r" in text:
            raise NotationError(f"a {name} is one line, received {text[:80]!r}")
        return write(text)

    return checked


# What can be asked of the header, in the order of its lines: option, field letter, how it is written,
# and how many symbols the model may write where it is left to choose.
HEADER: tuple[tuple[str, str, Callable[[str], str], int], ...] = (
    ("title", "T", title_text, TITLE_LENGTH),
    ("rhythm", "R", _on_one_line(canonical_rhythm, "rhythm"), 20),
    ("meter", "M", _on_one_line(canonical_meter, "meter"), 7),
    ("unit_note_length", "L", _on_one_line(canonical_unit_note_length, "unit note length"), 5),
    ("key", "K", _on_one_line(canonical_key, "key"), 8),
)

# The longest that a header can come out, X:1 included.
HEADER_LENGTH = len("X:1\n") + sum(len("T:\n") + longest for _, _, _, longest in HEADER)


# Letters that are neither notes or rests (section 4 of the ABC standard 2.1) nor short for a decoration (section 4.14),
# beside words that are no music: chord symbols, decorations, fields and comments.
_NO_MUSIC = frozenset("hijklmnopqrstwIJKNQRUVWY")
_NOT_LETTERS = re.compile(r'"[^"\n]*"|![^!\n]*!|\[[A-Za-z]:[^]\n]*\]|(?m:^[A-Za-z]:.*$)|%.*')


def _checked(plain: str, text: str) -> str:
    """Return what was written plainly, if that left nothing but the 83 symbols."""
    foreign = ", ".join(repr(each) for each in sorted(set(plain) - CANONICAL_SYMBOLS))
    if foreign:
        marks = " ".join(
            each for each in sorted(CANONICAL_SYMBOLS) if not each.isalnum() and not each.isspace()
        )
        raise NotationError(f"{text[:80]!r} has {foreign}; write it in letters, digits and {marks}")
    return plain
