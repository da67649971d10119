"""Turn logits into a token id: mask, temperature, top-k, top-p, min-p, then a draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.options import GenerationOptions

    Floats = npt.NDArray[np.floating]
    Mask = npt.NDArray[np.bool_]


def sample(
    logits: Floats, options: GenerationOptions, generator: np.random.Generator, allowed: Mask | None = None
) -> int:
    """Choose the next symbol.

    Args:
        logits: (vocabulary,).
        options: temperature, top_k, top_p and min_p are read. At temperature 0 the likeliest symbol is
            taken and nothing is drawn.
        generator: gives one number between 0 and 1 otherwise, whatever the options are.
        allowed: (vocabulary,), false where a symbol must not come next; at least one is true.

    Returns:
        The token id.
    """
    if options.temperature == 0:
        return int(np.argmax(logits if allowed is None else np.where(allowed, logits, -np.inf)))
    cumulative = np.cumsum(probabilities(logits, options, allowed))
    # The first entry above the number drawn: a symbol of probability 0 never is.
    return int(np.searchsorted(cumulative, generator.random() * cumulative[-1], side="right"))


def probabilities(
    logits: Floats, options: GenerationOptions, allowed: Mask | None = None
) -> npt.NDArray[np.float64]:
    """Return the probability that each symbol is chosen, at a temperature above 0.

    Args:
        logits: (vocabulary,).
        options: temperature, top_k, top_p and min_p are read, and applied in this order.
        allowed: (vocabulary,), false where a symbol must not come next; at least one is true.

    Returns:
        float64 (vocabulary,), adding up to 1.
    """
    scaled = logits.astype(np.float64)
    if allowed is not None:
        scaled[~allowed] = -np.inf
    # The highest becomes 0 before it is divided, so that no temperature is too small.
    scaled -= scaled.max()
    with np.errstate(over="ignore"):
        scaled /= options.temperature
    chances: npt.NDArray[np.float64] = np.exp(scaled)
    chances /= chances.sum()
    if options.top_k is not None:
        chances = _keep(chances, _likeliest_first(chances)[: options.top_k])
    if options.top_p is not None:
        order = _likeliest_first(chances)
        # The fewest symbols that together reach top_p, so always at least one.
        before = np.cumsum(chances[order]) - chances[order]
        chances = _keep(chances, order[before < options.top_p])
    if options.min_p is not None:
        chances = _keep(chances, np.flatnonzero(chances >= options.min_p * chances.max()))
    return chances


def _likeliest_first(chances: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    return np.argsort(-chances, kind="stable")  # equal ones in the order of their ids


def _keep(chances: npt.NDArray[np.float64], ids: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    kept = np.zeros_like(chances)
    kept[ids] = chances[ids]
    kept /= kept.sum()
    return kept
