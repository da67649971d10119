"""Turn a set of tunes into the shares of it that are valid, in key, in form, varied, and copied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.analysis.forms import ends_on_tonic
from abclm.analysis.novelty import NoveltyIndex, Overlap
from abclm.analysis.sections import is_in_form, is_in_key
from abclm.analysis.similarity import TuneIndex, bar_patterns, heard_patterns
from abclm.errors import ConfigError
from abclm.midi.complaints import complaints

if TYPE_CHECKING:
    from abclm.tune import Tune

_OPENING_BARS = 2
_Z = 1.959964  # of 95 % under a normal distribution


@dataclass(frozen=True)
class Share:
    """How many of a number of tunes something is true of.

    Attributes:
        count: of how many it is true.
        of: how many there are, from 1.
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.count / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """The interval that holds the true share with a confidence of 95 %.

        It has a width even where none or all of the tunes count, which resampling would not give it. E. B.
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


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What can be said of a set of tunes by itself.

    Attributes:
        tunes: how many there are.
        valid: `Tune.check` has nothing to say.
        strict: abc2midi has no error and no warning; None where it was not asked.
        in_key: nine tenths are in the scale of the stated key.
        ends_on_tonic: the last note is its tonic.
        in_form: a multiple of 8 bars as heard, in sections of a multiple of 4.
        diversity_of: how many tunes the next three figures are of; they fall as there are more.
        distinct_bars: of all bars as written, in all tunes, those that differ, 0 to 1.
        distinct_openings: of all tunes those with different first two bars, in any key, 0 to 1.
        nearest_overlap: the mean share of a tune's different bars that stand in one other tune of the set, in
            any key, 0 to 1.
        copied: more is in common with a training tune than is usual between different tunes
            (`Overlap.is_copy`); None where the training tunes are not known.
        median_overlap: the median of the shares that are in common with the nearest training tune.
        longest_run: the most different bars in a row in common with a training tune.
        overlaps: what each tune has in common with training tunes, in the order of the tunes.
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
    copied: Share | None = None
    median_overlap: float | None = None
    longest_run: int | None = None
    overlaps: tuple[Overlap, ...] = field(default=(), compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON, without those of single tunes."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self) if each.repr)
        return {name: value.to_dict() if isinstance(value, Share) else value for name, value in values}


def judge(
    tunes: Sequence[Tune],
    index: NoveltyIndex | None = None,
    *,
    diversity_of: int | None = None,
    ask_abc2midi: bool = True,
    seed: int = 0,
) -> Quality:
    """Say how good a set of tunes is.

    Args:
        tunes: as they were written; normalising would mend what is counted here.
        index: of training tunes.
        diversity_of: how many tunes, drawn at random where there are more, to measure the diversity of, since
            that depends on their number; by default all.
        ask_abc2midi: whether to run `abc2midi` on each.
        seed: of the draw.

    Raises:
        ConfigError: there are no tunes.
        ConvertError: there is no `abc2midi` that can play.
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
        copied=share([each.is_copy() for each in overlaps]) if index else None,
        median_overlap=float(np.median([each.share for each in overlaps])) if index else None,
        longest_run=max(each.run for each in overlaps) if index else None,
        overlaps=tuple(overlaps),
    )


def distinct_bars(tunes: Sequence[Tune]) -> float:
    """Of the bars of two notes or more, in all tunes, the share that differ: in rhythm, intervals or pitch class."""
    bars = [bar for tune in tunes for bar in tune.bars() if len({note.onset for note in bar.notes}) > 1]
    return len({bar for tune in tunes for bar in bar_patterns(tune)}) / len(bars) if bars else 0.0


def distinct_openings(tunes: Sequence[Tune]) -> float:
    """Of the tunes, the share with different first two bars, whatever the key; bars of one note are passed over."""
    openings = set()
    for tune in tunes:
        bars = heard_patterns(tune)[:_OPENING_BARS]
        first = bars[0][1] if bars else 0
        openings.add(tuple((pattern, (pitch_class - first) % 12) for pattern, pitch_class in bars))
    return len(openings) / len(tunes)


def nearest_overlap(tunes: Sequence[Tune]) -> float:
    """The mean share of a tune's different bars that stand in the one other tune that has most of them."""
    index = TuneIndex(tunes)
    shares = []
    for place, tune in enumerate(tunes):
        common = max((match.bars for match in index.matches(tune) if match.index != place), default=0)
        shares.append(common / max(1, index.sizes[place]))
    return float(np.mean(shares))
