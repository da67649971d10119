"""Turn a measured body into the order in which it is heard: repeats, variant endings and part sequences expanded.

`passages` finds the repeats; a part sequence follows ABC 2.1, section 3.1.9.
"""

import re
from collections.abc import Iterator
from itertools import compress, pairwise

from abclm.notation.playing.jumps import follow_jumps
from abclm.notation.playing.passages import Passage, read_passages
from abclm.notation.problems import MOST_PROBLEMS, Finding
from abclm.notation.scanner import Body
from abclm.notation.symbols import DA_CAPO, DAL_SEGNO, ENDING, PART, Bar, Chord, Note, Symbol, Timed
from abclm.notation.timing import Ticks

_JUMPS = frozenset((DA_CAPO, DAL_SEGNO))
_MOST_EVENTS = 100_000  # limit for an expanded part sequence


class Playback:
    """The order in which a body's symbols are heard.

    A tie joins a note to the next one that is heard, also into a variant ending and over a repeat sign, if it has the
    same pitch. A tie that never joins two notes is taken back.

    Args:
        body: a measured body.
        parts: the value of the header's `P:`.

    Attributes:
        symbols: the symbols; a bar line with a variant ending stands there twice.
        kinds: their kinds.
        passages: what is played, in order, each passage at most two times if it has no variant endings.
        joints: the indices of the passages with which the next part of a part sequence begins.
        problems: repeats, endings and ties that don't match.
        matches: whether all repeats, endings and parts match.
    """

    def __init__(self, body: Body, parts: str = "") -> None:
        self.symbols: list[Symbol] = []
        self.kinds: list[str] = []  # "" for symbols that don't control playback
        self.problems: list[Finding] = []
        self._prepare(body)
        sections = self._sections(parts)
        read = {section: self._read(section) for section in sections}
        self.passages: list[Passage] = []
        self.joints: set[int] = set()
        for section in sections:
            if self.passages:
                self.joints.add(len(self.passages))
            self.passages += read[section]
        if not _JUMPS.isdisjoint(self.kinds):
            self.passages = follow_jumps(self.passages, self.symbols, self.kinds, self._problem)
        self.matches = not self.problems
        in_text_order = all(a.stop == b.body.start for a, b in pairwise(self.passages))
        self._loose = set(body.loose_ties if in_text_order else body.ties)
        self._heard: list[tuple[Ticks, int, Ticks]] | None = None
        if self._loose:
            self.heard()
        for note in sorted(self._loose, key=lambda note: note.at):
            note.tied = False
            self._add_problem(note.at, "error", "the tie leads to no note of the same pitch")

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
        self._add_problem(self.symbols[index].at if 0 <= index < len(self.symbols) else 0, severity, message)

    def _add_problem(self, at: int, severity: str, message: str) -> None:
        if len(self.problems) < 2 * MOST_PROBLEMS:
            self.problems.append((at, severity, message))

    def _read(self, section: range) -> list[Passage]:
        return [
            part
            for passage in read_passages(self.symbols, self.kinds, section, self._problem)
            for part in passage.in_pairs()
        ]

    def _sections(self, parts: str) -> list[range]:
        """The ranges of events in the order of playback: the whole tune, or its parts in sequence."""
        whole = range(len(self.symbols))
        sequence = part_sequence(parts) if parts else ""
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

    def turns(self) -> Iterator[tuple[range, int]]:
        """Yield the ranges of events in the order in which they are heard, each with the number of its pass.

        Their number is bounded: no event is played more often than its repeat and the part sequence allow.
        """
        for passage in self.passages:
            yield from passage.turns()

    def order(self) -> Iterator[tuple[int, int]]:
        """Yield `(index, number of the pass)` of every event, in the order in which it is heard."""
        for indices, number in self.turns():
            for index in indices:
                yield index, number

    def heard(self) -> list[tuple[Ticks, int, Ticks]]:
        """The onset, pitch and duration of the notes as heard, in order; onsets and durations are in ticks."""
        if self._heard is None:
            self._heard = self._listen()
        return self._heard

    def _listen(self) -> list[tuple[Ticks, int, Ticks]]:
        found: list[tuple[Ticks, int, Ticks]] = []
        now: Ticks = 0
        tied: dict[int, list[tuple[int, Note]]] = {}  # pitch -> places in `found` and the notes with the ties
        for indices, _ in self.turns():
            for symbol in self.symbols[indices.start : indices.stop]:
                if isinstance(symbol, Note):
                    if tied or symbol.tied:
                        tied = self._strike([symbol], now, symbol.duration, found, tied)
                    else:
                        found.append((now, symbol.pitch, symbol.duration))
                    now += symbol.duration
                elif isinstance(symbol, Timed):
                    notes = symbol.notes if isinstance(symbol, Chord) else []
                    tied = self._strike(notes, now, symbol.duration, found, tied)
                    now += symbol.duration
        found.sort()
        return found

    def _strike(
        self,
        notes: list[Note],
        now: Ticks,
        duration: Ticks,
        found: list[tuple[Ticks, int, Ticks]],
        tied: dict[int, list[tuple[int, Note]]],
    ) -> dict[int, list[tuple[int, Note]]]:
        """Add notes that sound together, or make those longer that are tied to them; return the ties after them."""
        opened: dict[int, list[tuple[int, Note]]] = {}
        for note in notes:
            if before := tied.get(note.pitch):
                place, source = before.pop(0)
                onset, pitch, length = found[place]
                found[place] = onset, pitch, length + duration
                self._loose.discard(source)
            else:
                place = len(found)
                found.append((now, note.pitch, duration))
            if note.tied:
                opened.setdefault(note.pitch, []).append((place, note))
        return opened


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
