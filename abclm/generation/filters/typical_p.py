"""Keep the tokens that surprise as much as a token does on average, as few as together reach a probability.

Meister et al., "Locally Typical Sampling", TACL 11 (2023), section 4. What people write is seldom the likeliest, as that
would say nothing: it tends to carry as much information as was to be expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abclm.generation.filters.filter import Filter, keep_share, surprise

if TYPE_CHECKING:
    from abclm.generation.filters.filter import Doubles, Mask


class TypicalP(Filter):
    """Keeps the fewest tokens, those nearest to the entropy first, whose probabilities add up to `value`."""

    def keep(self, chances: Doubles) -> Mask:
        """Choose for a batch of pieces; see `Filter.keep`."""
        surprises = surprise(chances)
        finite = np.where(chances > 0, surprises, 0)
        entropy = np.add.reduce(chances * finite, axis=1, keepdims=True)
        return keep_share(np.abs(surprises - entropy), chances, self.value)
