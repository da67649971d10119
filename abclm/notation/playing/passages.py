"""Turn the bar lines of a body into passages: what is played how often, with which variant endings.

The rules are those of ABC 2.1, sections 4.8 to 4.10. Where a repeat has no marked beginning, it goes back to the latest
double bar line, end of a repeat or part label, or to the start of the tune. Where signs don't match, a passage is what
a musician would play; each such place is a problem.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress

from abclm.notation.symbols import BOTH, DOUBLE, END, ENDING, PART, SINGLE, START, Bar, Symbol, Timed
from abclm.system.words import counted

_MOST_TIMES = 16
_MOST_EVENTS = 100_000  # that a passage may have when it is played more than four times


@dataclass(frozen=True, slots=True)
class Passage:
    """Events that are played a number of times in succession.

    Attributes:
        body: the indices of the events that are played every time.
        times: how often.
        endings: the passes and the events of each variant ending; the passes are counted from 1 to `times`.
        before: the number of passes that were played before; more than 0 where a passage is divided.
    """

    body: range
    times: int = 1
    endings: tuple[tuple[tuple[int, ...], range], ...] = ()
    before: int = 0

    @property
    def stop(self) -> int:
        """The index after the last of its events."""
        return self.endings[-1][1].stop if self.endings else self.body.stop

    def turns(self) -> Iterator[tuple[range, int]]:
        """Yield the ranges of events in the order in which they are heard, each with the number of its pass."""
        for number in range(1, self.times + 1):
            yield self.body, number + self.before
            for passes, music in self.endings:
                if number in passes:
                    yield music, number + self.before
                    break

    def in_pairs(self) -> list["Passage"]:
        """Divide a passage without variant endings into those that a plain repeat plays: at most two times."""
        if self.times < 3 or self.endings:
            return [self]
        return [
            replace(self, times=min(2, self.times - done), before=done) for done in range(0, self.times, 2)
        ]

    def last_time(self) -> list["Passage"]:
        """The passage as it is played after D.C. and D.S.: once, with its last variant ending."""
        last = [Passage(music) for passes, music in self.endings if self.times in passes]
        return [Passage(self.body), *last]


@dataclass(slots=True)
class _Ending:
    passes: tuple[int, ...]
    start: int
    stop: int = -1  # while it is open
    repeated: bool = False  # whether a sign at its end goes back


def read_passages(
    symbols: Sequence[Symbol], kinds: Sequence[str], section: range, problem: Callable[[int, str, str], None]
) -> list[Passage]:
    """Read the passages of a section.

    Args:
        symbols: the events.
        kinds: their kinds; a bar line with a variant ending is two events.
        section: the indices of the events to be read.
        problem: is told the index of a sign that doesn't match, the severity and the message.

    Returns:
        Passages in the order of playback, which together have all the events of the section.
    """
    reader = _Reader(symbols, section, problem)
    handlers: dict[str, Callable[[int], None]] = {
        DOUBLE: reader.double,
        START: reader.start,
        END: reader.end,
        BOTH: reader.end,
        ENDING: reader.ending,
        PART: reader.part,
    }
    for index in compress(section, kinds[section.start : section.stop]):
        if (kind := kinds[index]) != SINGLE and (handle := handlers.get(kind)):
            handle(index)
    reader.finish(section.stop)
    return reader.passages


_NEAR = 8  # symbols


class _Reader:
    def __init__(
        self, symbols: Sequence[Symbol], section: range, problem: Callable[[int, str, str], None]
    ) -> None:
        self.symbols = symbols
        self.section = section
        self.problem = problem
        self.passages: list[Passage] = []
        self.begin = section.start  # of the events that belong to no passage yet
        self.mark: int | None = None  # the sign that begins a repeat there
        self.times = 2  # as this sign says
        self.endings: list[_Ending] = []

    @cached_property
    def timed(self) -> list[int]:
        return [index for index in self.section if isinstance(self.symbols[index], Timed)]

    def has_music(self, start: int, stop: int) -> bool:
        # Mostly a note is near; else the search must not take a time that grows with what it passes over.
        for symbol in self.symbols[start : min(start + _NEAR, stop)]:
            if isinstance(symbol, Timed):
                return True
        place = bisect_left(self.timed, start)
        return place < len(self.timed) and self.timed[place] < stop

    def bar(self, index: int) -> Bar:
        symbol = self.symbols[index]
        assert isinstance(symbol, Bar)
        return symbol

    def add(self, passage: Passage) -> None:
        """Add a passage that begins where the one before it ends."""
        if passage.stop > passage.body.start:
            self.passages.append(passage)
        self.begin, self.mark, self.endings = passage.stop, None, []

    def plain(self, stop: int) -> None:
        self.add(Passage(range(self.begin, stop)))

    def settle(self, index: int) -> None:
        """End the repeat whose last variant ending is closed, if music follows before a sign."""
        if self.endings and self.endings[-1].stop >= 0 and self.has_music(self.endings[-1].stop, index):
            self.end_group()

    def close(self, stop: int, repeated: bool = False) -> None:
        """Close the last variant ending, or add signs without music to it."""
        last = self.endings[-1]
        last.repeated = last.repeated or (repeated and last.stop < 0)
        last.stop = stop

    def double(self, index: int) -> None:
        self.settle(index)
        if self.endings:
            self.close(index + 1)
        elif self.mark is None:
            self.plain(index + 1)

    def part(self, index: int) -> None:
        self.settle(index)
        if self.endings:
            self.close(index)
            self.end_group()
        if self.mark is None:
            self.plain(index)

    def start(self, index: int) -> None:
        self.settle(index)
        if self.endings:
            self.close(index + 1)
            self.end_group()
        elif self.mark is not None and self.has_music(self.begin, index):
            self.problem(index, "warning", "a repeat begins before the one before it has ended")
            self.repeat(index + 1, self.times)
        else:
            self.plain(index + 1)
        self.mark, self.times = index, self.bar(index).times_after

    def end(self, index: int) -> None:
        self.settle(index)
        bar = self.bar(index)
        if self.endings:
            self.close(index + 1, repeated=True)
            if bar.kind == BOTH:
                if len(self.endings) == 1:
                    self.problem(index, "warning", "the variant ending that ends here has no other after it")
                self.end_group()
        elif not self.has_music(self.begin, index):
            self.problem(index, "warning", "the repeat ends, but none began")
            self.plain(index + 1)
        else:
            if self.mark is not None and bar.times_before != self.times:
                self.problem(
                    index, "warning", f"the repeat begins for {counted(self.times, 'time')}, as it is played"
                )
            self.repeat(index + 1, bar.times_before if self.mark is None else self.times)
        if bar.kind == BOTH:
            self.mark, self.times = index, bar.times_after

    def ending(self, index: int) -> None:
        self.settle(index)
        passes = self.bar(index).ending
        if any(set(ending.passes) & set(passes) for ending in self.endings):
            self.problem(index, "warning", "the repeat has this variant ending already")
            if self.endings[-1].stop >= 0:
                self.end_group()
        elif self.endings:
            if self.endings[-1].stop < 0:
                self.problem(index, "warning", "a variant ending begins before the one before it has ended")
                self.close(index, repeated=True)
            self.endings.append(_Ending(passes, self.endings[-1].stop))
        else:
            if self.mark is None and self.passages and not self.has_music(self.begin, index):
                self.reopen()
            begun = self.mark is not None or self.has_music(self.begin, index)
            if not begun and not (self.passages and self.passages[-1].times > 1):
                self.problem(index, "error", "a variant ending stands outside a repeat")
            elif 1 not in passes:
                self.problem(index, "warning", "the first variant ending of the repeat is missing")
            if begun:
                self.endings.append(_Ending(passes, index))

    def reopen(self) -> None:
        """Take back the end of a passage at a double bar line, which a variant ending follows."""
        last = self.passages[-1]
        if last.times == 1 and self.symbols[last.stop - 1].kind == DOUBLE and last.stop == self.begin:
            self.begin = self.passages.pop().body.start

    def end_group(self) -> None:
        """End a repeat with variant endings."""
        first, *others = endings = self.endings
        if not others and not first.repeated:
            self.problem(first.start, "error", "a variant ending stands outside a repeat")
            self.plain(first.stop)
            return
        body = range(self.begin, first.start)
        named = sorted({1}.union(*(ending.passes for ending in endings)))
        # After a first ending that goes back without another after it, the repeat is played once more.
        times = len(named) + (not others and 1 in first.passes)
        if times > 4 and times * len(body) > _MOST_EVENTS:
            self.problem(
                first.start, "error", f"the repeat is too long to be played {counted(times, 'time')}"
            )
            times = 2
        full = [each for each in endings if self.has_music(each.start, each.stop)]
        parts = tuple(
            (tuple(named.index(number) + 1 for number in each.passes), range(each.start, each.stop))
            for each in full
        )
        passage = Passage(body, times, parts)
        if len(parts) == 1 and parts[0][0] == (times,):  # no other pass has an ending
            self.add(Passage(body, times))
            self.add(Passage(parts[0][1]))
        elif full == endings[: len(full)]:
            self.add(passage)
        else:  # endings without music before others with music
            for music, _ in passage.turns():
                self.add(Passage(music))
        self.begin = full[-1].stop if full else body.stop
        self.plain(endings[-1].stop)

    def repeat(self, stop: int, times: int) -> None:
        body = range(self.begin, stop)
        if times > 4 and times * len(body) > _MOST_EVENTS:
            self.problem(
                stop - 1, "error", "the repeat is too long to be played so often; it is played twice"
            )
            times = 2
        self.add(Passage(body, min(times, _MOST_TIMES)))

    def finish(self, stop: int) -> None:
        self.settle(stop)
        if self.endings:
            self.close(stop)
            self.end_group()
        if self.mark is not None:
            found = self.has_music(self.begin, stop)
            self.problem(
                self.mark,
                "warning",
                "the repeat that begins here does not end" if found else "no note follows here",
            )
        self.plain(stop)
