"""Turn symbols that are drawn into the text of one tune, whose title and some bars are drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abclm.generation.abc.masks import both
from abclm.generation.draft import Draft

if TYPE_CHECKING:
    import numpy as np

    from abclm.generation.abc.bars import Bars
    from abclm.generation.abc.ending import Ending
    from abclm.generation.abc.given.planned import PlannedBars
    from abclm.generation.abc.symbol_filter import SymbolFilter
    from abclm.generation.abc.title import Title
    from abclm.generation.constraint import Mask
    from abclm.generation.draft import Here, Snapshot
    from abclm.models.context import Context
    from abclm.models.recall import Cache
    from abclm.tokenizers.characters import CharacterTokenizer

_BEFORE, _BAR_LINE = (
    "\1",
    "\0",
)  # in what is copied: any bar line before the first bar of a part, and after any bar


class TuneDraft(Draft):
    """One attempt at one tune.

    Args:
        symbol_filter: says which symbols may come next.
        random: where the random numbers of this attempt come from.
        max_length: characters that the tune has at most.
        tokenizer: the model's.
        index: which of the tunes, from 0.
        attempt: which try, from 0.
        cache, context: as for `Draft`.
        bars: which bars are drawn again; none by default.
        ending: how the last bar is drawn; as any other by default.
        title: how the title is drawn; once by default.
        planned: which bars are copied; by default those of the ends of parts.

    Attributes:
        wrong_octaves: how many notes stand in another octave than the likeliest, which is outside the compass.
    """

    __slots__ = (
        "_allowed",
        "_bars",
        "_bars_before",
        "_copied",
        "_copy",
        "_ending",
        "_in_last_bar",
        "_planned",
        "_title",
        "_tokenizer",
        "attempt",
        "index",
        "wrong_octaves",
    )

    constraint: SymbolFilter

    def __init__(
        self,
        symbol_filter: SymbolFilter,
        random: np.random.Generator,
        max_length: int,
        tokenizer: CharacterTokenizer,
        *,
        index: int = 0,
        attempt: int = 0,
        cache: Cache | None = None,
        context: Context | None = None,
        bars: Bars | None = None,
        ending: Ending | None = None,
        title: Title | None = None,
        planned: PlannedBars | None = None,
    ) -> None:
        super().__init__(symbol_filter, random, max_length, cache, context)
        self._tokenizer = tokenizer
        self.index, self.attempt = index, attempt
        self._bars, self._bars_before = bars, bars  # the last bar
        self._ending, self._title, self._planned = ending, title, planned
        self._in_last_bar = False  # of a part: once it was, though a bar may be taken back after that
        self._copy = ""  # what comes next for sure, as far as the grammar allows it
        self._copied = False  # whether the last bar is such
        self.wrong_octaves = 0

    @property
    def text(self) -> str:
        """What is written."""
        return self.text_of(0, len(self.ids))

    def text_of(self, begin: int, end: int) -> str:
        """Return a part of what is written."""
        symbols = self._tokenizer.symbols
        return "".join([symbols[token_id] for token_id in self.ids[begin:end]])

    @property
    def settled(self) -> int:
        """How many of the characters will not be taken back."""
        starts = [
            rule.start.length for rule in (self._title, self._bars, self._ending) if rule and rule.start
        ]
        return min(starts, default=len(self.ids))

    def drawable(self) -> Mask:
        """Return which symbols may be drawn next: any, where those that are not allowed can be taken back."""
        constraint = self.constraint
        self._allowed = allowed = constraint.allowed()
        if self._copy:
            # A last note without a length could get one.
            now, then = self._copy[0], self._copy[1:2]
            copied = constraint.masks.only(
                "|:" if now == _BAR_LINE else f"|:\n{then}" if now == _BEFORE else now
            )
            if 1 in (found := both(allowed, copied)):
                return found
            self._copy, self._copied = "", False
        if (title := self._title) and (title.start or self._begins_title):
            found = both(allowed, title.drawable(constraint.masks))
            if 1 in found:  # else it has no room for a whole word
                return found
        if self._bars and self._bars.may_break and constraint.in_music:
            return constraint.masks.everything
        return allowed

    def take(self, token_id: int, here: Here) -> Snapshot | None:
        """Write a symbol, or go back to the beginning of the title, the bar or, where it ends a part, its last bar."""
        constraint, symbol = self.constraint, self._tokenizer.symbols[token_id]
        if constraint.held_back:
            likeliest = int(here.scores[: len(self._tokenizer)].argmax())
            self.wrong_octaves += self._tokenizer.symbols[likeliest] in constraint.held_back
        if self._title and not constraint.in_body and (start := self._title_again(symbol, here)):
            return self.rewind(start)
        if self._bars and not self._copy and (start := self._bar_again(symbol, token_id, here)):
            return self.rewind(start)
        parts_left = constraint.parts_left
        if self._copy:
            if self._copy.startswith(_BEFORE):
                self._copy = self._copy[2:] if symbol == self._copy[1] else self._copy
            else:
                self._copy = self._copy[1:]
        elif self._in_last_bar:
            self._follow_ending(symbol, token_id, max(parts_left, 1), here)
        self.add(token_id)
        if self._ending:
            if self.ended or constraint.parts_left < parts_left > 1:
                if start := self._after_ending(max(parts_left, 1), here):
                    return start
            elif not self._in_last_bar:
                self._in_last_bar = constraint.in_last_bar
        if not self._copy and (symbol == "|" or self._planned):
            self._begin_copy(symbol)
        return None

    def _bar_again(self, symbol: str, token_id: int, here: Here) -> Snapshot | None:
        """The beginning of the bar, where it is to be drawn again before this symbol."""
        bars, ending, in_music = self._bars, self._ending, self.constraint.in_music
        assert bars is not None
        if in_music and bars.begins(symbol):
            bars.start = self.snapshot(here)
        if not bars.refuses(symbol, bool(self._allowed[token_id]), in_music, here.number):
            return None
        assert bars.start is not None
        if ending and ending.start and ending.start.length > bars.start.length:
            ending.start = None  # of symbols that are taken back
        return bars.start

    def _follow_ending(self, symbol: str, token_id: int, parts_left: int, here: Here) -> None:
        """Take note of a symbol of the last bar of a part, which is about to be written."""
        ending = self._ending
        assert ending is not None
        if self._copied or not ending.matters(parts_left):
            return
        if ending.start is None:
            ending.begin(self.snapshot(here), self.text, self.constraint.header_here())
            self._bars_before = self._bars and self._bars.fresh()
        ending.follow(symbol, token_id, here)

    def _after_ending(self, parts_left: int, here: Here) -> Snapshot | None:
        """Keep what is written, which ends a part, or go back to its last bar."""
        ending = self._ending
        assert ending is not None
        if ending.start and not self._copy and (start := self._end(ending, parts_left, here)):
            return start
        ending.end()
        self._in_last_bar = self._copied = False
        return None

    def _begin_copy(self, symbol: str) -> None:
        """Copy the bar that begins here, where the plan or the end of the part has it like one before."""
        ending, constraint = self._ending, self.constraint
        if self._planned and self.context:
            bar = self._planned.follow(symbol, self.context.place)
        elif ending and symbol == "|" and constraint.bars_left <= ending.alike(constraint.parts_left):
            bar = self._bar_before(constraint.bars_left)
        else:
            return
        if bar and (bars_left := constraint.bars_left) and constraint.takes_bar(bar):
            first = self.context is not None and not self.context.place.bars
            self._copy = f"{_BEFORE if first else ''}{bar}{_BAR_LINE}"
            self._copied = bars_left == 1

    def _bar_before(self, bars_left: int) -> str:
        """The bar of the part before that has as many bars after it, if a bar of another such part begins here."""
        place = self.context.place if self.context else None
        if place is None or not bars_left or place.text or not place.bars or len(place.before) < bars_left:
            return ""
        return place.before[-bars_left][:-1]

    @property
    def _begins_title(self) -> bool:
        return self.text_of(-3, len(self.ids)) == "\nT:"

    def _title_again(self, symbol: str, here: Here) -> Snapshot | None:
        """The beginning of the title, where it is to be drawn again before this symbol."""
        title = self._title
        assert title is not None
        start = title.start
        if start is None:
            if not self._begins_title:
                return None
            start = self.snapshot(here)
            title.begin(start)
        written = self.text_of(start.length, len(self.ids)) if symbol == "\n" else ""
        start = title.take(written, symbol)
        if title.start is None:
            self._title = None  # it is kept
        return start

    def _end(self, ending: Ending, parts_left: int, here: Here) -> Snapshot | None:
        """Keep the part, which is complete, or one that was complete before, or go back to its last bar."""

        start, written = ending.start, self.text
        assert start is not None
        text = ending.take(written, parts_left, here.number)
        if text == written:
            return None
        if text and self.ended:
            self.ids = self._tokenizer.encode(text).tolist()
            return None
        self._bars = self._bars_before and self._bars_before.fresh()
        if text:
            self._copy = text[start.length :]
            ending.end()
        return self.rewind(start)
