"""Say, while a tune is written, which symbols may come next: a guide for tunes by the grammar, one for free ones.

The free guide: what was asked for stands in the header, once, in its place: at the start of a header line the model
may begin a field that was not asked for or the next that was, and a field that was asked for is then
spelled out for it. The value of a field that was not asked for is the model's own. In the body the
guide only sees to it that there is one and that no line of it is a second header.
"""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from abclm.errors import ModelError
from abclm.generation.abc.grammar import way_to_end
from abclm.generation.abc.prompt import HEADER

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.options import GenerationOptions
    from abclm.notation.grammar import Grammar
    from abclm.tokenizers.characters import CharacterTokenizer

    Mask = npt.NDArray[np.bool_]

_LONGEST = {letter: longest for _, letter, _, longest in HEADER}
_ORDER = "".join(_LONGEST)


class GrammarGuide:
    """Follows one tune as it is written, and allows what leaves it a valid one that was asked for.

    Args:
        grammar: of the tunes that were asked for.
        masks: over the model's vocabulary, which has the 83 symbols; the tunes share them.
        opening: music that the body begins with, which the grammar allows.
        max_length: characters that the tune has at most: near it, the tune is led to its end.
    """

    __slots__ = ("_forced", "_grammar", "_left", "_masks", "_opening", "_state", "_steered_from", "ended")

    def __init__(self, grammar: Grammar, masks: Masks, opening: str, max_length: int) -> None:
        self.ended = False  # whether the tune is complete
        self._grammar = grammar
        self._masks = masks
        self._state = grammar.start()
        self._opening = opening
        self._forced: deque[str] = deque()
        self._left = max_length
        # Behind the header the way to the end is never longer than before it.
        self._steered_from = grammar.longest_finish(self._state) + len(opening)

    @property
    def in_music(self) -> bool:
        """Whether the header is complete, and the opening that was asked for written."""
        return self._state.lex != "header" and not self._forced

    @property
    def in_last_bar(self) -> bool:
        """Whether what comes next belongs to the last bar of a tune whose form is known; or to what begins there."""
        local = self._state.local
        return local.bars_left == 1 and local.final and local.ending != 1 and self.in_music

    def copy(self) -> GrammarGuide:
        """A guide that goes on from here by itself."""
        other = copy.copy(self)
        other._forced = self._forced.copy()
        return other

    def allowed(self) -> Mask:
        """Return which symbols may come next, (vocabulary,)."""
        if self._forced:
            return self._masks.only(self._forced[0])
        grammar, state = self._grammar, self._state
        if self._left <= self._steered_from and self._left <= grammar.longest_finish(state) + len(
            self._opening
        ):
            way = way_to_end(grammar, state, self._opening)
            # One symbol more may need a longer way to the end than this one.
            if len(way) + grammar.detour(state) >= self._left:
                self._forced.extend(way)
                self._opening = ""
                return self._masks.only(way[0])
        return self._masks.only_these(grammar.allowed(state))

    def advance(self, character: str) -> None:
        """Take note of the symbol that was written."""
        if self._forced:
            self._forced.popleft()
        self._state = state = self._grammar.advance(self._state, character)
        self._left -= 1
        self.ended = state.lex == "end"
        if self._opening and state.lex != "header":
            self._forced.extend(self._opening)
            self._opening = ""


