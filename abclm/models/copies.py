"""Turn the scores of a model with `structure` into probabilities: its network's, and those of copies, mixed by its gate.

    p(symbol) = w₀ · softmax(network)(symbol) + Σₖ wₖ · [symbol is what copy k would write]

The copies, such as the bar four bars ago, are those of `abclm.models.context`. Where none is there, w₀ is 1. Such
mixtures are the pointer networks of Vinyals et al. 2015, with the gate of Merity et al. 2016 (pointer sentinel mixture
models).
"""

import numpy as np
import numpy.typing as npt

from abclm.models.context import COPIES

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ids = npt.NDArray[np.integer]

GATE = 1 + len(COPIES)
"""Scores of the gate behind a network's: of the network and of each copy."""


def mix_copies(chances: Doubles, gate: Floats, copies: Ids) -> Doubles:
    """Mix probabilities of tokens with copies.

    Args:
        chances: of the network, `(batch, tokens)`, each row adding up to 1.
        gate: its scores, `(batch, GATE)`; -inf for a copy that is not there.
        copies: what each would write, `(batch, copies)`: 1 + the token id, 0 for none.

    Returns:
        float64 `(batch, tokens)`, each row adding up to 1 again.
    """
    mixed, total = _mixed(chances, gate, copies)
    mixed /= total
    return mixed


def mix_shares(shares: Doubles, gate: Floats, copies: Ids) -> Doubles:
    """The same of what is only in proportion to probabilities; so is what is returned."""
    return _mixed(shares, gate, copies, np.add.reduce(shares, axis=1, keepdims=True))[0]


def _mixed(
    chances: Doubles, gate: Floats, copies: Ids, sums: Doubles | float = 1.0
) -> tuple[Doubles, Doubles]:
    """Probabilities that add up to the sum of the gate's weights, and this sum, `(batch, 1)`."""
    weights = np.subtract(gate, np.maximum.reduce(gate, axis=1, keepdims=True), dtype=np.float64)
    np.exp(weights, out=weights)
    batch, tokens = chances.shape
    # A place before the tokens takes what weighs nothing. All are added up in one call.
    cells = copies if batch == 1 else copies + np.arange(0, batch * (tokens + 1), tokens + 1)[:, None]
    added = np.bincount(cells.ravel(), weights[:, 1:].ravel(), batch * (tokens + 1))
    mixed: Doubles = chances * (weights[:, :1] / sums)
    mixed += added.reshape(batch, tokens + 1)[:, 1:]
    return mixed, np.add.reduce(weights, axis=1, keepdims=True)


def mixture(scores: Floats, copies: Ids) -> Doubles:
    """The natural logarithms of the mixture's probabilities, `(batch, tokens)`.

    Args:
        scores: as an engine gives them, `(batch, tokens + GATE)`.
        copies: as for `mix_copies`.
    """
    logits = scores[:, :-GATE].astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    chances = np.exp(logits, out=logits)
    chances /= chances.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        return np.log(mix_copies(chances, scores[:, -GATE:], copies))
