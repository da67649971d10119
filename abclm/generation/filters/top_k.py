"""Keep the likeliest tokens, a fixed number of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abclm.generation.filters.filter import Filter, keep_first, surprise

if TYPE_CHECKING:
    from abclm.generation.filters.filter import Doubles, Mask


class TopK(Filter):
    """Keeps the `value` likeliest tokens; of equal ones those with the lower ids."""

    def keep(self, chances: Doubles) -> Mask:
        """Choose for a batch of pieces; see `Filter.keep`."""
        scores = surprise(chances)
        return keep_first(scores, np.full(len(scores), min(int(self.value), scores.shape[1])))
