"""Turn scores into token ids: mask, temperature, a list of filters, copies, then a draw; for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from abclm.generation.filters.filter import Filter
from abclm.generation.filters.min_p import MinP
from abclm.generation.filters.top_k import TopK
from abclm.generation.filters.top_p import TopP
from abclm.generation.filters.typical_p import TypicalP
from abclm.models.copies import GATE, mix_shares

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.floating]
    Doubles = npt.NDArray[np.float64]
    Ids = npt.NDArray[np.intp]
    Copies = npt.NDArray[np.integer]
    Mask = npt.NDArray[np.bool_]

FILTERS: dict[str, type[Filter]] = {
    "top_k": TopK,
    "top_p": TopP,
    "min_p": MinP,
    "typical_p": TypicalP,
}
"""What each option of this name makes, in the order in which they are applied."""

_NEVER = np.float64(-np.inf)


@dataclass(frozen=True)
class Sampler:
    """Draws token ids.

    Args:
        temperature: what the logits are divided by; at 0 the likeliest token is taken.
        filters: choose, one after the other, which tokens keep a probability.
    """

    temperature: float = 1.0
    filters: tuple[Filter, ...] = ()

    @classmethod
    def of(cls, options: object) -> Self:
        """Make the sampler of options that have a `temperature` and a field for each of `FILTERS`, None for none."""
        given = {name: getattr(options, name) for name in ("temperature", *FILTERS)}
        filters = [kind(given[name]) for name, kind in FILTERS.items() if given[name] is not None]
        return cls(given["temperature"], tuple(filters))

    def draw(
        self,
        scores: Floats,
        numbers: Doubles,
        allowed: Mask | None = None,
        copies: Copies | None = None,
    ) -> Ids:
        """Choose the next token of each piece, each by itself.

        Args:
            scores: logits, (batch, tokens). With `copies`, the gate's scores stand behind them; temperature and filters
                choose among what the network expects, and copies are mixed in as the gate says.
            numbers: (batch,), from 0 up to but not 1: where among the cumulative probabilities the draw falls.
            allowed: (batch, tokens), false where a token must not come next; at least one in a row is true.
            copies: as for `abclm.models.copies.mix_copies`; None for a model without.

        Returns:
            The token ids, (batch,).
        """
        logits = scores if copies is None else scores[:, :-GATE]
        if self.temperature == 0:
            ranked = _masked(logits, allowed)
            if copies is not None:
                ranked = _with_copies(_EVEN._relative(logits, allowed), scores, copies, allowed)
            likeliest: Ids = ranked.argmax(axis=1)
            return likeliest
        shares = self.probabilities(logits, allowed) if self.filters else self._relative(logits, allowed)
        if copies is not None:
            shares = _with_copies(shares, scores, copies, allowed)
        cumulative = np.add.accumulate(shares, axis=1)
        # The first entry above the number drawn: a token of probability 0 never is.
        goals = (numbers * cumulative[:, -1])[:, None]
        ids: Ids = np.add.reduce(cumulative <= goals, axis=1)
        return ids

    def probabilities(self, logits: Floats, allowed: Mask | None = None) -> Doubles:
        """Work out the probability that each token is chosen, at a temperature above 0.

        Args:
            logits: (batch, tokens).
            allowed: (batch, tokens), false where a token must not come next; at least one in a row is true.

        Returns:
            float64 (batch, tokens), each row adding up to 1.
        """
        chances = self._relative(logits, allowed)
        chances /= np.add.reduce(chances, axis=1, keepdims=True)
        for each in self.filters:
            chances = np.where(each.keep(chances), chances, 0)
            chances /= np.add.reduce(chances, axis=1, keepdims=True)
        return chances

    def _relative(self, logits: Floats, allowed: Mask | None) -> Doubles:
        """The probabilities at a temperature above 0, relative to that of the likeliest token.

        One piece at a time, what surrounds a call costs more than its arithmetic: hence ufuncs' reductions, in place.
        """
        # The highest becomes 0 before it is divided, so that no temperature is too small.
        scaled = _masked(logits, allowed)
        scaled -= np.maximum.reduce(scaled, axis=1, keepdims=True)
        if self.temperature != 1:
            with np.errstate(over="ignore"):
                scaled /= self.temperature
        return np.exp(scaled, out=scaled)


def log_probability(logits: Floats, token_id: int) -> float:
    """The natural logarithm of a token's probability by the model, at temperature 1, of logits (tokens,)."""
    scores = logits.astype(np.float64)
    highest = scores.max()
    return float(scores[token_id] - highest - np.log(np.exp(scores - highest).sum()))


def _masked(logits: Floats, allowed: Mask | None) -> Doubles:
    return logits.astype(np.float64) if allowed is None else np.where(allowed, logits, _NEVER)


def _with_copies(shares: Doubles, scores: Floats, copies: Copies, allowed: Mask | None) -> Doubles:
    """What is in proportion to probabilities of tokens, mixed with the copies that are allowed."""
    mixed = mix_shares(shares, scores[:, -GATE:], copies)
    if allowed is not None:
        mixed *= allowed
    return mixed


_EVEN = Sampler()
