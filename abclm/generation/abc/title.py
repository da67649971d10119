"""Turn titles as they are drawn into the one that a tune keeps: of known words, and fit for the tune.

A title is spelled letter by letter, and its words may be none. A word that no training title has is drawn again, and so
is a whole title that names another dance than the tune is, is the title of a training tune, which this tune is not, has
symbols that titles hardly have, or a word that nobody wants to read on a tune.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from abclm.notation.fields import rhythms_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from abclm.generation.draft import Snapshot

_MOST_REDRAWS = 16  # of a title; more than are needed where one title in ten names a dance
_MOST_WORD_REDRAWS = 8  # of a word
_MOST_SHAMEFUL = 200  # redraws of a title with a word that nobody wants to read

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
_STRANGE = re.compile(r"[^A-Za-z' .,!&-]|\.,|, The$")
_FEWEST_LETTERS = 4

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
        found = [words_in(title) for title in titles]
        self._titles = {" ".join(words) for words in found}
        self._words = {word for words in found for word in words}

    def has_word(self, word: str) -> bool:
        """Whether a word is in one of them."""
        return not self._words or word in self._words

    def refuses(self, title: str) -> bool:
        """Whether a title is one of them, whatever its signs and capitals, or hardly looks like them."""
        is_odd = _STRANGE.search(title) is not None or sum(map(str.isalpha, title)) < _FEWEST_LETTERS
        return bool(self._words) and (is_odd or " ".join(words_in(title)) in self._titles)


class Title:
    """The title of one tune, as often as it is drawn.

    Args:
        rhythm: of the tune; None or "" where it has none.
        known: the titles of training tunes.

    Attributes:
        start: where the title begins, while it may be drawn again.
    """

    __slots__ = ("_known", "_redraws", "_rhythm", "_word", "_word_redraws", "start")

    def __init__(self, rhythm: str | None, known: KnownTitles) -> None:
        self._rhythm, self._known = rhythm, known
        self._redraws = self._word_redraws = 0
        self.start: Snapshot | None = None
        self._word: Snapshot | None = None  # where the current word begins

    def begin(self, here: Snapshot) -> None:
        """Take note of where the title begins."""
        self.start = self._word = here

    def take(self, title: str, symbol: str, here: Callable[[], Snapshot]) -> Snapshot | None:
        """Take note of a symbol about to be written, which a newline is after the last of the title.

        Args:
            title: so far.
            symbol: which it is.
            here: remembers the place before it.

        Returns:
            The place to draw again from: the beginning of a word, or of the title; None where the symbol is kept.
        """
        if _is_letter(symbol):
            if not _is_letter(title[-1:]):
                self._word = here()
            return None
        if _is_letter(title[-1:]) and self._refuses_word(title):
            return self._word
        self._word_redraws = 0
        if symbol != "\n":
            return None
        if self.refuses(title):
            return self.start
        self.start = self._word = None
        return None

    def _refuses_word(self, title: str) -> bool:
        """Whether the last word is to be drawn again."""
        words = words_in(title)
        if not words or self._word_redraws == _MOST_WORD_REDRAWS or self._known.has_word(words[-1]):
            return False
        self._word_redraws += 1
        return True

    def refuses(self, title: str) -> bool:
        """Whether a title is to be drawn again; else it is kept."""
        is_shameful = _SHAMEFUL.search(title.lower()) is not None
        names_another = bool(self._rhythm and rhythms_in(title) - {self._rhythm})
        if not (is_shameful or names_another or self._known.refuses(title)):
            return False
        self._redraws += 1
        return self._redraws <= (_MOST_SHAMEFUL if is_shameful else _MOST_REDRAWS)


def _is_letter(symbol: str) -> bool:
    return symbol.isalpha() or symbol == "'"
