"""Say, while a tune is written, which symbols may come next: by the grammar, or with the music left to the model.

A `FreeFilter` leaves it: what was asked for stands in the header, once, in its place. At the start of a header line the
model may begin a field that was not asked for or the next that was, and a field that was asked for is then
spelled out for it. The value of a field that was not asked for is the model's own. In the body the
filter only sees to it that there is one and that no line of it is a second header.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Self

from abclm.generation.abc.compass import Pitches
from abclm.generation.abc.grammar import way_to_end
from abclm.generation.abc.prompt import HEADER
from abclm.generation.constraint import Constraint
from abclm.notation.grammar import KEYS
from abclm.notation.grammar.tables import NOTE_LETTERS, bar_ticks, steps_of

if TYPE_CHECKING:
    from abclm.analysis.compass import Compass
    from abclm.generation.abc.masks import Masks
    from abclm.generation.abc.prompt import Prompt
    from abclm.generation.constraint import Mask
    from abclm.notation.grammar import Grammar, State

NO_PITCH = frozenset(("header", "field", "quoted", "forced"))  # what is forced is the pitch before
_NONE: frozenset[str] = frozenset()
_OCTAVE_MARKS = frozenset(",'")
_LONGEST = {letter: longest for _, letter, _, longest in HEADER}
_ORDER = "".join(_LONGEST)


class SymbolFilter(Constraint):
    """Follows one tune as it is written, a symbol at a time.

    Args:
        masks: over the model's vocabulary; the tunes share them.
        forced: the symbols that come first.

    Attributes:
        masks: as given.
        held_back: the octave marks that could come next and would leave the compass.
    """

    __slots__ = ("_forced", "ended", "held_back", "masks")

    def __init__(self, masks: Masks, forced: str = "") -> None:
        self.ended = False
        self.held_back = _NONE
        self.masks = masks
        self._forced = deque(forced)

    @property
    @abstractmethod
    def in_body(self) -> bool:
        """Whether the header is complete."""

    @property
    def in_music(self) -> bool:
        """Whether the header is complete, and the opening that was asked for written."""
        return not self._forced and self.in_body

    @property
    def in_last_bar(self) -> bool:
        """Whether what comes next belongs to the last bar of a part whose length is known, or begins there."""
        return False

    @property
    def parts_left(self) -> int:
        """How many parts of the form are left, with the one that is being written; 0 where it isn't known."""
        return 0

    @property
    def bars_left(self) -> int:
        """How many bars of the part are left, with the current one; 0 where it isn't known, and in a variant ending."""
        return 0

    def header_here(self) -> str:
        """The header of a tune that begins with what comes next."""
        return ""

    def takes_bar(self, text: str) -> bool:
        """Whether a text can come next and is a whole bar."""
        return False

    def copy(self) -> Self:
        """Return a filter that goes on from here by itself."""
        other = super().copy()
        other._forced = self._forced.copy()
        return other


class GrammarFilter(SymbolFilter):
    """Allows what leaves a tune a valid and tidy one that was asked for.

    Args:
        grammar: of the tunes that were asked for.
        masks: over the model's vocabulary, which has the 83 symbols; the tunes share them.
        opening: music that the body begins with, which the grammar allows.
        max_length: characters that the tune has at most: near it, the tune is led to its end.
        compass: that the tune keeps, its opening aside; any by default.
    """

    __slots__ = (
        "_compass", "_grammar", "_is_after_opening", "_key", "_left", "_opening", "_pitches", "_state", "_steered_from",
    )  # fmt: skip

    def __init__(
        self, grammar: Grammar, masks: Masks, opening: str, max_length: int, compass: Compass | None = None
    ) -> None:
        super().__init__(masks)
        self._grammar, self._compass, self._pitches = grammar, compass, Pitches.of()
        self._state = grammar.start()
        self._opening, self._is_after_opening = opening, False
        self._key = ""  # in force
        self._left = max_length
        # After the header the way to the end is never longer than before it.
        self._steered_from = grammar.longest_finish(self._state) + len(opening)

    @property
    def in_body(self) -> bool:
        """Whether the header is complete."""
        return self._state.lex != "header"

    @property
    def in_last_bar(self) -> bool:
        """Whether what comes next belongs to the last bar of a part whose length is known, or begins there."""
        if self._state.place.bars_left not in (1, 2):
            return False
        return self._bars_left == 1 and self._state.local.ending != 1 and self.in_music

    @property
    def parts_left(self) -> int:
        """How many parts of the form are left, with the one that is being written; 0 where it isn't known."""
        return self._state.place.parts_left

    @property
    def bars_left(self) -> int:
        """How many bars of the part are left, with the current one; 0 where it isn't known, and in a variant ending."""
        return 0 if self._state.local.ending else self._bars_left

    def header_here(self) -> str:
        """The header of a tune that begins with what comes next."""
        local = self._state.local
        return f"X:1\nM:{local.meter}\nL:{local.unit}\nK:{self._key}\n"

    def takes_bar(self, text: str) -> bool:
        """Whether a text can come next and is a whole bar."""
        try:
            after = self._grammar.follow(text, self._state)
        except ValueError:
            return False
        return after.lex != "bar" and not self._grammar.allowed(after).isdisjoint("|:")

    @property
    def _bars_left(self) -> int:
        local, left = self._state.local, self._state.place.bars_left
        # The grammar counts a bar when the symbol after its bar line shows that the line is complete.
        return (
            left - 1 if left > 1 and local.lex == "bar" and local.filled == bar_ticks(local.meter) else left
        )

    def allowed(self) -> Mask:
        """Return which symbols may come next."""
        self.held_back = _NONE
        if self._forced:
            return self.masks.only(self._forced[0])
        grammar, state = self._grammar, self._state
        if self._left <= self._steered_from and self._left <= grammar.longest_finish(state) + len(
            self._opening
        ):
            way = way_to_end(grammar, state, self._opening)
            # One symbol more may need a longer way to the end than this one.
            if len(way) + grammar.detour(state) >= self._left:
                self._forced.extend(way)
                self._opening = ""
                return self.masks.only(way[0])
        symbols = grammar.tidy(state)
        if self._is_after_opening:  # its last note keeps its pitch
            symbols -= _OCTAVE_MARKS
        if state.lex == "field" and state.local.text.startswith("K:"):
            others = [key for key in KEYS if key != self._key]
            symbols &= steps_of(others, state.local.text[2:], "]")
        elif self._compass and (without := outside(self._compass, state, self._pitches)):
            self.held_back = _OCTAVE_MARKS & without & symbols
            return self.masks.only_these(symbols, without)
        return self.masks.only_these(symbols)

    def advance(self, token_id: int) -> None:
        """Take note of the symbol that was written."""
        self._is_after_opening = len(self._forced) == 1
        if self._forced:
            self._forced.popleft()
        symbol, before = self.masks.symbols[token_id], self._state
        self._state = state = self._grammar.advance(before, symbol)
        self._left -= 1
        lex = before.lex
        if lex not in NO_PITCH:
            self._pitches = self._pitches.add(symbol)
        elif lex in ("header", "field") and symbol in "\n]" and before.local.text.startswith("K:"):
            self._key = before.local.text[2:]
            self._pitches = self._pitches.in_key(self._key)
        if symbol == "]" and lex == "bar" and not self._forced:
            self._forced.extend("\n\n")  # nothing comes after the tune's end
        lex = state.lex
        self.ended = lex == "end"
        if self._opening and lex != "header":
            self._forced.extend(self._opening)
            self._opening = ""


