"""Keep the tokens that are likely enough beside the likeliest.

Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs", ICLR 2025.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abclm.generation.filters.filter import Filter

if TYPE_CHECKING:
    from abclm.generation.filters.filter import Doubles, Mask


class MinP(Filter):
    """Keeps the tokens that are at least `value` times as probable as the likeliest."""

    def keep(self, chances: Doubles) -> Mask:
        """Choose for a batch of pieces; see `Filter.keep`."""
        highest = np.maximum.reduce(chances, axis=1, keepdims=True)
        kept: Mask = chances >= self.value * highest
        return kept
