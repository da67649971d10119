"""Turn the titles of tunes into the words that they are made of, as a model's metadata keep them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_MOST_WORDS = 10_000
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")

_STRANGE = re.compile(r"[^A-Za-z' .,!&-]")
_FEWEST_LETTERS = 4
# Whole words, and beginnings of words.
_SHAMEFUL = re.compile(
    r"\b(?:(?:arse|ass|boob|cock|coon|crap|cum|damn|dago|dick|dyke|fag|gook|homo|jap|jew|massa|nazi|paki|piss|poof"
    r"|prick|rape|sambo|sex|shag|slag|slave|spic|squaw|tit|turd|wank|wog|yid)(?:'?s)?"
    r"|(?:arseh|bastard|bitch|bollock|bugger|chink|cunt|darke?y|darkie|dildo|faggot|fart|fuck|hooker|injun|kike"
    r"|mulatt|negr|nigg|octoroon|penis|picc?anin|porn|pussy|quadroon|rapist|redskin|savage|shit|slut|titt|vagin|whor)"
    r"[a-z]*)\b"
)


def words_of(title: str) -> list[str]:
    """The words of a title in small letters, without apostrophes at their end.

    Example:
        >>> words_of("The 42nd Regt's March -- O'Neill")
        ['the', 'nd', "regt's", 'march', "o'neill"]
    """
    return [word.rstrip("'").lower() for word in _WORD.findall(title)]


def is_shameful(title: str) -> bool:
    """Whether a title has a word that nobody wants to read on a tune, of a short list."""
    return _SHAMEFUL.search(title.lower()) is not None


def is_odd(title: str) -> bool:
    """Whether a title has signs or is as short as titles hardly are."""
    return _STRANGE.search(title) is not None or sum(map(str.isalpha, title)) < _FEWEST_LETTERS


def count_title_words(titles: Iterable[str]) -> str:
    """The words of titles, the most frequent first, with spaces between, for JSON."""
    counts = Counter(word for title in titles for word in words_of(title))
    return " ".join(word for word, _ in counts.most_common(_MOST_WORDS))


def title_words_in(metadata: Mapping[str, Any]) -> frozenset[str]:
    """The words of `count_title_words` of all trainings that led to a model; empty if they aren't known."""
    words: set[str] = set()
    record = metadata.get("training", {})
    while record:
        words.update(record.get("title_words", "").split())
        record = record.get("went_on_from", {})
    return frozenset(words)