def outside(compass: Compass, state: State, pitches: Pitches) -> frozenset[str]:
    """The symbols that lead out of a compass, as far as the state doesn't call for them."""
    lex, local = state.lex, state.local
    if lex in NO_PITCH or local.tie:
        return _NONE
    found = pitches.outside(compass)
    # In a chord the same letter again would need an octave mark.
    return found | NOTE_LETTERS.intersection(local.text) if lex == "chord" else found


class FreeFilter(SymbolFilter):
    """Sees to the header of a tune, and leaves its music to the model.

    Args:
        prompt: the header fields and the opening that were asked for.
        masks: over the model's vocabulary; the tunes share them.

    Raises:
        ModelError: the vocabulary lacks a symbol that the header or the opening needs.
    """

    __slots__ = ("_body_is_empty", "_fields_left", "_line", "_prompt")

    def __init__(self, prompt: Prompt, masks: Masks) -> None:
        super().__init__(masks, "X:1\n")
        masks.require("X:1\nK", *prompt.header, *prompt.header.values(), prompt.opening)
        self._prompt = prompt
        self._fields_left = _ORDER  # empty once the body has begun
        self._line = ""
        self._body_is_empty = True

    @property
    def in_body(self) -> bool:
        """Whether the header is complete."""
        return not self._fields_left

    def allowed(self) -> Mask:
        """Return which symbols may come next."""
        if self._forced:
            return self.masks.only(self._forced[0])
        if not self._fields_left:
            return self._allowed_in_body()
        if not self._line:
            return self.masks.only(self._next_fields())
        return self._allowed_in_field()

    def advance(self, token_id: int) -> None:
        """Take note of the symbol that was written."""
        character = self.masks.symbols[token_id]
        if self._forced:
            self._forced.popleft()
        elif self._fields_left and not self._line:
            self._begin_field(character)
        if character != "\n":
            self._line += character
            self._body_is_empty = self._body_is_empty and bool(self._fields_left)
            return
        if self._fields_left and self._line.startswith("K:"):
            self._fields_left = ""
            self._forced.extend(self._prompt.opening)
        elif not self._fields_left and not self._line:
            self.ended = True
        self._line = ""

    def _next_fields(self) -> str:
        """The fields that may stand on this line: up to the next that was asked for, or to the key."""
        for place, letter in enumerate(self._fields_left):
            if letter in self._prompt.header or letter == "K":
                return self._fields_left[: place + 1]
        raise AssertionError("a header's last field is its key")

    def _begin_field(self, letter: str) -> None:
        # The key stays, as the sign that the header is not over: its line is still to be written.
        self._fields_left = self._fields_left[self._fields_left.index(letter) + (letter != "K") :]
        value = self._prompt.header.get(letter)
        self._forced.extend(":" if value is None else f":{value}\n")

    def _allowed_in_field(self) -> Mask:
        written = len(self._line) - len("K:")
        if written == _LONGEST[self._line[0]]:
            return self.masks.only("\n")
        if written == 0 or self._line[-1] == " ":
            return self.masks.all_but("\n ")
        if written == _LONGEST[self._line[0]] - 1:
            return self.masks.all_but(" ")  # it could not be followed by anything
        return self.masks.everything

    def _allowed_in_body(self) -> Mask:
        if self._body_is_empty:
            return self.masks.all_but("\n ")
        if not self._line:
            return self.masks.all_but(" ")  # a line of spaces alone would end the tune before its end
        if len(self._line) == 1 and self._line.isalpha():
            return self.masks.all_but(":")  # a letter and a colon begin an information field
        return self.masks.everything
