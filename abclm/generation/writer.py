"""Turn symbols that are drawn into the text of one tune: what is written, what may come next, what is taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.guide import GrammarGuide, Guide
    from abclm.generation.options import GenerationOptions
    from abclm.generation.step import State

_MOST_REDRAWN = 16  # times in a row that a bar is drawn anew
_NOTE_LETTERS = frozenset("ABCDEFGabcdefg")
_BETWEEN_BARS = frozenset("|:]123456789 \n")


class Writer:
    """One attempt at one tune.

    With `bar_repetition` below 1, a bar that the tune has already is kept with that probability, to the power of
    how often it is there, and else drawn anew from its beginning. So the bars follow the model's distribution, each
    weighted by that factor. Bars of a single note are let be: they are upbeats and endings.

    Args:
        options: what to write.
        guide: says what may come next.
        index: which of the tunes, from 0.
        attempt: which try, from 0. Each attempt at each tune has random numbers of its own.
    """

    __slots__ = (
        "_bar", "_bar_began", "_bars", "_keeps", "_max_length", "_redrawn", "attempt", "guide", "index", "random",
        "text",
    )  # fmt: skip

    def __init__(
        self, options: GenerationOptions, guide: GrammarGuide | Guide, index: int, attempt: int
    ) -> None:
        self.index, self.attempt = index, attempt
        self.text = ""
        self.guide = guide
        self._max_length = options.max_length
        self.random = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(index, attempt)))
        self._keeps = options.bar_repetition
        self._bars: Counter[str] = Counter()
        self._bar = ""
        self._redrawn = 0
        self._bar_began: tuple[int, GrammarGuide | Guide, State, npt.NDArray[np.float32]] | None = None

    @property
    def settled(self) -> int:
        """How many of the characters written will not be taken back."""
        return len(self.text) if self._bar_began is None else self._bar_began[0]

    def write(self, character: str) -> bool:
        """Add a symbol that the guide allows; true if the tune is complete then, or as long as it may be."""
        self.text += character
        self.guide.advance(character)
        return self.guide.ended or len(self.text) == self._max_length

    def begins_bar(self, character: str) -> bool:
        """Whether a symbol is the first of a bar that could be taken back."""
        return not self._bar and character not in _BETWEEN_BARS and self.guide.in_music

    def remember(self, state: State, logits: npt.NDArray[np.float32]) -> None:
        """Keep what it takes to begin this bar again: the state and the logits before its first symbol."""
        self._bar_began = len(self.text), self.guide.copy(), state, logits

    def refuses(self, character: str, number: Callable[[], float]) -> bool:
        """Take note of a symbol about to be written; true if it completes a bar that is to be drawn anew.

        Args:
            character: the symbol.
            number: gives a random number, from 0 up to but not 1.
        """
        if not self.guide.in_music:
            self._bar, self._bar_began = "", None
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
            and self._bar_began
            and self._redrawn < _MOST_REDRAWN
            and number() >= self._keeps ** self._bars[bar]
        ):
            self._redrawn += 1
            return True
        self._redrawn, self._bar_began = 0, None
        self._bars[bar] += 1
        return False

    def begin_bar_again(self) -> tuple[State, npt.NDArray[np.float32]]:
        """Take back the bar that was refused; returns the state and the logits before its first symbol."""
        assert self._bar_began is not None
        length, guide, state, logits = self._bar_began
        self.text, self.guide = self.text[:length], guide.copy()
        return state, logits
