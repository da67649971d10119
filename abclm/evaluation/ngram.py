"""Turn tunes into a character n-gram model, the baseline for neural models."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from abclm.corpora.corpus import Corpus
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.pieces import pieces_of
from abclm.errors import ConfigError
from abclm.system.words import counted
from abclm.tokenizers.characters import CharacterTokenizer, whole_tune
from abclm.tokenizers.tokenizer import Tokenizer
from abclm.tune import Tune

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Level:
    """The counts for contexts of one length; contexts and n-grams are numbers in base V + 1, sorted."""

    contexts: Codes  # (contexts,)
    totals: Codes  # (contexts,) count of each context
    types: Codes  # (contexts,) number of different characters after it
    grams: Codes  # (n-grams,) context and the character after it
    counts: Codes  # (n-grams,)


class NGramModel:
    """A character n-gram model with Witten-Bell interpolation.

    With c(h) the count of a context h, t(h) the number of different characters seen after it, and h' the
    context without its first character,

        p(x | h) = (c(hx) + t(h) p(x | h')) / (c(h) + t(h)),

    and the empty context is interpolated with the uniform distribution. For a context without counts,
    p(x | h) = p(x | h'). Method C of I. H. Witten and T. C. Bell, "The zero-frequency problem", IEEE Transactions on
    Information Theory 37 (1991), 1085-1094; interpolated as in S. F. Chen and J. Goodman, "An empirical
    study of smoothing techniques for language modeling", Computer Speech & Language 13 (1999), 359-394.

    A tune begins after one newline, as everywhere in abclm. Before the newline is an extra symbol, which
    occurs only in contexts and is never predicted.

    Args:
        tunes: canonical tunes to count.
        order: the length of an n-gram: each character is predicted from the previous order - 1 characters.
        tokenizer: by default, the tokenizer with the 83 symbols.

    Raises:
        ConfigError: the order is below 1, its n-grams don't fit into 63 bits (above 9 for 83 symbols),
            or there are no tunes.
        VocabularyError: a tune has a character that is not in the vocabulary.

    Example:
        >>> from abclm import Tune
        >>> scale = Tune.parse("X:1\\nK:C\\nCDEFGABc|]\\n").normalize()
        >>> model = NGramModel([scale], order=3)
        >>> model.tokenizer.decode([model.probabilities("X:1\\nK:C\\nCDE").argmax()])
        'F'
    """

    def __init__(
        self, tunes: Corpus | Iterable[Tune], order: int = 6, tokenizer: CharacterTokenizer | None = None
    ) -> None:
        self.tokenizer: Tokenizer[Any] = tokenizer or CharacterTokenizer.default()
        self.order = order
        self._base = len(self.tokenizer) + 1
        if order < 1 or self._base**order >= 2**63:
            most = int(63 / math.log2(self._base))
            raise ConfigError(f"the order of an n-gram model is 1 to {most} here; received {order}")
        self._learn(*self._encode(whole_tune(tune.text) for tune in tunes))

    @classmethod
    def of_text(cls, corpus: EncodedCorpus, order: int, tokenizer: Tokenizer[Any]) -> Self:
        """Count what follows what in a text of pieces, at the places that it has as targets.

        Raises:
            ConfigError: the n-grams don't fit into 63 bits, or there are no pieces.
        """
        model = cls.__new__(cls)
        model.tokenizer, model.order, model._base = tokenizer, order, len(tokenizer) + 1
        if order < 1 or model._base**order >= 2**63:
            raise ConfigError(
                f"n-grams of order {order} of {counted(len(tokenizer), 'token')} are too many; take a lower order"
            )
        model._learn(*model._joined(pieces_of(corpus)))
        return model

    def nats_per_token(self, corpus: EncodedCorpus) -> float:
        """The nats per token at the places that a text of pieces has as targets, each piece read by itself."""
        return float(-np.log(self.shares(corpus)).mean())

    def shares(self, corpus: EncodedCorpus) -> Floats:
        """The probability of each token at the places that a text of pieces has as targets, `(targets,)`."""
        ids, predicted = self._joined(pieces_of(corpus))
        contexts = [self._contexts(ids, length)[predicted] for length in range(self.order)]
        return self._interpolate(contexts, ids[predicted])

    def _learn(self, ids: Codes, predicted: npt.NDArray[np.bool_]) -> None:
        if not predicted.any():
            raise ConfigError("there are no tunes to count; received none")
        self._levels = [
            _count(contexts[predicted], ids[predicted], self._base)
            for contexts in (self._contexts(ids, length) for length in range(self.order))
        ]

    def probabilities(self, text: str) -> Floats:
        """The distribution of the next character of a tune.

        Args:
            text: the tune so far; "" at its beginning.

        Returns:
            float64 `(vocabulary,)`, which sums to 1.
        """
        ids, _ = self._encode([text])
        size = len(self.tokenizer)
        after = np.append(ids[len(ids) - self.order + 1 :], 0)  # the last position is the next character
        contexts = [np.repeat(self._contexts(after, length)[-1:], size) for length in range(self.order)]
        return self._interpolate(contexts, np.arange(size, dtype=np.int64))

    def bits_per_character(self, tunes: Corpus | Iterable[Tune]) -> float:
        """The bits per character on canonical tunes, each read separately.

        Every character counts, including the empty line at the end, as in `abclm.evaluation.bits.evaluate`.

        Raises:
            ConfigError: no tunes.
            VocabularyError: a tune has a character that is not in the vocabulary.
        """
        ids, predicted = self._encode(whole_tune(tune.text) for tune in tunes)
        if not predicted.any():
            raise ConfigError("there are no held-out tunes to measure on; received none")
        contexts = [self._contexts(ids, length)[predicted] for length in range(self.order)]
        bits = -np.log2(self._interpolate(contexts, ids[predicted]))
        return float(bits.sum() / bits.size)

    def _encode(self, texts: Iterable[str]) -> tuple[Codes, npt.NDArray[np.bool_]]:
        """The ids of all texts, each with the symbols before it, and the positions to predict."""
        pieces = (self.tokenizer.encode(text).astype(np.int64) for text in texts)
        start = np.array([self.tokenizer.start])
        return self._joined((np.concatenate([start, each]), np.ones(len(each), bool)) for each in pieces)

    def _joined(
        self, pieces: Iterable[tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]]
    ) -> tuple[Codes, npt.NDArray[np.bool_]]:
        """Join pieces, each with the symbols before it, of which the last is the first of its ids."""
        ids: list[Codes] = []
        predicted: list[npt.NDArray[np.bool_]] = []
        for piece, is_target in pieces:
            before = [self._base - 1] * (self.order - 2) + [int(piece[0])] * (
                self.order > 1
            )  # order - 1 of them
            ids.append(np.concatenate([np.array(before, np.int64), piece[1:]]))
            predicted.append(np.concatenate([np.zeros(len(before), bool), is_target]))
        if not ids:
            return np.empty(0, np.int64), np.empty(0, np.bool_)
        return np.concatenate(ids), np.concatenate(predicted)

    def _contexts(self, ids: Codes, length: int) -> Codes:
        """The characters before each position as a number; the nearest is the least significant digit."""
        contexts = np.zeros_like(ids)
        for distance in range(1, min(length, len(ids) - 1) + 1):
            contexts[distance:] += ids[:-distance] * self._base ** (distance - 1)
        return contexts

    def _interpolate(self, contexts: list[Codes], ids: Codes) -> Floats:
        """The probability of each id after its contexts, ordered from the shortest to the longest."""
        probabilities = np.full(len(ids), 1 / len(self.tokenizer))
        for level, context in zip(self._levels, contexts, strict=True):
            at = _find(level.contexts, context)
            gram = _find(level.grams, context * self._base + ids)
            total = np.where(at >= 0, level.totals[at], 0)
            types = np.where(at >= 0, level.types[at], 1)
            counts = np.where(gram >= 0, level.counts[gram], 0)
            probabilities = (counts + types * probabilities) / (total + types)
        return probabilities


def _count(contexts: Codes, ids: Codes, base: int) -> _Level:
    grams, counts = np.unique(contexts * base + ids, return_counts=True)
    found, first = np.unique(grams // base, return_index=True)
    return _Level(
        contexts=found,
        totals=np.add.reduceat(counts, first),
        types=np.diff(np.append(first, len(grams))),
        grams=grams,
        counts=counts,
    )


def _find(table: Codes, values: Codes) -> Codes:
    """The index of each value in a sorted table, or -1."""
    at = np.minimum(np.searchsorted(table, values), len(table) - 1)
    return np.where(table[at] == values, at, -1)


def count_models(
    training: EncodedCorpus, held_out: EncodedCorpus, tokenizer: Tokenizer[Any], highest: int = 5
) -> dict[int, float]:
    """Measure count models on the split that a network is measured on.

    Args:
        training: what they count.
        held_out: what they are measured on.
        tokenizer: of both.
        highest: the highest order.

    Returns:
        Nats per token by order, from 1 up, as far as n-grams fit into 63 bits.
    """
    orders = [order for order in range(1, highest + 1) if (len(tokenizer) + 1) ** order < 2**63]
    return {
        order: NGramModel.of_text(training, order, tokenizer).nats_per_token(held_out) for order in orders
    }
