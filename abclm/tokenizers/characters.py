"""Turn characters into token ids and back, by two look-up tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.errors import VocabularyError
from abclm.notation.fields import CANONICAL_SYMBOLS

if TYPE_CHECKING:
    import numpy.typing as npt

DEFAULT_SYMBOLS = tuple(sorted(CANONICAL_SYMBOLS))  # the 83 of canonical tunes, by code point

_MISSING = 255  # token ids are uint8; this one is kept for "not in the vocabulary"


@dataclass(frozen=True)
class Vocabulary:
    """The symbols that a model reads and writes; a symbol's token id is its place in the order.

    Args:
        symbols: 1 to 255 different characters, in the order of their ids.

    Raises:
        VocabularyError: no symbols, too many, one twice, or one that is not a single character.

    Example:
        >>> vocabulary = Vocabulary.default()
        >>> len(vocabulary)
        83
        >>> vocabulary.decode(vocabulary.encode("GFDGGB d2GB"))
        'GFDGGB d2GB'
    """

    symbols: tuple[str, ...]

    def __post_init__(self) -> None:
        for symbol in self.symbols:
            if not isinstance(symbol, str) or len(symbol) != 1:
                raise VocabularyError(f"a vocabulary's symbols are single characters; received {symbol!r}")
        if not 1 <= len(self.symbols) <= _MISSING:
            raise VocabularyError(f"a vocabulary has 1 to {_MISSING} symbols; received {len(self.symbols)}")
        if len(set(self.symbols)) < len(self.symbols):
            twice = next(symbol for symbol in self.symbols if self.symbols.count(symbol) > 1)
            raise VocabularyError(f"a vocabulary has each symbol once; {twice!r} stands in it twice")

    @classmethod
    def default(cls) -> Vocabulary:
        """Return the 83 symbols of canonical tunes."""
        return cls(DEFAULT_SYMBOLS)

    @classmethod
    def from_text(cls, text: str) -> Vocabulary:
        """Collect the characters that occur in a text, ordered by code point."""
        return cls(tuple(sorted(set(text))))

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """Read what `to_json` wrote.

        Raises:
            VocabularyError: the text is no JSON object with just a list `symbols` in it.
        """
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise VocabularyError(f"a vocabulary is JSON; this is not: {error}") from None
        if not isinstance(data, dict) or set(data) != {"symbols"} or not isinstance(data["symbols"], list):
            raise VocabularyError('a vocabulary is a JSON object {"symbols": [...]}; received something else')
        return cls(tuple(data["symbols"]))

    def with_symbols_of(self, text: str) -> Vocabulary:
        """Return a vocabulary that has, behind its own symbols, those of a text that it lacks, by code point.

        Raises:
            VocabularyError: there are too many.
        """
        return Vocabulary((*self.symbols, *sorted(set(text).difference(self.symbols))))

    def to_json(self) -> str:
        """Return the symbols, in order, as a JSON object."""
        return json.dumps({"symbols": list(self.symbols)}, ensure_ascii=True) + "\n"

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.char_to_id

    @cached_property
    def char_to_id(self) -> dict[str, int]:
        """Look up a symbol's token id."""
        return {symbol: token_id for token_id, symbol in enumerate(self.symbols)}

    @property
    def id_to_char(self) -> tuple[str, ...]:
        """Look up a token id's symbol."""
        return self.symbols

    def encode(self, text: str, unknown: str | None = None) -> npt.NDArray[np.uint8]:
        """Turn a text into token ids.

        Args:
            text: any number of characters.
            unknown: the symbol that stands for every character the vocabulary lacks; by default
                such a character is an error.

        Returns:
            uint8, one id a character.

        Raises:
            VocabularyError: a character is unknown and `unknown` was not given, or `unknown` is
                itself no symbol of the vocabulary.
        """
        if text.isascii():
            ids = np.frombuffer(bytearray(text, "ascii").translate(self._ascii_ids), np.uint8)
        else:
            codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
            ids = self._code_point_ids[np.minimum(codes, self._code_point_ids.size - 1)]
        missing = ids == _MISSING
        if missing.any():
            ids[missing] = self._id_for_unknown(text, int(missing.argmax()), unknown)
        return ids

    def decode(self, ids: npt.ArrayLike | Iterable[int]) -> str:
        """Turn token ids into text.

        Raises:
            VocabularyError: an id is not below the number of symbols, or not an integer.
        """
        array = np.asarray(ids if hasattr(ids, "__len__") else list(ids))  # type: ignore[arg-type]
        if array.size == 0:
            return ""
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= len(self):
            raise VocabularyError(f"token ids are integers from 0 to {len(self) - 1}; received others")
        codes: bytes = self._code_points[array].tobytes()
        return codes.decode("utf-32-le", "surrogatepass")

    def _id_for_unknown(self, text: str, position: int, unknown: str | None) -> int:
        if unknown is None:
            character = text[position]
            line = text.count("\n", 0, position) + 1
            column = position - text.rfind("\n", 0, position)
            raise VocabularyError(
                f"line {line}:{column}: the character {character!r} (U+{ord(character):04X}) is not among "
                f"the {len(self)} symbols of the vocabulary; normalise the text, or map it with `unknown`"
            )
        if unknown not in self.char_to_id:
            raise VocabularyError(f"`unknown` must be one of the vocabulary's symbols; received {unknown!r}")
        return self.char_to_id[unknown]

    @cached_property
    def _ascii_ids(self) -> bytes:
        """Token id of each byte below 128, for `bytes.translate`: the fastest table look-up there is."""
        return bytes(
            self.char_to_id.get(chr(code), _MISSING) if code < 128 else _MISSING for code in range(256)
        )

    @cached_property
    def _code_point_ids(self) -> npt.NDArray[np.uint8]:
        """Token id of each code point; the last entry serves all that lie beyond the symbols."""
        table = np.full(int(self._code_points.max()) + 2, _MISSING, np.uint8)
        table[self._code_points] = np.arange(len(self), dtype=np.uint8)
        return table

    @cached_property
    def _code_points(self) -> npt.NDArray[np.uint32]:
        return np.array([ord(symbol) for symbol in self.symbols], "<u4")
