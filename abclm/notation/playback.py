"""Turn a measured body into the order in which it is heard: repeats, variant endings and part sequences expanded.

Complete notation follows ABC 2.1, sections 4.8 and 4.9. If the beginning of a repeat is not marked, it is found as in
abc2midi: the first repeat goes back to the start of the tune, a later repeat to the last `:|`, `||`, `|]` or `[|`
before it. After variant endings, however, abc2midi looks for no beginning, and plays what the writer can't have meant
(`|1 c :|2 d || e :|` goes back to the first repeat); `normalize` marks the beginning there too.
"""

import re
from collections.abc import Iterator
from itertools import compress, pairwise

from abclm.notation.problems import MOST_PROBLEMS, Finding
from abclm.notation.scanner import Body
from abclm.notation.symbols import (
    BOTH,
    DOUBLE,
    END,
    ENDING,
    PART,
    SINGLE,
    START,
    Bar,
    Note,
    Symbol,
    Timed,
    struck,
)
from abclm.notation.timing import Ticks

_TRIMMED = {START: DOUBLE, BOTH: END, ENDING: ""}
_MOST_EVENTS = 100_000  # limit for an expanded part sequence


class Playback:
    """The order in which a body's symbols are heard.

    Args:
        body: a measured body.
        parts: the value of the header's `P:`.
        mend_after_endings: whether a repeat after variant endings begins like any other repeat, else as in
            abc2midi.

    Attributes:
        problems: repeats and endings that don't match.
    """

    def __init__(self, body: Body, parts: str = "", mend_after_endings: bool = False) -> None:
        self.mend_after_endings = mend_after_endings
        self.symbols: list[Symbol] = []
        self.kinds: list[str] = []  # "" for symbols that don't control playback
        self.problems: list[Finding] = []
        self.repeated_starts: set[int] = set()  # sections to whose start a repeat goes back
        self._prepare(body)
        self.sections = self._sections(parts)
        for section in dict.fromkeys(self.sections):
            if mend_after_endings:
                self._trim(section)
            self._mend(section)

    def _prepare(self, body: Body) -> None:
        """Set the kind of every symbol; a bar line with a variant ending becomes two events."""
        symbols = body.symbols
        kinds = [symbol.kind for symbol in symbols]
        done = 0
        for index in compress(range(len(kinds)), kinds):
            bar = symbols[index]
            if isinstance(bar, Bar) and bar.ending and bar.text:
                self.symbols += symbols[done : index + 1]
                self.kinds += [*kinds[done : index + 1], ENDING]
                self.symbols.append(bar)
                done = index + 1
        self.symbols += symbols[done:]
        self.kinds += kinds[done:]

    def _problem(self, index: int, severity: str, message: str) -> None:
        if len(self.problems) >= 2 * MOST_PROBLEMS:
            return
        at = self.symbols[index].at if 0 <= index < len(self.symbols) else 0
        self.problems.append((at, severity, message))

    def _trim(self, section: range) -> None:
        """Remove beginnings of repeats and endings after the last note or rest."""
        ended = False
        for index in reversed(section):
            if isinstance(self.symbols[index], Timed):
                break
            kind = self.kinds[index]
            if kind in _TRIMMED and not ended:
                self._problem(index, "warning", "no note follows here")
                self.kinds[index] = _TRIMMED[kind]
            ended = ended or kind in (END, BOTH)

    def _mend(self, section: range) -> None:
        """Mark the unmarked beginnings of repeats."""
        kinds = self.kinds
        events = list(compress(section, kinds[section.start : section.stop]))
        before = section.start - 1
        start = before  # where a repeat would begin
        first = next((kinds[index] for index in events if kinds[index] in (START, END, BOTH, ENDING)), START)
        open_repeat = first != START
        if open_repeat:
            self.repeated_starts.add(section.start)
        endings: list[int] = []  # endings of this repeat so far
        seen = False  # an ending after which no beginning is searched
        opened = before
        for index in events:
            kind = kinds[index]
            if kind == DOUBLE:
                start = index
                if not open_repeat:
                    endings = []
            elif kind == START:
                if open_repeat:
                    self._problem(index, "warning", "a repeat begins before the one before it has ended")
                    kinds[index] = BOTH
                open_repeat = True
                endings = []
            elif kind == END:
                if not open_repeat and not (endings or seen):
                    self._begin_at(start, section)
                elif not open_repeat and not self._is_played_again(endings, index, section):
                    self._problem(index, "warning", "the repeat ends, but none began")
                    if self.mend_after_endings:  # it ends the last ending, which is not repeated
                        kinds[index] = DOUBLE
                    endings = []
                open_repeat = False
                start = index
            elif kind == ENDING:
                if not (endings or seen or open_repeat):
                    self._problem(index, "error", "a variant ending stands outside a repeat")
                    self._begin_at(start, section)
                    if self.mend_after_endings:
                        open_repeat, opened = True, start
                elif not (endings or open_repeat):
                    self._problem(
                        index, "warning", "the repeat of this variant ending has no marked beginning"
                    )
                elif not endings and 1 not in self._passes(index):
                    self._problem(index, "warning", "the first variant ending of the repeat is missing")
                elif any(set(self._passes(index)) & set(self._passes(ending)) for ending in endings):
                    self._problem(index, "warning", "the repeat has this variant ending already")
                endings.append(index)
                seen = not self.mend_after_endings
            elif kind == BOTH:
                if not open_repeat:
                    self._problem(index, "error", "the repeat ends, but none began")
                    if self.mend_after_endings and endings:  # as above
                        kinds[index] = START
                    else:
                        self._begin_at(start, section)
                open_repeat = True
                endings = []
            if kinds[index] in (START, BOTH):
                opened = index
        if not open_repeat:
            return
        if opened >= section.start:
            self._problem(opened, "warning", "the repeat that begins here does not end")
            kinds[opened] = DOUBLE if kinds[opened] == START else END
        elif endings:
            self._problem(endings[0], "error", "a variant ending stands outside a repeat")
            self.repeated_starts.discard(section.start)
        if self.mend_after_endings:
            for index in endings:
                if 1 in self._passes(index):
                    kinds[index] = ""  # played once, like any other passage

    def _passes(self, index: int) -> tuple[int, ...]:
        return self.symbols[index].ending  # type: ignore[attr-defined, no-any-return]

    def _is_played_again(self, endings: list[int], index: int, section: range) -> bool:
        """Whether an ending that ends at an index is not the last: another follows, or it is for a third pass."""
        if any(max(self._passes(ending)) > 2 for ending in endings[-2:]):
            return True
        for after in range(index + 1, section.stop):
            if self.kinds[after] or isinstance(self.symbols[after], Timed):
                return self.kinds[after] == ENDING
        return False

    def _begin_at(self, start: int, section: range) -> None:
        if start < section.start:
            self.repeated_starts.add(section.start)
        elif self.kinds[start] == END:
            self.kinds[start] = BOTH
        elif self.kinds[start] in (DOUBLE, SINGLE):
            self.kinds[start] = START

    def _sections(self, parts: str) -> list[range]:
        """The ranges of events in the order of playback: the whole tune, or its parts in sequence."""
        whole = range(len(self.symbols))
        sequence = part_sequence(parts)
        marks = [index for index, kind in enumerate(self.kinds) if kind == PART] if sequence else []
        if not marks:
            return [whole]
        labels: dict[str, range] = {}
        for here, there in pairwise([*marks, len(self.symbols)]):
            value = self.symbols[here].value  # type: ignore[attr-defined]
            labels.setdefault(value[:1], range(here, there))
        missing = sorted(set(sequence) - set(labels))
        if missing:
            self._problem(
                0, "error", f"the part sequence names {', '.join(missing)}, and no such part is there"
            )
        if len(missing) == len(set(sequence)):
            return [whole]
        before = [range(marks[0])] if marks[0] else []
        sections = before + [labels[label] for label in sequence if label in labels]
        if sum(map(len, sections)) > max(_MOST_EVENTS, len(whole)):
            self._problem(0, "error", "the part sequence is too long to be played out, and is passed over")
            return [whole]
        return sections

    def order(self) -> Iterator[tuple[int, int]]:
        """Yield `(index, number of the pass)` of every event, in the order in which it is heard.

        The number of steps is bounded: no event is played more often than a repeat allows.
        """
        for section in self.sections:
            yield from self._walk(section)

    def heard(self) -> list[tuple[Ticks, int, Ticks]]:
        """The onset, pitch and duration of the notes as heard, in order; onsets and durations are in ticks."""
        found: list[tuple[Ticks, int, Ticks]] = []
        now: Ticks = 0
        for index, _ in self.order():
            symbol = self.symbols[index]
            if isinstance(symbol, Note):
                if not symbol.continued:
                    found.append((now, symbol.pitch, symbol.duration + symbol.held))
                now += symbol.duration
            elif isinstance(symbol, Timed):
                found += [(now, note.pitch, note.duration + note.held) for note in struck(symbol)]
                now += symbol.duration
        found.sort()
        return found

    def _walk(self, section: range) -> Iterator[tuple[int, int]]:
        kinds = self.kinds
        index, stop = section.start, section.stop
        back = section.start - 1  # where a repeat goes back to
        expecting = section.start in self.repeated_starts
        times, most, in_ending = 1, 2, False
        while index < stop:
            kind = kinds[index]
            yield index, times
            if not kind:
                pass
            elif kind == START:
                back, expecting, times, most, in_ending = index, True, 1, 2, False
            elif kind == END:
                in_ending = False
                if (times == 1 and expecting) or 1 < times < most:
                    times += 1
                    expecting = False
                    index = back
            elif kind == BOTH:
                in_ending = False
                if times == 1 and expecting:
                    times += 1
                    index = back
                else:
                    back, expecting, times, most = index, True, 1, 2
            elif kind == DOUBLE:
                in_ending = False
            elif kind == ENDING:
                if in_ending:
                    self._problem(
                        index, "warning", "a variant ending begins before the one before it has ended"
                    )
                if times in self._passes(index):
                    in_ending = True
                    if most < 4:
                        most = times + 1
                else:
                    index += 1
                    while index < stop and kinds[index] not in (END, BOTH, START, PART, DOUBLE, ENDING):
                        index += 1
                    # Bar lines at the end of the skipped passage are skipped too, except one that begins a repeat.
                    if index >= stop:
                        self._problem(stop - 1, "error", "a variant ending is not closed by a bar line")
                    elif kinds[index] == BOTH:
                        self._problem(
                            index, "warning", "the variant ending that ends here has no other after it"
                        )
                        index -= 1
                    elif kinds[index] in (PART, ENDING):
                        index -= 1
            index += 1


def part_sequence(text: str) -> str:
    """Expand a part sequence (ABC 2.1, section 3.1.9): `A2(BC)2` becomes `AABCBC`; at most 256 parts.

    Example:
        >>> part_sequence("(AAB)2C.D")
        'AABAABCD'
    """
    tokens = re.findall(r"[A-Za-z]|\(|\)|\d+", text.split("%")[0])[:256]
    stack: list[list[str]] = [[]]
    for token in tokens:
        if token == "(":
            stack.append([])
        elif token == ")":
            if len(stack) > 1:
                group = "".join(stack.pop())
                stack[-1].append(group)
        elif token.isdigit():
            if stack[-1]:
                stack[-1][-1] = (stack[-1][-1] * min(int(token[:3]), 64))[:256]
        else:
            stack[-1].append(token)
    return "".join("".join(group) for group in stack)[:256]
