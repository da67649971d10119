"""Turn a plan into bars that are copied while a tune is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abclm.analysis.plan import Plan
    from abclm.notation.place import Place


class PlannedBars:
    """The bars of one tune that is written by a plan.

    Args:
        plan: which bars are alike.
    """

    __slots__ = ("_before", "_plan", "_written")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._written: dict[tuple[int, int], str] = {}  # by part and number, from 0
        self._before = ""

    def follow(self, symbol: str, place: Place) -> str:
        """Take note of a symbol that was written, and say which bar is copied next.

        Args:
            symbol: the last one.
            place: after it.

        Returns:
            The bar, where a bar begins that the plan has like one before it; else nothing.
        """
        before, self._before = self._before, symbol
        if symbol not in "|:" or place.text or not place.in_body:
            return ""
        part, bar = place.part - 1, place.bar - 1
        if place.bars:
            self._written[part, bar - 1] = place.bars[-1][:-1]
        elif place.before and 0 < part <= len(self._plan.parts):
            self._written[part - 1, len(self._plan.parts[part - 1]) - 1] = place.before[-1][:-1]
        begins = symbol == "|" or (before in ("|", ":") and not place.bars)
        if not begins or part >= len(self._plan.parts) or bar >= len(self._plan.parts[part]):
            return ""
        source = self._plan.source(part, bar)
        return self._written.get(source, "") if source else ""
