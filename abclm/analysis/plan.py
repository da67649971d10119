"""Turn a pattern such as `ABCDABCE|FGFHABCE`, or a tune, into a plan: which bars of which part are alike."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Self

from abclm.analysis.forms import MOST_BARS, MOST_PARTS
from abclm.analysis.parts import parts_of
from abclm.errors import NotationError
from abclm.notation.tune import Tune

_NAMES = ascii_letters[26:] + ascii_letters[:26] + digits + "+-*/"


@dataclass(frozen=True)
class Plan:
    """Which bars of a tune are alike: it has no notes.

    Attributes:
        parts: of each part a letter for each bar, the same for bars that are alike.
    """

    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a pattern, or the plan of a tune in ABC, of the 64 bars that can be asked for at most.

        Raises:
            NotationError: it is neither.

        Example:
            >>> Plan.of("ABAC | DEDC").form
            (4, 4)
        """
        if "X:" in text or "K:" in text:
            return cls(tuple(plan_of(Tune.parse(text)).split("|")))._checked(text)
        return cls(tuple("".join(part.split()) for part in text.strip().strip("|").split("|")))._checked(text)

    def _checked(self, text: str) -> Self:
        bars = "".join(self.parts)
        if not all(self.parts) or not set(bars) <= set(_NAMES):
            raise NotationError(
                f"a plan has a letter for each bar and | between parts, such as ABAC|DEDC, received {text[:40]!r}"
            )
        if len(self.parts) > MOST_PARTS or len(bars) > MOST_BARS:
            raise NotationError(
                f"a plan has at most {MOST_PARTS} parts and {MOST_BARS} bars, received {len(self.parts)} and {len(bars)}"
            )
        return self

    @property
    def form(self) -> tuple[int, ...]:
        """The bars of each part."""
        return tuple(map(len, self.parts))

    def source(self, part: int, bar: int) -> tuple[int, int] | None:
        """The part and the number of the first bar that a bar is like, all from 0; None for the first itself."""
        letter = self.parts[part][bar]
        for earlier, letters in enumerate(self.parts[: part + 1]):
            found = letters.find(letter)
            if found >= 0:
                return (earlier, found) if (earlier, found) != (part, bar) else None
        return None


def plan_of(tune: Tune) -> str:
    r"""Find the pattern of a tune: bars with the same notes have the same letter.

    Raises:
        NotationError: it has more different bars than there are names.

    Example:
        >>> plan_of(Tune.parse("X:1\nM:2/4\nL:1/8\nK:D\ndfaf|edef|dfaf|e2A2:|\nA2F2|E2F2|A2F2|e2A2:|\n"))
        'ABAC|DEDC'
    """
    names: dict[object, str] = {}
    found = []
    for part in parts_of(tune):
        for bar in part.bars:
            if len(names) == len(_NAMES) and bar.content not in names:
                raise NotationError(
                    f"the tune has more than {len(_NAMES)} different bars; give a shorter tune"
                )
            names.setdefault(bar.content, _NAMES[min(len(names), len(_NAMES) - 1)])
        found.append("".join(names[bar.content] for bar in part.bars))
    return "|".join(found)
