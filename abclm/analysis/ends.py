"""Turn tunes into how their parts end, and this into counts by rhythm, of which an end for each part is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import median_high, median_low
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from abclm.analysis.parts import Part, parts_of
from abclm.errors import ModelError
from abclm.notation.symbols import Chord, Note
from abclm.notation.timing import WHOLE
from abclm.notation.tune import Tune

if TYPE_CHECKING:
    import numpy as np

    from abclm.notation.timing import Ticks

SHORT, EVEN, LONG = range(3)
"""Lengths of a last note: shorter than an eighth, not longer than the tune's median note, and longer than that."""

_EIGHTH = WHOLE // 8
_MOST_ALIKE = 9
_FINAL = "."

Counts = Mapping[str, Mapping[str, int]]
"""By what is before it, how many parts have each end."""


class End(NamedTuple):
    """How a part ends.

    Attributes:
        on_tonic: whether its last note is the tonic of the key in force.
        length: of its last note: `SHORT`, `EVEN` or `LONG`.
        alike: how many of its last bars are those of the part before, 0 to 9.
    """

    on_tonic: bool
    length: int
    alike: int = 0

    @property
    def code(self) -> str:
        """Three digits, for JSON."""
        return f"{int(self.on_tonic)}{self.length}{self.alike}"

    @classmethod
    def of(cls, code: str) -> Self:
        """Read three digits; ValueError if there is something else."""
        on_tonic, length, alike = (int(digit) for digit in code)
        if on_tonic > 1 or length > LONG:
            raise ValueError(code)
        return cls(bool(on_tonic), length, alike)


def length_of(duration: Ticks, usual: Ticks) -> int:
    """Say how long a last note of a duration is, in a tune with this median note; both in ticks."""
    return SHORT if duration < _EIGHTH else LONG if duration > usual else EVEN


def usual_note(tune: Tune) -> Ticks:
    """The median duration of the written notes and chords of a tune, in ticks; 0 without notes."""
    durations = sorted(symbol.duration for symbol in tune.music.symbols if isinstance(symbol, (Note, Chord)))
    return (Fraction(median_low(durations)) + median_high(durations)) / 2 if durations else 0


def ends_of(tune: Tune) -> tuple[End, ...]:
    r"""Say how the parts of a tune end, as written.

    Example:
        >>> text = "X:1\nM:2/4\nL:1/8\nK:D\ndfaf|edef|gfec|d4:|\nA2F2|E2F2|gfec|d4:|\nDEFG|ABcd|gfed|e2A2:|\n"
        >>> [end.code for end in ends_of(Tune.parse(text))]
        ['120', '122', '020']
    """
    parts = parts_of(tune)
    usual, found = usual_note(tune), []
    before: Part | None = None
    for part in parts:
        last = part.last_note
        if last is not None:
            found.append(End(last.on_tonic, length_of(last.duration, usual), _alike(before, part)))
        before = part
    return tuple(found)


def _alike(before: Part | None, part: Part) -> int:
    """How many of the last bars of two parts are the same."""
    found = 0
    for one, two in zip(reversed(before.bars if before else ()), reversed(part.bars), strict=False):
        if one.content != two.content or found == _MOST_ALIKE:
            break
        found += 1
    return found


@dataclass(frozen=True)
class EndCounts:
    """How many parts of tunes of each rhythm have each end.

    Attributes:
        rhythms: of each rhythm, `""` for tunes without one: by the first two digits of the part before (none for a
            first part), with `.` for a last part, the number of parts with each `End.code`.
    """

    rhythms: Mapping[str, Counts]

    @classmethod
    def of(cls, tunes: Iterable[Tune]) -> Self:
        """Count the ends of the parts of tunes."""
        rhythms: dict[str, dict[str, Counter[str]]] = {}
        for tune in tunes:
            counts, before = rhythms.setdefault(tune.rhythm or "", {}), ""
            ends = ends_of(tune)
            for part, end in enumerate(ends, start=1):
                place = before + _FINAL * (part == len(ends))
                counts.setdefault(place, Counter())[end.code] += 1
                before = end.code[:2]
        return cls(rhythms)

    @classmethod
    def in_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """Those of the tunes that a model was trained on last; without tunes if it has none.

        Raises:
            ModelError: the metadata have something else there.
        """
        try:
            return cls(
                {
                    rhythm: {
                        place: {End.of(code).code: int(count) for code, count in codes.items()}
                        for place, codes in counts.items()
                    }
                    for rhythm, counts in metadata.get("training", {}).get("ends", {}).items()
                }
            )
        except (AttributeError, TypeError, ValueError):
            raise ModelError(
                "the metadata's training.ends has counts of ends of parts by rhythm; copy the model again"
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """For JSON, the most frequent end first."""
        return {
            rhythm: {place: dict(Counter(codes).most_common()) for place, codes in sorted(counts.items())}
            for rhythm, counts in self.rhythms.items()
        }

    def draw(self, random: np.random.Generator, rhythm: str | None, parts: int) -> tuple[End, ...]:
        """Draw an end for each part of a tune, as often as the tunes of the rhythm have it after the end before.

        Args:
            random: the random generator.
            rhythm: of the tune; None or one that was not counted stands for all.
            parts: number of parts.

        Returns:
            An end for each part; none without counts. An end whose last bar is that of the part before has its last note.
        """
        ends: list[End] = []
        for part in range(1, parts + 1):
            before = ends[-1].code[:2] if ends else ""
            counts = self._counts(rhythm, before + _FINAL * (part == parts))
            if not counts:
                break
            codes, total = list(counts), sum(counts.values())
            end = End.of(codes[int(random.choice(len(codes), p=[counts[code] / total for code in codes]))])
            ends.append(ends[-1]._replace(alike=end.alike) if ends and end.alike else end)
        return tuple(ends)

    def _counts(self, rhythm: str | None, place: str) -> Mapping[str, int]:
        """The ends at a place: of the rhythm, or else of all; if there is none, of any place that is last or not."""
        own = [self.rhythms[rhythm or ""]] if (rhythm or "") in self.rhythms else []
        final = place.endswith(_FINAL)
        for among in (own, list(self.rhythms.values())):
            found: Counter[str] = Counter()
            for counts in among:
                found.update(counts.get(place, {}))
            if found:
                return found
        for counts in self.rhythms.values():
            for other, codes in counts.items():
                if other.endswith(_FINAL) == final:
                    found.update(codes)
        return found
