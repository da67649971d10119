"""Turn symbols that are drawn into the text of one tune: what is written, what may come next, what is taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from abclm.generation.abc.ending import BarStart, Ending
from abclm.models.recall import Cache

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.abc.symbol_filter import GrammarGuide, Guide
    from abclm.generation.options import GenerationOptions
    from abclm.models.architecture import State

    Logits = npt.NDArray[np.float32]

_MOST_REPETITIONS = 16  # times in a row that a bar is drawn anew because the tune has it already
_NOTE_LETTERS = frozenset("ABCDEFGabcdefg")
_BETWEEN_BARS = frozenset("|:]123456789 \n")


class Writer:
    """One attempt at one tune.

    With `bar_redraws`, a bar in which the model draws what the grammar does not allow is drawn anew from its beginning,
    so often at most; then the grammar has its way, symbol by symbol. So the bars follow the model's distribution of
    whole bars that are allowed, and not one in which each symbol is drawn as if nothing behind it had to fit.

    With `bar_repetition` below 1, a bar that the tune has already is kept with that probability, to the power of
    how often it is there, and else drawn anew. So the bars follow the model's distribution, each weighted by that
    factor. Bars of a single note are let be: they are upbeats and endings.

    With `ending_draws` above 1, the last bar of a form is drawn until the model itself would end there; see `Ending`.

    Args:
        options: what to write.
        guide: says what may come next.
        index: which of the tunes, from 0.
        attempt: which try, from 0. Each attempt at each tune has random numbers of its own.
        cache: the weights of the model's cache; none by default.
        on_tonic: whether the last bar, where it may be drawn anew, should end on the tonic.
    """

    __slots__ = (
        "_bar", "_bar_start", "_bars", "_bars_before", "_keeps", "_max_length", "_most_endings", "_most_redraws",
        "_on_tonic", "_redraws", "_repetitions", "attempt", "cache", "ending", "guide", "in_last_bar", "index",
        "random", "text",
    )  # fmt: skip

    def __init__(
        self,
        options: GenerationOptions,
        guide: GrammarGuide | Guide,
        index: int,
        attempt: int,
        cache: Sequence[float] = (),
        on_tonic: bool = False,
    ) -> None:
        self.cache = Cache(cache) if cache else None
        self.index, self.attempt = index, attempt
        self.text = ""
        self.guide = guide
        self._max_length = options.max_length
        self.random = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(index, attempt)))
        # At temperature 0 the next draw would be the same.
        self._most_redraws = options.bar_redraws if options.constrained and options.temperature else 0
        self._on_tonic = on_tonic
        self._most_endings = options.ending_draws if options.constrained and options.temperature else 1
        self._keeps = options.bar_repetition
        self._bars: Counter[str] = Counter()
        self._bar = ""
        self._bar_start: BarStart | None = None
        self._redraws = self._repetitions = 0  # of this bar, for either reason
        self.ending: Ending | None = None
        self.in_last_bar = False  # that may be drawn anew
        self._bars_before: Counter[str] = Counter()  # the last

    @property
    def takes_back(self) -> bool:
        """Whether there are bars that may be drawn anew."""
        return self._keeps < 1 or self._most_redraws > 0

    @property
    def is_free(self) -> bool:
        """Whether the model may draw any symbol, as what is not allowed can be taken back."""
        return self._redraws < self._most_redraws and self._bar_start is not None and self.guide.in_music

    @property
    def settled(self) -> int:
        """How many of the characters written will not be taken back."""
        starts = (self._bar_start, self.ending and self.ending.start)
        return min((start.length for start in starts if start), default=len(self.text))

    def write(self, character: str) -> bool:
        """Add a symbol that the guide allows; true if the tune is complete then, or as long as it may be."""
        self.text += character
        if self.cache:
            self.cache.add(character)
        self.guide.advance(character)
        if self._most_endings > 1 and not self.in_last_bar:
            self.in_last_bar = self.guide.in_last_bar
        return self.guide.ended or len(self.text) == self._max_length

    def begins_bar(self, character: str) -> bool:
        """Whether a symbol is the first of a bar that could be taken back."""
        return not self._bar and character not in _BETWEEN_BARS and self.guide.in_music

    def remember(self, state: State, logits: Logits) -> None:
        """Keep what it takes to begin this bar again: the state and the logits before its first symbol."""
        self._bar_start = self._here(state, logits)

    def begin_ending(self, state: State, logits: Logits) -> Ending:
        """Begin the last bar, with what it takes to begin it again."""
        self._bars_before = self._bars.copy()
        self.ending = Ending(self._most_endings, self._on_tonic, self._here(state, logits))
        return self.ending

    def begin_ending_again(self) -> tuple[State, Logits]:
        """Take back the last bar; returns the state and the logits before its first symbol."""
        assert self.ending is not None
        self._bars, self._bar_start = self._bars_before.copy(), None
        self._redraws = self._repetitions = 0
        return self._go_back(self.ending.start)

    def refuses(self, character: str, number: Callable[[], float]) -> bool:
        """Take note of a symbol about to be written; true if it completes a bar that is to be drawn anew.

        Args:
            character: the symbol, which is allowed.
            number: gives a random number, from 0 up to but not 1.
        """
        if not self.guide.in_music:
            self._bar, self._bar_start = "", None
            return False
        is_field = character == ":" and self._bar[-2:-1] == "["
        if character not in "|:" or is_field:
            if character not in " \n" and (self._bar or character not in _BETWEEN_BARS):
                self._bar += character
            return False
        bar, self._bar = self._bar, ""
        notes = sum(symbol in _NOTE_LETTERS for symbol in bar)
        if (
            notes > 1
            and self._bar_start
            and self._repetitions < _MOST_REPETITIONS
            and number() >= self._keeps ** self._bars[bar]
        ):
            self._repetitions += 1
            return True
        self._redraws, self._repetitions, self._bar_start = 0, 0, None
        self._bars[bar] += 1
        return False

    def begin_bar_again(self, *, not_allowed: bool) -> tuple[State, Logits]:
        """Take back the bar; returns the state and the logits before its first symbol.

        Args:
            not_allowed: whether it is because of a symbol that is not allowed.
        """
        assert self._bar_start is not None
        self._redraws += not_allowed
        return self._go_back(self._bar_start)

    def _here(self, state: State, logits: Logits) -> BarStart:
        cache = self.cache.copy() if self.cache else None
        return BarStart(len(self.text), self.guide.copy(), cache, state, logits)

    def _go_back(self, start: BarStart) -> tuple[State, Logits]:
        self._bar, self.text, self.guide = "", self.text[: start.length], start.guide.copy()
        self.cache = start.cache.copy() if start.cache else None
        return start.state, start.logits
