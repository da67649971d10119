"""Turn tunes, and what was left out of their corpus, into counts."""

from collections.abc import Iterable, Sequence
from statistics import median_low, mode

from abclm.corpora.problems import CorpusProblem, count_values, without_particulars
from abclm.tune import Tune

Statistics = dict[str, int | dict[str, int]]


def count_corpus(tunes: Sequence[Tune], problems: Iterable[CorpusProblem]) -> Statistics:
    """Count what a corpus holds; values are counted the commonest first.

    Args:
        tunes: of the corpus.
        problems: what was left out of it.

    Returns:
        `tunes`, `characters` (each tune's text with the empty line after it); `keys`, `meters` and `rhythms`;
        `characters_per_tune` and `bars_per_tune`, their shortest, median and longest; `problems`, what was
        left out; `check`, how many tunes have a problem of each kind that `Tune.check` finds.
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
    """How many characters a tune is in a training text, the empty line after it included."""
    return len(tune.text.rstrip()) + 2


def bar_count(tune: Tune) -> int:
    """How many full bars a tune has as it is written: its length in those of its commonest bar.

    A pick-up, and the short bar that makes up for it, are one bar together.
    """
    durations = [bar.duration for bar in tune.bars() if bar.duration]
    return round(sum(durations) / mode(durations)) if durations else 0


def _findings(tune: Tune) -> list[str]:
    return sorted({without_particulars(problem.message) for problem in tune.check()})


def _spread(values: Sequence[int]) -> dict[str, int]:
    if not values:
        return {}
    return {"shortest": min(values), "median": median_low(values), "longest": max(values)}
