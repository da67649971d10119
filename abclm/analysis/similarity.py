"""Turn tunes into bars that can be compared in any key, to find near copies and the nearest tune."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from abclm.errors import ConfigError
from abclm.notation.symbols import Bar, Symbol, Timed, struck
from abclm.notation.tune import Tune

# Number of parts of a bar for comparison: fine enough for tuplets of 3, 5 and 7 and for 1/64 of a bar.
_PARTS = 64 * 105

Pattern = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The common bars of two tunes.

    Attributes:
        index: position of the other tune in the index.
        overlap: the common bars as a share of the bars of the tune with fewer bars, 0 to 1.
        bars: number of different common bars.
        semitones: transposition of the other tune, -6 to 5, as octaves don't matter.
    """

    index: int
    overlap: float
    bars: int
    semitones: int


def bar_patterns(tune: Tune) -> dict[tuple[Pattern, int], int]:
    """The different bars of a tune, as heard: the onsets of the notes in the bar, and their intervals.

    Bars of fewer than two notes are left out. The pattern does not depend on the note values (a reel in 2/4
    or in C|).

    Args:
        tune: any tune.

    Returns:
        The number of the first bar with each `(pattern, pitch class of its first note)`. For each note, the
        pattern contains its position in the bar and its interval from the first note in semitones.
    """
    patterns: dict[tuple[Pattern, int], int] = {}
    for number, events in enumerate(_bars(tune.music.symbols)):
        bar = _pattern(events)
        if bar is not None:
            patterns.setdefault(bar, number)
    return patterns


def heard_patterns(tune: Tune) -> list[tuple[Pattern, int]]:
    r"""The bars of a tune in the order in which they are heard, with repeats and part sequences expanded.

    Args:
        tune: any tune.

    Returns:
        `(pattern, pitch class of its first note)` for each bar, as in `bar_patterns`; bars of fewer than
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
    """The pattern of a bar, and the pitch class of its first note; None for fewer than two notes."""
    whole = sum(event.duration for event in events)
    pattern: list[int] = []
    first = None
    now = 0
    for event in events:
        notes = struck(event)
        if notes:
            pitch = max(note.pitch for note in notes)  # the melody is the top note of a chord
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
    r"""The bars of many tunes, to find the tunes that are most similar to a tune.

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
        """The tunes that share a bar with a tune, the nearest first.

        Args:
            tune: any tune; if it is in the index, it is its own nearest tune.
            least: matches with a smaller overlap are left out.
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
        """The tune that shares the most with a tune; None if none shares a bar."""
        return next(iter(self.matches(tune)), None)

    def near_copies(self, least: float = 0.5) -> list[tuple[int, int, float]]:
        """All pairs of tunes in the index with at least a given overlap.

        Args:
            least: the smallest overlap of a pair, above 0, up to 1.

        Returns:
            Sorted `(index, index, overlap)`, the smaller index first.
        """
        if not 0 < least <= 1:
            raise ConfigError(f"least is above 0, up to 1; received {least!r}")
        pairs: dict[tuple[int, int], float] = {}
        for index, patterns in enumerate(self._tunes):
            # A tune that shares enough of these bars shares one of the rarest of them (prefix filtering).
            needed = ceil(least * len(patterns))
            rarest = sorted(patterns, key=lambda bar: len(self._places[bar[0]]))[: len(patterns) - needed + 1]
            others = {other for pattern, _ in rarest for other, _ in self._places[pattern]}
            for other in others:
                pair = (min(index, other), max(index, other))
                if other != index and self.sizes[other] >= len(patterns) and pair not in pairs:
                    pairs[pair] = self._shared(*pair) / len(patterns)
        return sorted((*pair, overlap) for pair, overlap in pairs.items() if overlap >= least)

    def _shared(self, one: int, other: int) -> int:
        """The number of bars that two tunes of the index share, in the best transposition."""
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
