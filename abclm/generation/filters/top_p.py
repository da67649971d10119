"""Keep the likeliest tokens, as few as together reach a probability.

Holtzman et al., "The Curious Case of Neural Text Degeneration", ICLR 2020 (nucleus sampling).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abclm.generation.filters.filter import Filter, keep_share, surprise

if TYPE_CHECKING:
    from abclm.generation.filters.filter import Doubles, Mask


class TopP(Filter):
    """Keeps the fewest of the likeliest tokens whose probabilities add up to `value`."""

    def keep(self, chances: Doubles) -> Mask:
        """Choose for a batch of pieces; see `Filter.keep`."""
        return keep_share(surprise(chances), chances, self.value)
