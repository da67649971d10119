"""Turn a set of tunes into shares: valid, in key, in form, varied, copied; and into the means of their structure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

import numpy as np

from abclm.analysis.forms import ends_on_tonic
from abclm.analysis.novelty import NoveltyIndex, Overlap
from abclm.analysis.sections import is_in_form, is_in_key
from abclm.analysis.similarity import TuneIndex, bar_patterns, heard_patterns
from abclm.analysis.structure import FIGURES, structure
from abclm.errors import ConfigError
from abclm.midi.complaints import complaints
from abclm.tune import Tune

_OPENING_BARS = 2
_Z = 1.959964  # of 95 % under a normal distribution
_SAMPLES = 1000  # of a bootstrap interval


@dataclass(frozen=True)
class Share:
    """The share of tunes with a property.

    Attributes:
        count: number of tunes with the property.
        of: number of all tunes, at least 1.
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """The share, 0 to 1."""
        return self.count / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the share.

        Unlike a bootstrap interval, it has a width even if the share is 0 or 1. E. B.
        Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
        Statistical Association 22 (1927), 209-212.

        Example:
            >>> [round(end, 3) for end in Share(9, 10).interval]
            [0.596, 0.982]
        """
        centre = (self.count + _Z**2 / 2) / (self.of + _Z**2)
        half = _Z * math.sqrt(self.count * (1 - self.share) + _Z**2 / 4) / (self.of + _Z**2)
        return max(0.0, centre - half), min(1.0, centre + half)

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return {**asdict(self), "share": self.share, "interval": list(self.interval)}


@dataclass(frozen=True)
class Mean:
    """The mean of a figure over the tunes that have it.

    Attributes:
        mean: in the figure's unit.
        interval: the 95 % bootstrap interval of the mean, with whole tunes resampled (Efron 1979).
        of: number of tunes that have the figure, at least 1.
    """

    mean: float
    interval: tuple[float, float]
    of: int

    @classmethod
    def over(cls, values: Sequence[float], seed: int = 0) -> Self:
        """The mean of one value or more.

        Example:
            >>> Mean.over([1.0, 1.0]), Mean.over([0.0, 0.5, 1.0, 1.0]).mean
            (Mean(mean=1.0, interval=(1.0, 1.0), of=2), 0.625)
        """
        given = np.array(values, np.float64)
        drawn = np.random.default_rng(seed).integers(len(given), size=(_SAMPLES, len(given)))
        low, high = np.quantile(given[drawn].mean(axis=1), [0.025, 0.975])
        return cls(float(given.mean()), (float(low), float(high)), len(given))


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The quality of a set of tunes.

    Attributes:
        tunes: number of tunes.
        valid: tunes without problems in `Tune.check`.
        strict: tunes without errors and warnings of abc2midi; None if abc2midi was not run.
        in_key: tunes with at least nine tenths in the scale of the stated key.
        ends_on_tonic: tunes whose last note is the tonic.
        in_form: tunes with a multiple of 8 bars as heard, in sections with a multiple of 4 bars.
        diversity_of: number of tunes for the next three figures, which depend on it.
        distinct_bars: share of different bars among all written bars of all tunes, 0 to 1.
        distinct_openings: number of different openings (first two bars, in any key) per tune, 0 to 1.
        nearest_overlap: the mean share of a tune's different bars that stand in one other tune of the set, in
            any key, 0 to 1.
        structure: the mean of each of `abclm.analysis.structure.FIGURES` that a tune of the set has.
        copied: tunes that share more with a training tune than different tunes usually share
            (`Overlap.is_copy`); None if the training tunes are not known.
        median_overlap: the median share of bars in common with the nearest training tune.
        longest_run: the largest number of different consecutive bars in common with a training tune.
        overlaps: each tune's overlap with the training tunes, in the order of the tunes.
    """

    tunes: int
    valid: Share
    strict: Share | None
    in_key: Share
    ends_on_tonic: Share
    in_form: Share
    diversity_of: int
    distinct_bars: float
    distinct_openings: float
    nearest_overlap: float
    structure: Mapping[str, Mean]
    copied: Share | None = None
    median_overlap: float | None = None
    longest_run: int | None = None
    overlaps: tuple[Overlap, ...] = field(default=(), compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON, without the figures of single tunes."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self) if each.repr)
        found = {name: value.to_dict() if isinstance(value, Share) else value for name, value in values}
        return found | {"structure": {name: asdict(mean) for name, mean in self.structure.items()}}


def judge(
    tunes: Sequence[Tune],
    index: NoveltyIndex | None = None,
    *,
    diversity_of: int | None = None,
    ask_abc2midi: bool = True,
    seed: int = 0,
) -> Quality:
    """Measure the quality of a set of tunes.

    Args:
        tunes: tunes as generated; `normalize` would correct the problems that are counted here.
        index: index of the training tunes.
        diversity_of: number of tunes for the figures of diversity, which depend on it; a larger set is reduced at
            random. By default all tunes.
        ask_abc2midi: whether to run `abc2midi` on each tune.
        seed: random seed for the reduction and for intervals.

    Raises:
        ConfigError: there are no tunes.
        ConvertError: no working `abc2midi` was found.
    """
    if not tunes:
        raise ConfigError("there are no tunes to judge; received none")

    def share(true: Sequence[bool]) -> Share:
        return Share(sum(true), len(tunes))

    some = tunes
    if diversity_of is not None and diversity_of < len(tunes):
        places = np.random.default_rng(seed).permutation(len(tunes))[: max(1, diversity_of)]
        some = [tunes[place] for place in sorted(places)]
    overlaps = [index.nearest(tune) for tune in tunes] if index else []
    return Quality(
        tunes=len(tunes),
        valid=share([not tune.check() for tune in tunes]),
        strict=share([not said for said in complaints(tunes)]) if ask_abc2midi else None,
        in_key=share([is_in_key(tune) for tune in tunes]),
        ends_on_tonic=share([ends_on_tonic(tune) for tune in tunes]),
        in_form=share([is_in_form(tune) for tune in tunes]),
        diversity_of=len(some),
        distinct_bars=distinct_bars(some),
        distinct_openings=distinct_openings(some),
        nearest_overlap=nearest_overlap(some),
        structure=structure_means(tunes, seed),
        copied=share([each.is_copy() for each in overlaps]) if index else None,
        median_overlap=float(np.median([each.share for each in overlaps])) if index else None,
        longest_run=max(each.run for each in overlaps) if index else None,
        overlaps=tuple(overlaps),
    )


def structure_means(tunes: Sequence[Tune], seed: int = 0) -> dict[str, Mean]:
    """The mean of each figure of `abclm.analysis.structure` over the tunes that have it; `seed` is for intervals."""
    rows = [structure(tune) for tune in tunes]
    columns = {each.name: [row[each.name] for row in rows if each.name in row] for each in FIGURES}
    return {name: Mean.over(values, seed) for name, values in columns.items() if values}


def distinct_bars(tunes: Sequence[Tune]) -> float:
    """The share of different bars (in rhythm, intervals or pitch class) among the bars of two or more notes."""
    bars = [bar for tune in tunes for bar in tune.bars() if len({note.onset for note in bar.notes}) > 1]
    return len({bar for tune in tunes for bar in bar_patterns(tune)}) / len(bars) if bars else 0.0


def distinct_openings(tunes: Sequence[Tune]) -> float:
    """The number of different openings (first two bars, in any key) per tune; bars of one note are ignored."""
    openings = set()
    for tune in tunes:
        bars = heard_patterns(tune)[:_OPENING_BARS]
        first = bars[0][1] if bars else 0
        openings.add(tuple((pattern, (pitch_class - first) % 12) for pattern, pitch_class in bars))
    return len(openings) / len(tunes)


def nearest_overlap(tunes: Sequence[Tune]) -> float:
    """The mean share of a tune's different bars that stand in its nearest other tune."""
    index = TuneIndex(tunes)
    shares = []
    for place, tune in enumerate(tunes):
        common = max((match.bars for match in index.matches(tune) if match.index != place), default=0)
        shares.append(common / max(1, index.sizes[place]))
    return float(np.mean(shares))
