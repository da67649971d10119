"""Turn numbers and names into the words of messages: plurals, and the name that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def counted(number: int, word: str, plural: str = "") -> str:
    """Say how many there are of something.

    Example:
        >>> counted(1, "tune"), counted(1204, "tune"), counted(0, "copy", "copies")
        ('1 tune', '1,204 tunes', '0 copies')
    """
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that a wrong one was probably meant to be; None where no name is near.

    Example:
        >>> nearest("titel", ["title", "key"]), nearest("Session", ["session"]), nearest("x", ["title"])
        ('title', 'session', None)
    """
    spelled = {each.casefold(): each for each in known}
    found = get_close_matches(str(name).casefold(), spelled, 1)
    return spelled[found[0]] if found else None


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The same as part of a message: `, did you mean title?`; empty where no name is near."""
    found = nearest(name, known)
    return f"; did you mean {found}?" if found else ""
