"""Turn sets of symbols into masks over a vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abclm.errors import ModelError

if TYPE_CHECKING:
    from abclm.generation.constraint import Mask
    from abclm.tokenizers.characters import CharacterTokenizer


def is_letter(symbol: str) -> bool:
    """Whether a symbol may be in a word."""
    return symbol.isalpha() or symbol == "'"


def both(one: Mask, other: Mask) -> Mask:
    """What two masks allow."""
    found = int.from_bytes(one, "little") & int.from_bytes(other, "little")
    return found.to_bytes(len(one), "little")


class Masks:
    """Masks over a vocabulary, each made once.

    Args:
        tokenizer: the model's.

    Attributes:
        symbols: by their token ids.
        everything: the mask that allows all symbols.
    """

    def __init__(self, tokenizer: CharacterTokenizer) -> None:
        self.symbols = tokenizer.symbols
        self.everything = bytes([1]) * len(tokenizer)
        self._tokenizer = tokenizer
        self._made: dict[tuple[str, bool], Mask] = {}
        self._made_in_words: dict[tuple[frozenset[str], bool], Mask] = {}
        self._made_of: dict[tuple[frozenset[str], frozenset[str]], Mask] = {}

    def require(self, *texts: str) -> None:
        """Raise ModelError where the vocabulary lacks a symbol of the texts."""
        lacking = sorted({symbol for text in texts for symbol in text if symbol not in self._tokenizer})
        if lacking:
            names = ", ".join(map(repr, lacking))
            raise ModelError(
                f"the model's vocabulary lacks {names}, which the tune asked for needs; use another model"
            )

    def only_these(self, symbols: frozenset[str], without: frozenset[str] = frozenset()) -> Mask:
        """The mask that allows these alone, and of them not those `without`."""
        mask = self._made_of.get((symbols, without))
        if mask is None:
            mask = self._mask("".join(sorted(symbols - without)), True)
            self._made_of[symbols, without] = mask
        return mask

    def in_word(self, letters: frozenset[str], ends: bool) -> Mask:
        """The mask of what may come next in a word: small letters and capitals, and what is no letter where it ends."""
        mask = self._made_in_words.get((letters, ends))
        if mask is None:
            found = [each.lower() in letters if is_letter(each) else ends for each in self.symbols]
            mask = self._made_in_words[letters, ends] = bytes(found)
        return mask

    def only(self, symbols: str) -> Mask:
        """The mask that allows these alone."""
        return self._mask(symbols, True)

    def all_but(self, symbols: str) -> Mask:
        """The mask that allows all others."""
        return self._mask(symbols, False)

    def _mask(self, symbols: str, value: bool) -> Mask:
        if (symbols, value) not in self._made:
            self._made[symbols, value] = bytes([(each in symbols) == value for each in self.symbols])
        return self._made[symbols, value]
