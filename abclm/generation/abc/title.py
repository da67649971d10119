"""Turn titles as they are drawn into the one that a tune keeps: of known words, and fit for the tune.

A title is spelled letter by letter, so that its words could be none: only letters are drawn that lead to a word of a
training title. A whole title is drawn again that names another dance than the tune is, is the title of a training tune,
which this tune is not, has symbols that titles hardly have, or a word that nobody wants to read on a tune.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING

from abclm.generation.abc.masks import is_letter
from abclm.notation.fields import rhythms_in

if TYPE_CHECKING:
    from abclm.generation.abc.masks import Masks
    from abclm.generation.constraint import Mask
    from abclm.generation.draft import Snapshot

_MOST_REDRAWS = 16  # of a title; more than are needed where one title in ten names a dance
_MOST_SHAMEFUL = 200  # redraws of a title with a word that nobody wants to read

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
_CLIPPED = re.compile(r"\b([a-z]+)'(?![a-z])")  # such as dancin' and o'
_STRANGE = re.compile(r"[^A-Za-z' .,!&-]|\.,|, The$|(?<=[a-z])(?<!Mc)(?<!Mac)[A-Z]")
_FEWEST_LETTERS = 4
_LAST = "{"  # behind all small letters

# Whole words, and beginnings of words.
_SHAMEFUL = re.compile(
    r"\b(?:(?:arse|ass|boob|cock|coon|crap|cum|damn|dago|dick|dyke|fag|gook|homo|jap|jew|massa|nazi|paki|piss|poof"
    r"|prick|rape|sambo|sex|shag|slag|slave|spic|squaw|tit|turd|wank|wog|yid)(?:'?s)?"
    r"|(?:arseh|bastard|bitch|bollock|bugger|chink|cunt|darke?y|darkie|dildo|faggot|fart|fuck|half.?cast|hooker|injun|kike"
    r"|mulatt|negr|nigg|octoroon|penis|picc?anin|porn|pussy|quadroon|rapist|redskin|savage|shit|slut|titt|vagin|whor)[a-z]*)\b"
)


def words_in(text: str) -> list[str]:
    """The words of a title, in small letters.

    Example:
        >>> words_in("O'Reilly's Rambles -- Reel")
        ["o'reilly's", 'rambles', 'reel']
    """
    return _WORD.findall(text.lower())


class KnownTitles:
    """The titles of tunes.

    Args:
        titles: any number; with none, every word is taken for one, and no title is refused.
    """

    def __init__(self, titles: Iterable[str]) -> None:
        titles = list(titles)
        found = [words_in(title) for title in titles]
        self._titles = {" ".join(words) for words in found}
        self._words = sorted({word for words in found for word in words})
        self._clipped = {word for title in titles for word in _CLIPPED.findall(title.lower())}
        self._next: dict[str, tuple[frozenset[str], bool]] = {}

    def after(self, word: str) -> tuple[frozenset[str], bool] | None:
        """What may follow the beginning of a word, if it is to become one of the titles, or the possessive of one.

        Args:
            word: so far, in small letters, with apostrophes; `""` before a word.

        Returns:
            The letters, and whether the word may end here; None where no titles are known.
        """
        if not self._words:
            return None
        found = self._next.get(word)
        if found is None:
            first, last = (bisect_left(self._words, word + end) for end in ("", _LAST))
            letters = {each[len(word)] for each in self._words[first:last] if len(each) > len(word)}
            if word.endswith("'"):
                letters |= {"s"} if self._has(word[:-1]) else set()
                ends = word[:-1] in self._clipped
            else:
                letters |= {"'"} if self._has(word) else set()
                ends = not word or self._has_or_owns(word)
            found = self._next[word] = frozenset(letters), ends
        return found

    def _has_or_owns(self, word: str) -> bool:
        return self._has(word) or (word.endswith("'s") and self._has(word[:-2]))

    def _has(self, word: str) -> bool:
        place = bisect_left(self._words, word)
        return place < len(self._words) and self._words[place] == word

    def refuses(self, title: str) -> bool:
        """Whether a title is one of them, whatever its signs and capitals, has another word, or hardly looks like one."""
        is_odd = _STRANGE.search(title) is not None or sum(map(str.isalpha, title)) < _FEWEST_LETTERS
        words = words_in(title)
        return bool(self._words) and (
            is_odd or " ".join(words) in self._titles or not all(map(self._has_or_owns, words))
        )


class Title:
    """The title of one tune, as often as it is drawn.

    Args:
        rhythm: of the tune; None or "" where it has none.
        known: the titles of training tunes.

    Attributes:
        start: where the title begins, while it may be drawn again.
    """

    __slots__ = ("_known", "_redraws", "_rhythm", "_word", "start")

    def __init__(self, rhythm: str | None, known: KnownTitles) -> None:
        self._rhythm, self._known = rhythm, known
        self._redraws = 0
        self.start: Snapshot | None = None
        self._word = ""  # the current one so far, in small letters

    def begin(self, here: Snapshot) -> None:
        """Take note of where the title begins."""
        self.start, self._word = here, ""

    def drawable(self, masks: Masks) -> Mask:
        """Return which symbols lead to a title of known words."""
        after = self._known.after(self._word)
        return masks.everything if after is None else masks.in_word(*after)

    def take(self, title: str, symbol: str) -> Snapshot | None:
        """Take note of a symbol about to be written: the next of the title, or the newline after it.

        Args:
            title: the whole of it, where the symbol is the newline after it; else it is not looked at.
            symbol: which it is.

        Returns:
            The beginning of the title, to draw it again; None where the symbol is kept.
        """
        self._word = self._word + symbol.lower() if is_letter(symbol) else ""
        if symbol != "\n":
            return None
        if self.refuses(title):
            return self.start
        self.start = None
        return None

    def refuses(self, title: str) -> bool:
        """Whether a title is to be drawn again; else it is kept."""
        is_shameful = _SHAMEFUL.search(title.lower()) is not None
        names_another = bool(self._rhythm and rhythms_in(title) - {self._rhythm})
        if not (is_shameful or names_another or self._known.refuses(title)):
            return False
        self._redraws += 1
        return self._redraws <= (_MOST_SHAMEFUL if is_shameful else _MOST_REDRAWS)
