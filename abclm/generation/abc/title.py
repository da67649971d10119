"""Turn titles as they are drawn into the one that a tune keeps: what no title should have is drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abclm.analysis.titles import is_odd, is_shameful, words_of
from abclm.notation.fields import rhythms_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from abclm.generation.draft import Snapshot

_MOST_REDRAWS = 16  # more than are needed where one title in ten names a dance
_MOST_SHAMEFUL = 200
_MOST_WORDS = 100  # that are drawn again in one tune; about one word in four is no word


class Title:
    """The title of one tune, as often as it is drawn.

    A title that names another dance than the tune's is drawn again, and one with a dash between words, which sets off
    names of dances in old books. So is one that a training tune has, as this is another tune, one with signs that titles
    hardly have, and, however often, one with a word to be ashamed of. A word that is in none of the titles that the model
    learned from is drawn again by itself.

    Args:
        rhythm: of the tune; empty where it isn't known.
        words: of titles, as `words_of` gives them; empty where any letters will do.
        titles: of training tunes, their words as `words_of` gives them with spaces between.

    Attributes:
        start: where the title begins, while it may be drawn again.
    """

    __slots__ = ("_redraws", "_rhythm", "_titles", "_word", "_words", "_words_left", "start")

    def __init__(
        self, rhythm: str, words: frozenset[str] = frozenset(), titles: frozenset[str] = frozenset()
    ) -> None:
        self._rhythm, self._words, self._titles = rhythm, words, titles
        self._redraws, self._words_left = 0, _MOST_WORDS if words else 0
        self._word: Snapshot | None = None  # where the word begins that is under way
        self.start: Snapshot | None = None

    def goes_back_to(self, symbol: str, header: str, here: Callable[[], Snapshot]) -> Snapshot | None:
        """Where the title is drawn again from, if it is.

        Args:
            symbol: that was drawn last.
            header: what is written before it.
            here: makes the snapshot of this place.
        """
        if symbol.isalpha() or (symbol == "'" and self._word):
            self._word = self._word or (here() if self._words_left else None)
            return None
        word, self._word = self._word, None
        if word and self._words_left and not self._words.issuperset(words_of(header[word.length :])):
            self._words_left -= 1
            return word
        if symbol == "-" and self._words and header.endswith((" ", "-")) and self._redraws < _MOST_REDRAWS:
            self._redraws += 1
            return self.start
        return self.start if symbol == "\n" and self.refuses(header) else None

    def refuses(self, header: str) -> bool:
        """Whether a whole title is to be drawn again; else it is kept.

        Args:
            header: up to the end of the title, without its newline.
        """
        title = header.rpartition("T:")[2]
        most = _MOST_SHAMEFUL if (shameful := is_shameful(title)) else _MOST_REDRAWS
        names_another = bool(self._rhythm and rhythms_in(title) - {self._rhythm})
        is_known = bool(self._titles) and " ".join(words_of(title)) in self._titles
        if self._redraws < most and (
            shameful or names_another or is_known or (self._words and is_odd(title))
        ):
            self._redraws += 1
            return True
        self.start = None
        return False