class Guide:
    """Follows one tune as it is written, and leaves its music to the model.

    Args:
        options: its header fields and opening are what is asked for.
        tokenizer: the model's.

    Raises:
        ModelError: the vocabulary lacks a symbol that the header or the opening needs.
    """

    in_last_bar = False  # which is the model's to say

    def __init__(self, options: GenerationOptions, tokenizer: CharacterTokenizer) -> None:
        self.ended = False
        self._given = options.header()
        self._opening = options.opening_music()
        self._masks = Masks(tokenizer)
        self._masks.require("X:1\nK", *self._given, *self._given.values(), self._opening)
        self._forced: deque[str] = deque("X:1\n")
        self._fields_left = _ORDER  # empty once the body has begun
        self._line = ""
        self._body_is_empty = True

    @property
    def in_music(self) -> bool:
        """Whether the header is complete, and the opening that was asked for written."""
        return not self._fields_left and not self._forced

    def copy(self) -> Guide:
        """A guide that goes on from here by itself."""
        other = copy.copy(self)
        other._forced = self._forced.copy()
        return other

    def allowed(self) -> Mask:
        """Return which symbols may come next, (vocabulary,)."""
        if self._forced:
            return self._masks.only(self._forced[0])
        if not self._fields_left:
            return self._allowed_in_body()
        if not self._line:
            return self._masks.only(self._next_fields())
        return self._allowed_in_field()

    def advance(self, character: str) -> None:
        """Take note of the symbol that was written."""
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
            self._forced.extend(self._opening)
        elif not self._fields_left and not self._line:
            self.ended = True
        self._line = ""

    def _next_fields(self) -> str:
        """The fields that may stand on this line: up to the next that was asked for, or to the key."""
        for place, letter in enumerate(self._fields_left):
            if letter in self._given or letter == "K":
                return self._fields_left[: place + 1]
        raise AssertionError("a header's last field is its key")

    def _begin_field(self, letter: str) -> None:
        # The key stays, as the sign that the header is not over: its line is still to be written.
        self._fields_left = self._fields_left[self._fields_left.index(letter) + (letter != "K") :]
        value = self._given.get(letter)
        self._forced.extend(":" if value is None else f":{value}\n")

    def _allowed_in_field(self) -> Mask:
        written = len(self._line) - len("K:")
        if written == _LONGEST[self._line[0]]:
            return self._masks.only("\n")
        if written == 0 or self._line[-1] == " ":
            return self._masks.all_but("\n ")
        if written == _LONGEST[self._line[0]] - 1:
            return self._masks.all_but(" ")  # it could not be followed by anything
        return self._masks.all_but("")

    def _allowed_in_body(self) -> Mask:
        if self._body_is_empty:
            return self._masks.all_but("\n ")
        if not self._line:
            return self._masks.all_but(" ")  # a line of spaces alone would end the tune before its end
        if len(self._line) == 1 and self._line.isalpha():
            return self._masks.all_but(":")  # a letter and a colon begin an information field
        return self._masks.all_but("")


class Masks:
    """Masks over a vocabulary, each made once.

    Args:
        tokenizer: the model's.
    """

    def __init__(self, tokenizer: CharacterTokenizer) -> None:
        self._tokenizer = tokenizer
        self._made: dict[tuple[str, bool], Mask] = {}
        self._made_of: dict[frozenset[str], Mask] = {}

    def require(self, *texts: str) -> None:
        """Raise ModelError where the vocabulary lacks a symbol of the texts."""
        lacking = sorted({symbol for text in texts for symbol in text if symbol not in self._tokenizer})
        if lacking:
            names = ", ".join(map(repr, lacking))
            raise ModelError(
                f"the model's vocabulary lacks {names}, which the tune asked for needs; use another model"
            )

    def only_these(self, symbols: frozenset[str]) -> Mask:
        """The mask that allows these alone."""
        mask = self._made_of.get(symbols)
        if mask is None:
            mask = self._made_of[symbols] = self._mask("".join(sorted(symbols)), True)
        return mask

    def only(self, symbols: str) -> Mask:
        """The mask that allows these alone."""
        return self._mask(symbols, True)

    def all_but(self, symbols: str) -> Mask:
        """The mask that allows all others."""
        return self._mask(symbols, False)

    def _mask(self, symbols: str, value: bool) -> Mask:
        if (symbols, value) not in self._made:
            mask = np.full(len(self._tokenizer), not value)
            mask[[self._tokenizer.char_to_id[each] for each in symbols if each in self._tokenizer]] = value
            self._made[symbols, value] = mask
        return self._made[symbols, value]
