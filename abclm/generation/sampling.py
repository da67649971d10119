"""Turn logits into token ids: mask, temperature, top-k, top-p, min-p, then a draw; for a whole batch at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.options import GenerationOptions

    Floats = npt.NDArray[np.floating]
    Doubles = npt.NDArray[np.float64]
    Ids = npt.NDArray[np.intp]
    Mask = npt.NDArray[np.bool_]

_NEVER = np.float64(-np.inf)


def draw(
    logits: Floats,
    options: GenerationOptions,
    numbers: Doubles,
    allowed: Mask | None = None,
    tolerance: float = 0.0,
) -> tuple[Ids, Mask]:
    """Choose the next symbol of each text.

    Args:
        logits: (batch, vocabulary).
        options: temperature, top_k, top_p and min_p are read. At temperature 0 the likeliest symbol is taken.
        numbers: (batch,), from 0 up to but not 1: where among the cumulative probabilities the draw falls.
        allowed: (batch, vocabulary), false where a symbol must not come next; at least one in a row is true.
        tolerance: how far each logit may be from the true one, relative to the largest logit of the row.

    Returns:
        The token ids, (batch,), and whether each would be the same for any logits within the tolerance.
    """
    errors = tolerance * np.abs(logits).max(axis=1).astype(np.float64) if tolerance else None
    if options.temperature == 0:
        scaled = _masked(logits, allowed)
        ids = scaled.argmax(axis=1)
        highest = np.partition(scaled, -2, axis=1)[:, -2:]
        return ids, highest[:, 1] - highest[:, 0] > (0 if errors is None else 2 * errors)
    # The ratio of two probabilities may be larger or smaller by this share.
    blur = None if errors is None else np.expm1(2 * errors / options.temperature)
    if blur is None and options.top_k is None and options.top_p is None and options.min_p is None:
        chances, certain = _relative(logits, options, allowed), np.ones(len(logits), bool)
    else:
        chances, certain = probabilities(logits, options, allowed, blur)
    cumulative = np.add.accumulate(chances, axis=1)
    # The first entry above the number drawn: a symbol of probability 0 never is.
    goals = (numbers * cumulative[:, -1])[:, None]
    ids = np.add.reduce(cumulative <= goals, axis=1)
    if blur is not None:
        # Logits that are off by the tolerance move a cumulative probability C by blur · C · (1 - C) at most.
        reach = blur[:, None] * cumulative * (1 - cumulative) + 1e-12
        certain &= ~(np.abs(cumulative - goals) <= reach).any(axis=1)
        if allowed is not None:
            certain |= allowed.sum(axis=1) == 1
    return ids, certain


def probabilities(
    logits: Floats, options: GenerationOptions, allowed: Mask | None = None, blur: Doubles | None = None
) -> tuple[Doubles, Mask]:
    """Work out the probability that each symbol is chosen, at a temperature above 0.

    Args:
        logits: (batch, vocabulary).
        options: temperature, top_k, top_p and min_p are read, and applied in this order.
        allowed: (batch, vocabulary), false where a symbol must not come next; at least one in a row is true.
        blur: (batch,), by what share the ratio of two probabilities may be off; none by default.

    Returns:
        float64 (batch, vocabulary), each row adding up to 1; and for each row, (batch,), whether the same symbols
        keep a probability whatever the blur is.
    """
    chances = _relative(logits, options, allowed)
    chances /= np.add.reduce(chances, axis=1, keepdims=True)
    certain = np.ones(len(chances), bool)
    blur = np.zeros(len(chances)) if blur is None else blur
    if options.top_k is not None and options.top_k < chances.shape[1]:
        order, ranked = _likeliest_first(chances)
        certain &= _apart(ranked, np.full(len(chances), options.top_k), blur)
        chances = _keep(chances, order, np.arange(chances.shape[1]) < options.top_k)
    if options.top_p is not None:
        order, ranked = _likeliest_first(chances)
        # The fewest symbols that together reach top_p, so always at least one.
        before = np.cumsum(ranked, axis=1) - ranked
        kept = before < options.top_p
        certain &= (np.abs(before - options.top_p) > blur[:, None]).all(axis=1)
        certain &= _apart(ranked, kept.sum(axis=1), blur)
        chances = _keep(chances, order, kept)
    if options.min_p is not None:
        highest = chances.max(axis=1, keepdims=True)
        least = options.min_p * highest
        near = (np.abs(chances - least) <= blur[:, None] * least) & (chances > 0) & (chances < highest)
        certain &= ~near.any(axis=1)
        chances = np.where(chances >= least, chances, 0)
        chances /= chances.sum(axis=1, keepdims=True)
    return chances, certain


def _relative(logits: Floats, options: GenerationOptions, allowed: Mask | None) -> Doubles:
    """The probabilities at a temperature above 0, relative to that of the likeliest symbol.

    One tune at a time, what surrounds a call costs more than its arithmetic: hence the reductions of ufuncs, in place.
    """
    # The highest becomes 0 before it is divided, so that no temperature is too small.
    scaled = _masked(logits, allowed)
    scaled -= np.maximum.reduce(scaled, axis=1, keepdims=True)
    if options.temperature != 1:
        with np.errstate(over="ignore"):
            scaled /= options.temperature
    return np.exp(scaled, out=scaled)


def _masked(logits: Floats, allowed: Mask | None) -> Doubles:
    return logits.astype(np.float64) if allowed is None else np.where(allowed, logits, _NEVER)


def _likeliest_first(chances: Doubles) -> tuple[Ids, Doubles]:
    """The order of each row, equal ones in that of their ids, and the row in this order."""
    order = np.argsort(-chances, axis=1, kind="stable")
    return order, np.take_along_axis(chances, order, axis=1)


def _apart(ranked: Doubles, kept: Ids, blur: Doubles) -> Mask:
    """Whether the last symbol that is kept and the first that is not keep their order."""
    rows, width = np.arange(len(ranked)), ranked.shape[1]
    last, first = ranked[rows, kept - 1], ranked[rows, np.minimum(kept, width - 1)]
    apart: Mask = (first <= 0) | (kept == width) | (last > first * (1 + blur))
    return apart


def _keep(chances: Doubles, order: Ids, kept: Mask) -> Doubles:
    result = np.zeros_like(chances)
    ranked = np.take_along_axis(chances, order, axis=1)
    np.put_along_axis(result, order, np.where(kept, ranked, 0), axis=1)
    result /= result.sum(axis=1, keepdims=True)
    return result
