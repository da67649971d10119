"""Turn the text of tunes into token ids, one a character, and back, by two look-up tables.

Here alone stands how tunes are told apart in a text: a tune begins behind a newline and ends with an empty line.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from abclm.errors import ModelError, VocabularyError
from abclm.notation.fields import CANONICAL_SYMBOLS
from abclm.system.words import counted
from abclm.tokenizers.tokenizer import Tokenizer

DEFAULT_SYMBOLS = tuple(sorted(CANONICAL_SYMBOLS))  # the 83 of canonical tunes, by code point

_MISSING = 255  # token ids are uint8; this one is kept for "not in the vocabulary"


def whole_tune(text: str) -> str:
    """A tune's text with the empty line that ends it, as it is trained on and written."""
    return f"{text.rstrip()}\n\n"


def _shown(symbols: Sequence[Any]) -> tuple[Any, ...]:
    """The symbols of a model, which are shown on screens; VocabularyError where one would do something else there."""
    for symbol in symbols:
        is_character = isinstance(symbol, str) and len(symbol) == 1
        if is_character and unicodedata.category(symbol) in ("Cc", "Cs") and symbol not in "\n\t":
            raise VocabularyError(
                f"a model's symbols are no control characters but newline and tab; received {symbol!r}"
            )
    return tuple(symbols)


@dataclass(frozen=True)
class CharacterTokenizer(Tokenizer[str]):
    """The symbols that a model reads and writes; a symbol's token id is its place in the order.

    Args:
        symbols: 1 to 255 different characters, in the order of their ids.

    Raises:
        VocabularyError: no symbols, too many, one twice, or one that is not a single character.

    Example:
        >>> tokenizer = CharacterTokenizer.default()
        >>> len(tokenizer)
        83
        >>> tokenizer.decode(tokenizer.encode("GFDGGB d2GB"))
        'GFDGGB d2GB'
    """

    kind: ClassVar[str] = "characters"

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
    def default(cls) -> Self:
        """Return the 83 symbols of canonical tunes."""
        return cls(DEFAULT_SYMBOLS)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Collect the characters that occur in a text, ordered by code point."""
        return cls(tuple(sorted(set(text))))

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make a tokenizer of `{"symbols": [...]}`.

        Raises:
            VocabularyError: it is something else, or these can't be symbols.
        """
        if set(settings) != {"symbols"} or not isinstance(settings["symbols"], list):
            raise VocabularyError('a vocabulary is a JSON object {"symbols": [...]}; received something else')
        return cls(_shown(settings["symbols"]))

    def with_symbols_of(self, text: str) -> Self:
        """Return a tokenizer with the other symbols of a text, by code point, after its own symbols.

        Raises:
            VocabularyError: there are too many, or a control character is among them.
        """
        return type(self)((*self.symbols, *_shown(sorted(set(text).difference(self.symbols)))))

    def settings(self) -> dict[str, Any]:
        """Return the symbols, in order."""
        return {"symbols": list(self.symbols)}

    @property
    def start(self) -> int:
        """The id of the newline, behind which a tune begins."""
        newline = self.char_to_id.get("\n")
        if newline is None:
            raise VocabularyError("the vocabulary has no newline, which stands between tunes; give it one")
        return newline

    @property
    def end(self) -> tuple[int, ...]:
        """The ids of the newline that ends a tune's last line, and of that of the empty line behind it."""
        return self.start, self.start

    def encode_piece(self, content: str) -> npt.NDArray[np.uint8]:
        """Turn a tune's text into a newline, the text and its closing empty line."""
        return self.encode("\n" + whole_tune(content))

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
                f"the {counted(len(self), 'symbol')} of the vocabulary; normalise the text, or map it with `unknown`"
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


def as_characters(tokenizer: Tokenizer[Any]) -> CharacterTokenizer:
    """The tokenizer as one of characters.

    Raises:
        ModelError: it is of another kind.
    """
    if not isinstance(tokenizer, CharacterTokenizer):
        raise ModelError(
            f"this takes a model of the characters of ABC, and the model's tokens are {tokenizer.kind}; "
            "give it another model"
        )
    return tokenizer
