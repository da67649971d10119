"""Turn the passages of a tune with D.C. or D.S. into those that are played.

D.C. goes back to the start, D.S. to the segno. From there, each repeat is played once, with its last variant ending,
until the fine, or until the sign from which the coda follows. This is done where it can mean only one thing: there is
one D.C. or D.S., at the end of the tune but for the coda, and one place where the second time ends.
"""

from collections.abc import Callable, Sequence

from abclm.notation.playing.passages import Passage
from abclm.notation.symbols import CODA, DA_CAPO, DAL_SEGNO, FINE, SEGNO, TO_CODA, Bar, Symbol, Timed


def follow_jumps(
    passages: list[Passage],
    symbols: Sequence[Symbol],
    kinds: Sequence[str],
    problem: Callable[[int, str, str], None],
) -> list[Passage]:
    """Play out D.C. and D.S.

    Args:
        passages: what is played without them, in the order of the text.
        symbols: the events.
        kinds: their kinds.
        problem: is told the index of a sign that is not played out, the severity and the message.

    Returns:
        All that is played; the same passages if there is no D.C. or D.S., or if it is not played out.
    """
    backs = [index for index, kind in enumerate(kinds) if kind in (DA_CAPO, DAL_SEGNO)]
    played = _Jumps(passages, symbols, kinds, backs[0]).played() if len(backs) == 1 else None
    if played is not None:
        return played
    for index in backs:
        problem(
            index,
            "warning",
            f"{kinds[index]} is not played out, as it is not plain where it leads and ends; mark one fine or coda, or "
            "write the music in full",
        )
    return passages


class _Jumps:
    def __init__(
        self, passages: list[Passage], symbols: Sequence[Symbol], kinds: Sequence[str], back: int
    ) -> None:
        self.passages = passages
        self.symbols = symbols
        self.kinds = kinds
        self.back = back

    def played(self) -> list[Passage] | None:
        """All that is played; None if it could mean several things."""
        back = self.end_of_bar(self.back)
        codas, to_codas, fines = self.places(CODA), self.places(TO_CODA), self.places(FINE)
        if not to_codas and len(codas) == 2:
            to_codas = [codas.pop(0)]
        coda = codas[0] if len(codas) == 1 else len(self.symbols)
        if back is None or self.has_music(back, coda) or len(fines) + len(to_codas) != 1:
            return None
        end = self.end_of_bar(fines[0]) if fines else self.bar_at(to_codas[0])
        start = self.start()
        if end is None or start is None or not start < end <= back <= coda or bool(codas) != bool(to_codas):
            return None
        again = self.again(start, end)
        if not again or again[-1].stop != end:
            return None
        first = self.first_time(back)
        return first and first + again + self.again(coda, len(self.symbols))

    def places(self, kind: str) -> list[int]:
        return [index for index, found in enumerate(self.kinds) if found == kind]

    def has_music(self, start: int, stop: int) -> bool:
        return any(isinstance(symbol, Timed) for symbol in self.symbols[start:stop])

    def start(self) -> int | None:
        """The place to which it goes back."""
        if self.kinds[self.back] == DA_CAPO:
            return 0
        segnos = self.places(SEGNO)
        return segnos[0] if len(segnos) == 1 and segnos[0] < self.back else None

    def is_bar(self, index: int) -> bool:
        symbol = self.symbols[index]
        return isinstance(symbol, Bar) and bool(symbol.text)

    def end_of_bar(self, index: int) -> int | None:
        """The index after the bar line that follows a sign; None if it stands before the last note of the bar."""
        bars = [each for each in range(index, len(self.symbols)) if self.is_bar(each)][:1]
        stop = bars[0] if bars else len(self.symbols)
        notes = sum(isinstance(symbol, Timed) for symbol in self.symbols[index:stop])
        return None if notes > 1 else min(stop + 1, len(self.symbols))

    def bar_at(self, index: int) -> int | None:
        """The index after the bar line where a sign stands."""
        if self.end_of_bar(index) is not None:
            return self.end_of_bar(index)
        before = next((each for each in range(index, -1, -1) if self.is_bar(each)), -1)
        return None if self.has_music(before + 1, index) else before + 1

    def first_time(self, back: int) -> list[Passage] | None:
        """The passages until D.C. or D.S.; None if it stands inside a repeat."""
        found: list[Passage] = []
        for passage in self.passages:
            if passage.body.start >= back:
                break
            if passage.stop <= back or passage.times == 1:
                found.append(passage if passage.stop <= back else Passage(range(passage.body.start, back)))
            elif self.has_music(back, passage.stop):
                return None
            else:
                found.append(passage)
        return found

    def again(self, start: int, end: int) -> list[Passage]:
        """What is played between two places when each repeat is played once."""
        parts = [each.body for passage in self.passages for each in passage.last_time()]
        cut = [range(max(part.start, start), min(part.stop, end)) for part in dict.fromkeys(parts)]
        return [Passage(part, before=1) for part in cut if part]
