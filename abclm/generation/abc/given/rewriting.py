"""Turn a tune and the bars of it that are asked for into the same tune with other music in these bars.

Bars b are wanted of p(b | what is before and what is after) ∝ p(b | before) · p(after | before, b). They are drawn from
p(b | before) under the grammar, all else as it stands, and each draw of the whole tune is kept with a probability in
proportion to p(after | before, b): that of all kept symbols behind the first new bar (importance resampling, Rubin
1987). So what follows the new bars is what the model would have go on from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.generation.abc.compass import Pitches
from abclm.generation.abc.draft import TuneDraft
from abclm.generation.abc.symbol_filter import NO_PITCH, SymbolFilter, outside
from abclm.generation.sampling import log_probability
from abclm.notation.grammar import Grammar

if TYPE_CHECKING:
    from abclm.analysis.compass import Compass
    from abclm.generation.abc.given.tune import Gaps
    from abclm.generation.abc.masks import Masks
    from abclm.generation.constraint import Mask
    from abclm.generation.draft import Here, Snapshot
    from abclm.notation.grammar import State

_MOST_REDRAWS = 64  # of a bar that can't end where it has to; then it stays what it was
_CHORD = frozenset("ABCDEFGabcdefg^_=")
_CLOSING = frozenset("|:")
_GRAMMAR = Grammar()
_LEAST = -1e6  # of a logarithm that is infinite in float32


class GapFilter(SymbolFilter):
    """Allows the kept symbols of a tune, and in each gap any bar of its length.

    Args:
        gaps: the tune and the bars that are written anew.
        masks: over the model's vocabulary, which has the 83 symbols; the tunes share them.
        compass: that the new bars keep; any by default.

    Attributes:
        passed: gaps that are written.
    """

    __slots__ = ("_compass", "_gaps", "_header_left", "_kept", "_pitches", "_state", "passed")

    def __init__(self, gaps: Gaps, masks: Masks, compass: Compass | None = None) -> None:
        self._gaps, self._kept = gaps, gaps.kept()
        self._compass, self._pitches = compass, Pitches.of()
        super().__init__(masks, self._kept[0])
        self._header_left = gaps.body_start  # symbols
        self._state: State | None = None  # of the bar
        self.passed = 0

    @property
    def in_body(self) -> bool:
        """Whether the header is complete."""
        return self._header_left <= 0

    @property
    def in_gap(self) -> bool:
        """Whether what comes next is not kept."""
        return not self._forced

    @property
    def at_gap(self) -> bool:
        """Whether a gap begins here."""
        return not self._forced and self._state is None

    @property
    def is_stuck(self) -> bool:
        """Whether the bar can neither go on nor end."""
        return not self._forced and not self.ended and not self._symbols()

    def allowed(self) -> Mask:
        """Return which symbols may come next."""
        if self._forced:
            return self.masks.only(self._forced[0])
        return self.masks.only_these(self._symbols())

    def advance(self, token_id: int) -> None:
        """Take note of the symbol that was written."""
        symbol = self.masks.symbols[token_id]
        if not self._forced and symbol in _CLOSING:
            self.keep()
        if not self._forced:
            state, pitches = self._here(), self._pitches_here()
            self._pitches = pitches if state.lex in NO_PITCH else pitches.add(symbol)
            self._state = _GRAMMAR.advance(state, symbol)
            return
        self._forced.popleft()
        self._header_left -= 1
        self.ended = not self._forced and self.passed == len(self._gaps.gaps)

    def keep(self, bar: str = "") -> None:
        """End the gap, with these symbols still to come of it, and go on with what is kept."""
        self.passed += 1
        self._state = None
        self._forced.extend(bar + self._kept[self.passed])

    def as_it_was(self) -> str:
        """The music that stood in the gap."""
        span = self._gaps.gaps[self.passed].span
        return self._gaps.text[span.begin : span.end]

    def _here(self) -> State:
        return self._state or _GRAMMAR.follow(self._gaps.gaps[self.passed].before)

    def _pitches_here(self) -> Pitches:
        if self._state is not None:
            return self._pitches
        gap, pitches = self._gaps.gaps[self.passed], Pitches.of()
        pitches = pitches.in_key(gap.key)
        for symbol in gap.before.rpartition("\n")[2]:
            pitches = pitches.add(symbol)
        return pitches

    def _symbols(self) -> frozenset[str]:
        """What may come next in the gap. The grammar takes its bar for the first of a tune, which may end anywhere."""
        state = self._here()
        symbols = _GRAMMAR.tidy(state) - {"\n"}
        if state.lex == "bracket":
            symbols &= _CHORD
        if self._compass:
            symbols -= outside(self._compass, state, self._pitches_here())
        if "|" not in symbols:
            return symbols
        symbols -= _CLOSING
        after = _GRAMMAR.advance(state, "|").local
        if after.filled != self._gaps.gaps[self.passed].filled:
            return symbols
        symbols -= {"-"}
        closing = self._kept[self.passed + 1][0]
        if after.tie or (closing == ":" and state.local.alone):  # a note and a colon are a field
            return symbols
        return symbols | {closing}


class RewritingDraft(TuneDraft):
    """One draw of a tune with new bars.

    Attributes:
        counted: places of the kept symbols behind the first new bar.
        chance: natural logarithm of their probability.
    """

    __slots__ = ("_redraws", "_start", "chance", "counted")

    constraint: GapFilter

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._start: Snapshot | None = None
        self._redraws = 0  # of the bar
        self.counted: list[int] = []
        self.chance = 0.0

    @property
    def settled(self) -> int:
        """How many of the characters will not be taken back: none before all draws are compared."""
        return len(self.ids) if self.ended else 0

    def take(self, token_id: int, here: Here) -> Snapshot | None:
        """Write a symbol, or go back to the beginning of a bar that comes to a dead end."""
        was_in_gap, passed = self.constraint.in_gap, self.constraint.passed
        if self.constraint.at_gap:
            self._start = self.snapshot(here)
        self.add(token_id)
        if was_in_gap and self.constraint.is_stuck:
            return self._again()
        if self.constraint.passed > passed:
            self._redraws = 0
        if self.constraint.passed and (not was_in_gap or self.constraint.passed > passed):
            self.counted.append(len(self.ids) - 1)
            self.chance += log_probability(here.logits, token_id)
        return None

    def _again(self) -> Snapshot:
        assert self._start is not None
        start = self.rewind(self._start)
        self._redraws += 1
        if self._redraws == _MOST_REDRAWS:
            self._redraws = 0
            self.constraint.keep(self.constraint.as_it_was())
        return start


def resample(chances: Sequence[float], number: float) -> int:
    """Draw one of several by their weights.

    Args:
        chances: natural logarithms of the weights.
        number: from 0 up to but not 1.

    Returns:
        Its place.
    """
    logarithms = np.maximum(chances, _LEAST)
    weights = np.exp(logarithms - logarithms.max())
    shares = np.cumsum(weights) / weights.sum()
    return min(int((shares <= number).sum()), len(chances) - 1)
