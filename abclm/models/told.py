"""Turn what can be told of training tunes into counts, and counts into the cost of what is told, and into draws.

p(rhythm), p(key | rhythm) and p(form | rhythm) are counts, smoothed by the method C of Witten and Bell, "The
zero-frequency problem", IEEE Transactions on Information Theory 37 (1991): with n of N tunes and T different values,
p = (n + T · p₀) / (N + T). For the keys and forms of a rhythm p₀ is that of all tunes, and below these a fixed one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from abclm.errors import ModelError
from abclm.models.context import MODE_IDS, RHYTHM_IDS, TONIC_IDS, Told

if TYPE_CHECKING:
    import numpy as np

Counts = Mapping[str, int]
_FEWEST, _SMALLEST_SHARE = 10, 0.01  # training tunes of a rhythm; a rhythm with less is not told


@dataclass(frozen=True)
class ToldCounts:
    """How many tunes have each rhythm, and of each rhythm how many have each key and each form.

    Attributes:
        keys: of each rhythm, `""` for tunes without one, the tunes in each key.
        forms: of each rhythm the tunes of each form: the bars of each part with spaces between, such as `8 8`.
    """

    keys: Mapping[str, Counts]
    forms: Mapping[str, Counts]

    @classmethod
    def of(cls, tunes: Iterable[Told]) -> Self:
        """Count what can be told of tunes."""
        keys: dict[str, Counter[str]] = {}
        forms: dict[str, Counter[str]] = {}
        for rhythm, key, form in tunes:
            keys.setdefault(rhythm or "", Counter())[key or ""] += 1
            forms.setdefault(rhythm or "", Counter())[" ".join(map(str, form))] += 1
        return cls(keys, forms)

    @classmethod
    def in_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """Those of the tunes that a model was trained on last; without tunes if it has none.

        Raises:
            ModelError: the metadata have something else there.
        """
        found = metadata.get("training", {}).get("told", {"keys": {}, "forms": {}})
        try:
            parts = [
                {
                    rhythm: {name: int(count) for name, count in counts.items()}
                    for rhythm, counts in part.items()
                }
                for part in (found["keys"], found["forms"])
            ]
            for form in {form for counts in parts[1].values() for form in counts}:
                _bars(form)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ModelError(
                "the metadata's training.told has counts of keys and forms by rhythm; copy the model again"
            ) from None
        return cls(*parts)

    def knows(self, rhythm: str) -> bool:
        """Whether there are enough tunes of a rhythm to tell it: ten, or one in a hundred."""
        tunes = sum(self.keys.get(rhythm, {}).values())
        total = sum(sum(each.values()) for each in self.keys.values())
        return tunes >= min(_FEWEST, _SMALLEST_SHARE * total)

    def to_dict(self) -> dict[str, Any]:
        """For JSON, the most frequent first."""
        return {
            name: {rhythm: dict(Counter(counts).most_common()) for rhythm, counts in part.items()}
            for name, part in (("keys", self.keys), ("forms", self.forms))
        }

    def bits(self, told: Told) -> float:
        """The cost of being told this, in bits: nothing for what is unknown."""
        rhythms = {rhythm: sum(counts.values()) for rhythm, counts in self.keys.items()}
        rhythm, chance = told.rhythm, 1.0
        if rhythm is not None:
            chance *= _smoothed(rhythms, rhythm, 1 / len(RHYTHM_IDS))
        if told.key is not None:
            anywhere = _smoothed(_together(self.keys), told.key, 1 / (len(TONIC_IDS) * len(MODE_IDS)))
            chance *= _smoothed(self.keys.get(rhythm or "", {}), told.key, anywhere)
        if told.form:
            form = " ".join(map(str, told.form))
            anywhere = _smoothed(_together(self.forms), form, _any_form(told.form))
            chance *= _smoothed(self.forms.get(rhythm or "", {}), form, anywhere)
        return -math.log2(chance)

    def draw(self, random: np.random.Generator, told: Told | None = None) -> Told:
        """Draw what is not told as often as the tunes have it, given the rhythm.

        Args:
            random: the random generator.
            told: what is known already; by default nothing.

        Returns:
            All that can be told; what no tune tells of stays unknown.
        """
        rhythm, key, form = told or Told()
        if rhythm is None and self.keys:
            rhythm = _drawn({name: sum(counts.values()) for name, counts in self.keys.items()}, random)
        if key is None and self.keys:
            key = _drawn(self.keys.get(rhythm or "") or _together(self.keys), random) or None
        if not form and self.forms:
            form = _bars(_drawn(self.forms.get(rhythm or "") or _together(self.forms), random))
        return Told(rhythm, key, form)


def _smoothed(counts: Counts, name: str, otherwise: float) -> float:
    """The chance of a name, given its chance without counts."""
    different = len(counts)
    if not different:
        return otherwise
    return (counts.get(name, 0) + different * otherwise) / (sum(counts.values()) + different)


def _together(by_rhythm: Mapping[str, Counts]) -> Counts:
    total: Counter[str] = Counter()
    for counts in by_rhythm.values():
        total.update(counts)
    return total


def _any_form(form: tuple[int, ...]) -> float:
    """A chance for every form: 2⁻ⁿ for n parts, and 1 / b(b + 1) for each one's b bars, from 1."""
    return math.prod(1 / (2 * max(bars, 1) * (bars + 1)) for bars in form)


def _bars(form: str) -> tuple[int, ...]:
    return tuple(map(int, form.split()))


def _drawn(counts: Counts, random: np.random.Generator) -> str:
    total = sum(counts.values())
    names = list(counts)
    return names[int(random.choice(len(names), p=[counts[name] / total for name in names]))]
