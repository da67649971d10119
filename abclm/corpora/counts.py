"""Turn the tunes and the problems of a corpus into counts."""

from collections.abc import Iterable, Sequence
from statistics import median_low, mode

from abclm.corpora.problems import CorpusProblem, count_values, without_particulars
from abclm.tune import Tune

Statistics = dict[str, int | dict[str, int]]


def count_corpus(tunes: Sequence[Tune], problems: Iterable[CorpusProblem]) -> Statistics:
    """Count the contents of a corpus; the most frequent values come first.

    Args:
        tunes: tunes of the corpus.
        problems: problems of the corpus.

    Returns:
        `tunes`, `characters` (including the empty line after each tune); `keys`, `meters` and `rhythms`;
        `characters_per_tune` and `bars_per_tune` with the shortest, median and longest; `problems`, the tunes left
        out; `check`, the number of tunes with each kind of problem that `Tune.check` finds.
    """
    characters = [character_count(tune) for tune in tunes]
    return {
        "tunes": len(tunes),
        "characters": sum(characters),
        "keys": count_values(tune.key for tune in tunes),
        "meters": count_values(tune.meter for tune in tunes),
        "rhythms": count_values(tune.rhythm for tune in tunes),
        "characters_per_tune": _spread(characters),
        "bars_per_tune": _spread([bar_count(tune) for tune in tunes]),
        "problems": count_values(problem.kind for problem in problems),
        "check": count_values(finding for tune in tunes for finding in _findings(tune)),
    }


def character_count(tune: Tune) -> int:
    """The number of characters of a tune in a training text, including the empty line after it."""
    return len(tune.text.rstrip()) + 2


def bar_count(tune: Tune) -> int:
    """The number of full bars in a written tune: its length divided by the length of its most frequent bar.

    A pick-up and its complement together are one bar.
    """
    durations = [bar.duration for bar in tune.bars() if bar.duration]
    return round(sum(durations) / mode(durations)) if durations else 0


def _findings(tune: Tune) -> list[str]:
    return sorted({without_particulars(problem.message) for problem in tune.check()})


def _spread(values: Sequence[int]) -> dict[str, int]:
    if not values:
        return {}
    return {"shortest": min(values), "median": median_low(values), "longest": max(values)}
