"""Say what every tokenizer has to give: token ids for what a model reads, and what its ids stand for.

A tokenizer is one of the three parts of a model, beside the architecture, which deals in ids alone, and the decoder.
One file in this folder holds one kind of token; `register` makes a kind known, so that a model folder can be read.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt

from abclm.errors import VocabularyError
from abclm.system.registry import Registry

Ids = npt.NDArray[np.unsignedinteger[Any]]

Content = TypeVar("Content")


class Tokenizer(ABC, Generic[Content]):
    """Turns content (characters, notes, frames) into token ids and back.

    Training reads pieces one after another: the id `start`, then for each piece its tokens and the ids `end`, of which
    the last is `start` again, as the next piece follows it.

    Attributes:
        kind: the name that stands in a model's `vocabulary.json`.
    """

    kind: ClassVar[str]

    @abstractmethod
    def __len__(self) -> int:
        """How many different tokens there are; ids count from 0."""

    @property
    @abstractmethod
    def start(self) -> int:
        """The id that stands before the first token of a piece.

        Raises:
            VocabularyError: the tokenizer has no such token, and so can't tell pieces apart.
        """

    @property
    @abstractmethod
    def end(self) -> tuple[int, ...]:
        """The ids that close a piece; the last of them is `start`. The errors are those of `start`."""

    @abstractmethod
    def encode(self, content: Content) -> Ids:
        """Turn content into token ids, `(tokens,)`, of the type `dtype`.

        Raises:
            VocabularyError: something in it has no token.
        """

    @abstractmethod
    def decode(self, ids: Any) -> Content:
        """Turn token ids into content.

        Raises:
            VocabularyError: an id is not below the number of tokens, or not an integer.
        """

    @abstractmethod
    def encode_piece(self, content: Content) -> Ids:
        """Turn one whole piece into `start`, its tokens and `end`. The errors are those of `encode`."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """What JSON can hold and `from_settings` makes the tokenizer of again."""

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make a tokenizer of what `settings` gave.

        Raises:
            VocabularyError: it is something else.
        """

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest unsigned integer type that holds every id."""
        return np.min_scalar_type(max(len(self) - 1, 0))

    def ends_in(self, ids: Ids) -> npt.NDArray[np.int64]:
        """Find where pieces end in a text of several.

        Args:
            ids: `start`, then pieces one after another, `(tokens,)`.

        Returns:
            The place of the last id of each end, int64 `(pieces,)`. The ids from one to the next, both included, are
            what `encode_piece` gives of a piece.
        """
        end = self.end
        found = ids[len(end) :] == end[-1]
        for back, token in enumerate(reversed(end[:-1]), 1):
            found &= ids[len(end) - back : -back] == token
        return np.flatnonzero(found) + len(end)

    def to_json(self) -> str:
        """Return the kind and the settings as a JSON object."""
        return json.dumps({"kind": self.kind, **self.settings()}, ensure_ascii=True) + "\n"


TOKENIZERS: Registry[Tokenizer[Any]] = Registry(
    "tokenizer",
    Tokenizer,
    VocabularyError,
    attributes={"kind": str},
    known={
        "characters": "abclm.tokenizers.characters:CharacterTokenizer",
        "events": "abclm.tokenizers.events:EventTokenizer",
        "lowest": "abclm.tokenizers.rolls:LowestTokenizer",
        "notes": "abclm.tokenizers.notes:NoteTokenizer",
        "rolls": "abclm.tokenizers.rolls:RollTokenizer",
    },
)
register = TOKENIZERS.register


def read_tokenizer(text: str) -> Tokenizer[Any]:
    """Read what `to_json` wrote. Without a kind, as version 0.1.0 wrote it, it is one of characters.

    Raises:
        VocabularyError: it is no JSON object, of an unknown kind, or its settings are not those of its kind.
    """
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VocabularyError(f"a vocabulary is JSON; this is not: {error}") from None
    if not isinstance(data, dict):
        raise VocabularyError("a vocabulary is a JSON object; received something else")
    return TOKENIZERS.find(data.pop("kind", "characters")).from_settings(data)
