"""Turn a canonical tune and numbers of bars, such as `5-8` or `B5-8`, into the places of these bars in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from abclm.analysis.forms import MOST_PARTS
from abclm.errors import NotationError
from abclm.notation.place import Place

PART_LETTERS = "ABCDEFGH"[:MOST_PARTS]
_FIELDS = re.compile(r"(?:\[[A-Z]:[^]]*])*")
_RANGE = re.compile(rf"([{PART_LETTERS}]?)(?:(\d{{1,4}})(?:-(\d{{1,4}}))?)?", re.IGNORECASE)


class BarSpan(NamedTuple):
    """A written bar of a tune.

    Attributes:
        part: its part, from 1.
        bar: its number in the part, from 1. A pick-up has the number of the bar after it, and the bars of a second ending
            have those of the first.
        begin, end: its music in the text, without the bar lines, and without fields that stand before its first note.
    """

    part: int
    bar: int
    begin: int
    end: int


def bar_spans(text: str) -> list[BarSpan]:
    r"""Find the bars of a canonical tune.

    Example:
        >>> text = "X:1\nM:2/4\nL:1/8\nK:D\nd|f2 ag|fd f:|\na|d2 f2|1 d3:|2 d4|]\n"
        >>> [(span.part, span.bar, text[span.begin : span.end]) for span in bar_spans(text)]
        [(1, 1, 'd'), (1, 1, 'f2 ag'), (1, 2, 'fd f'), (2, 1, 'a'), (2, 1, 'd2 f2'), (2, 2, 'd3'), (2, 2, 'd4')]
    """
    place, found, begin = Place(), [], 0
    for at, symbol in enumerate(text):
        part, bar, before, in_body = place.part, place.bar, place.text, place.in_body
        place.add(symbol)
        if not in_body:
            continue
        if place.text and not before:
            begin = at
        elif before and not place.text and symbol in "|:":
            fields = _FIELDS.match(text, begin, at)
            assert fields is not None
            if music := text[fields.end() : at].lstrip():
                found.append(BarSpan(part, bar, at - len(music), at))
    return found


def bars_in(asked: str, spans: list[BarSpan]) -> list[BarSpan]:
    r"""Choose bars by their numbers.

    Args:
        asked: numbers and ranges with commas between: of the whole tune, or behind the letter of a part, as `B5-8`. A
            letter alone is the whole part.
        spans: of all bars of the tune.

    Raises:
        NotationError: it is no such list, or the tune doesn't have these bars.

    Example:
        >>> spans = bar_spans("X:1\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2:|\nd2e2|f2d2|]\n")
        >>> [(span.part, span.bar) for span in bars_in("1,B2", spans)], len(bars_in("2-3", spans))
        ([(1, 1), (2, 2)], 2)
    """
    lengths: dict[int, int] = {}
    for span in spans:
        lengths[span.part] = max(span.bar, lengths.get(span.part, 0))
    before = {part: sum(bars for other, bars in lengths.items() if other < part) for part in lengths}
    chosen: set[int] = set()
    for each in asked.split(","):
        chosen.update(_range(each.strip(), lengths, before, asked))
    return [span for span in spans if before[span.part] + span.bar in chosen]


def _range(text: str, lengths: dict[int, int], before: dict[int, int], asked: str) -> Iterator[int]:
    """The numbers in the whole tune of one number, range or part."""
    match = _RANGE.fullmatch(text)
    if not text or match is None:
        raise NotationError(f"{asked[:40]!r} is no list of bars; give one such as 5-8, 3,7-8 or B5-8")
    letter, first, last = match.groups()
    shift, bars, where = 0, sum(lengths.values()), "the tune"
    if letter:
        part = 1 + PART_LETTERS.index(letter.upper())
        if part not in lengths:
            raise NotationError(
                f"the tune has {parts_named(max(lengths))}, received {text}; give bars of these"
            )
        shift, bars, where = before[part], lengths[part], f"part {letter.upper()}"
    low = int(first or 1)
    high = int(last or first or bars)
    if not 1 <= low <= high <= bars:
        raise NotationError(
            f"{where} has bars 1 to {bars}, received {text}; give some of these, the lower first"
        )
    yield from range(shift + low, shift + high + 1)


def parts_named(parts: int) -> str:
    """The parts of a tune in words.

    Example:
        >>> parts_named(1), parts_named(3)
        ('part A', 'parts A to C')
    """
    return "part A" if parts == 1 else f"parts A to {PART_LETTERS[min(parts, MOST_PARTS) - 1]}"
