"""Turn tunes into bars that can be compared whatever their key: duplicates, near copies, the nearest tune."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from abclm.errors import ConfigError
from abclm.notation.symbols import Bar, Symbol, Timed, struck
from abclm.notation.tune import Tune

# A bar is divided into so many parts for comparison: fine enough for tuplets of 3, 5 and 7 and 1/64 of a bar.
_PARTS = 64 * 105

Pattern = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What two tunes have in common.

    Attributes:
        index: of the other tune, in the order in which the index was given its tunes.
        overlap: share of the bars of the tune that has fewer of them, 0 to 1.
        bars: how many different bars are in common.
        semitones: by how much the other tune has to be moved, -6 to 5 where octaves don't matter.
    """

    index: int
    overlap: float
    bars: int
    semitones: int


def bar_patterns(tune: Tune) -> dict[tuple[Pattern, int], int]:
    """The different bars of a tune, as heard: where in the bar its notes begin, and how they move.

    Bars of fewer than two notes say nothing and are left out. Where the unit is another (a reel in 2/4
    or in C|), the pattern is the same.

    Args:
        tune: any tune.

    Returns:
        For each `(pattern, pitch class of its first note)` the number of the bar where it first stands. The
        pattern has, for each note, its place in the bar and the semitones from the first note.
    """
    patterns: dict[tuple[Pattern, int], int] = {}
    for number, events in enumerate(_bars(tune.music.symbols)):
        bar = _pattern(events)
        if bar is not None:
            patterns.setdefault(bar, number)
    return patterns


def heard_patterns(tune: Tune) -> list[tuple[Pattern, int]]:
    r"""The bars of a tune in the order in which they are heard: repeats and part sequences played out.

    Args:
        tune: any tune.

    Returns:
        `(pattern, pitch class of its first note)` for each bar, as `bar_patterns` has them; bars of fewer than
        two notes are left out.

    Example:
        >>> once = Tune.parse("X:1\nL:1/4\nK:G\nGABc|dcBA:|\n")
        >>> twice = Tune.parse("X:1\nL:1/4\nK:G\nGABc|dcBA|GABc|dcBA|]\n")
        >>> heard_patterns(once) == heard_patterns(twice)
        True
    """
    symbols = tune.playback.symbols
    heard = (symbols[index] for index, _ in tune.playback.order())
    bars = (_pattern(events) for events in _bars(heard))
    return [bar for bar in bars if bar is not None]


def _pattern(events: list[Timed]) -> tuple[Pattern, int] | None:
    """What a bar is compared by, and the pitch class of its first note; None for fewer than two notes."""
    whole = sum(event.duration for event in events)
    pattern: list[int] = []
    first = None
    now = 0
    for event in events:
        notes = struck(event)
        if notes:
            pitch = max(note.pitch for note in notes)  # of a chord the melody is on top
            first = pitch if first is None else first
            pattern += (int(now * _PARTS / whole + 0.5), pitch - first)
        now += event.duration  # type: ignore[assignment]
    return None if first is None or len(pattern) < 4 else (tuple(pattern), first % 12)


def _bars(symbols: Iterable[Symbol]) -> Iterator[list[Timed]]:
    events: list[Timed] = []
    for symbol in symbols:
        if isinstance(symbol, Timed):
            events.append(symbol)
        elif isinstance(symbol, Bar) and symbol.text and events:
            yield events
            events = []
    if events:
        yield events


class TuneIndex:
    r"""The bars of many tunes, to be asked which of them a tune is like.

    Example:
        >>> from abclm import Tune
        >>> tune = Tune.parse("X:1\nL:1/8\nK:G\nGABc|dBGB|cAFA|G4|]\n")
        >>> other = Tune.parse("X:2\nL:1/8\nK:D\nDEFG|AFDF|FDFA|d4|]\n")
        >>> TuneIndex([tune, other]).nearest(tune.transpose(3))
        Match(index=0, overlap=1.0, bars=3, semitones=3)
        >>> TuneIndex([tune]).nearest(other).bars
        2
    """

    def __init__(self, tunes: Iterable[Tune]) -> None:
        self._tunes: list[list[tuple[Pattern, int]]] = []
        self._places: dict[Pattern, list[tuple[int, int]]] = defaultdict(list)  # (tune, pitch class)
        for index, tune in enumerate(tunes):
            patterns = list(bar_patterns(tune))
            self._tunes.append(patterns)
            for pattern, pitch_class in patterns:
                self._places[pattern].append((index, pitch_class))

        self.sizes = [len(patterns) for patterns in self._tunes]

    def __len__(self) -> int:
        return len(self.sizes)

    def matches(self, tune: Tune, least: float = 0.0) -> list[Match]:
        """The tunes that have a bar in common with a tune, the nearest first.

        Args:
            tune: any tune; where it is in the index, it is its own nearest.
            least: matches of less overlap are left out.
        """
        patterns = bar_patterns(tune)
        common: Counter[tuple[int, int]] = Counter()
        for pattern, pitch_class in patterns:
            for index, other in self._places.get(pattern, ()):
                common[index, (pitch_class - other) % 12] += 1
        best: dict[int, tuple[int, int]] = {}
        for (index, shift), count in common.items():
            if count > best.get(index, (0, 0))[0]:
                best[index] = (count, shift)
        found = [
            Match(index, count / max(1, min(len(patterns), self.sizes[index])), count, _near(shift))
            for index, (count, shift) in best.items()
        ]
        return sorted(
            (match for match in found if match.overlap >= least),
            key=lambda match: (-match.overlap, -match.bars, match.index),
        )

    def nearest(self, tune: Tune) -> Match | None:
        """The tune that has most in common with a tune; None where none has a bar in common."""
        return next(iter(self.matches(tune)), None)

    def near_copies(self, least: float = 0.5) -> list[tuple[int, int, float]]:
        """All pairs of tunes in the index that share so many bars.

        Args:
            least: the overlap from which on two tunes are a pair, above 0, up to 1.

        Returns:
            `(index, index, overlap)`, the smaller index first, in order.
        """
        if not 0 < least <= 1:
            raise ConfigError(f"least is above 0, up to 1; received {least!r}")
        pairs: dict[tuple[int, int], float] = {}
        for index, patterns in enumerate(self._tunes):
            # A tune that shares so many of these bars shares one of the rarest few (prefix filtering).
            needed = ceil(least * len(patterns))
            rarest = sorted(patterns, key=lambda bar: len(self._places[bar[0]]))[: len(patterns) - needed + 1]
            others = {other for pattern, _ in rarest for other, _ in self._places[pattern]}
            for other in others:
                pair = (min(index, other), max(index, other))
                if other != index and self.sizes[other] >= len(patterns) and pair not in pairs:
                    pairs[pair] = self._shared(*pair) / len(patterns)
        return sorted((*pair, overlap) for pair, overlap in pairs.items() if overlap >= least)

    def _shared(self, one: int, other: int) -> int:
        """How many bars two tunes of the index have in common, in the transposition that has most."""
        shifts: Counter[int] = Counter()
        by_pattern: dict[Pattern, list[int]] = defaultdict(list)
        for pattern, pitch_class in self._tunes[one]:
            by_pattern[pattern].append(pitch_class)
        for pattern, pitch_class in self._tunes[other]:
            for at in by_pattern.get(pattern, ()):
                shifts[(at - pitch_class) % 12] += 1
        return max(shifts.values(), default=0)


def _near(shift: int) -> int:
    return shift - 12 if shift > 5 else shift
