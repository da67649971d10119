"""Turn a melody into figures of its line: shapes that come again, and wide or successive leaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abclm.analysis.parts import PartBar

_LEAP = 5  # semitones: a fourth
_SEVENTHS = (10, 11)
_SHAPE = 4  # intervals
_STEP, _THIRD = 2, 4  # semitones, at most


def motifs(bars: Iterable[PartBar]) -> float | None:
    """The share of the five-note shapes in bars that come again.

    A shape is what kind of interval each note makes with the next: the same note, a step, a third, or a leap, up or down.
    So a figure that moves to another degree has the same shape. A bar that comes again as a whole counts once.

    Args:
        bars: of a tune.

    Returns:
        From 0, where all shapes differ, up to but not 1; None where no bar has five notes.
    """
    shapes = [shape for content in dict.fromkeys(bar.content for bar in bars) for shape in _shapes(content)]
    return 1 - len(set(shapes)) / len(shapes) if shapes else None


def _shapes(content: Sequence[tuple[object, int | None]]) -> list[tuple[int, ...]]:
    pitches = [pitch for _, pitch in content if pitch is not None]
    kinds = [_kind(after - before) for before, after in pairwise(pitches)]
    return [tuple(kinds[first : first + _SHAPE]) for first in range(len(kinds) - _SHAPE + 1)]


def _kind(interval: int) -> int:
    """0 for the same note, 1 for a step, 2 for a third, 3 for a leap; downwards negative."""
    size = abs(interval)
    kind = (size > 0) + (size > _STEP) + (size > _THIRD)
    return kind if interval > 0 else -kind


def leaps(pitches: Sequence[int]) -> dict[str, float]:
    """Count the leaps of a fourth or more.

    Args:
        pitches: MIDI numbers, two or more.

    Returns:
        `leaps`, their share of the intervals; `leaps_in_line`, how many follow a leap in the same direction, at most 3;
        and `sevenths`, 1 where a leap is a seventh, else 0.

    Example:
        >>> leaps([60, 67, 72, 70, 60])
        {'leaps': 0.75, 'leaps_in_line': 1.0, 'sevenths': 1.0}
    """
    intervals = [after - before for before, after in pairwise(pitches)]
    in_line = sum(
        min(abs(one), abs(two)) >= _LEAP and (one > 0) == (two > 0) for one, two in pairwise(intervals)
    )
    return {
        "leaps": sum(abs(interval) >= _LEAP for interval in intervals) / len(intervals),
        "leaps_in_line": float(min(in_line, 3)),
        "sevenths": float(any(abs(interval) in _SEVENTHS for interval in intervals)),
    }
