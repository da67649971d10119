"""Turn a corpus into its display in a notebook: counts, the first tunes, and two pictures."""

from collections.abc import Iterator, Sequence

from abclm.corpora.counts import count_corpus
from abclm.corpora.picture import draw_corpus
from abclm.corpora.problems import CorpusProblem, count_values
from abclm.show.html import facts, image, table
from abclm.show.picture import Picture
from abclm.system.words import counted
from abclm.tune import Tune
from abclm.views.pitches import pitch_class_histogram

_MOST_ROWS = 10
_MOST_NAMES = 6
# Pictures of more tunes take too long.
_MOST_DRAWN = 3000


def corpus_html(
    name: str, tunes: Sequence[Tune], problems: Sequence[CorpusProblem], is_canonical: bool
) -> str:
    """Show a corpus. The pictures show at most 3,000 tunes, evenly spread, and state this."""
    drawn, said = _spread(name, tunes)
    counts = count_corpus(drawn, problems)
    overview = image(draw_corpus(said, drawn, counts), "png", f"Keys, meters, rhythms and lengths of {said}")
    pitches = pitch_class_histogram(drawn, said)
    rows: list[tuple[object, ...]] = [
        (number, tune.title, tune.rhythm, tune.meter, tune.key)
        for number, tune in enumerate(tunes[:_MOST_ROWS], 1)
    ]
    if more := len(tunes) - len(rows):
        rows.append(("…", f"{more:,} more"))
    first = table(("", "title", "rhythm", "meter", "key"), rows)
    shown = image(pitches.png, "png", pitches.description)
    shown_facts = facts(_facts(name, tunes, problems, is_canonical))
    return f"<div>{shown_facts}{first}{overview}{shown}</div>"


def corpus_pitch_classes(name: str, tunes: Sequence[Tune]) -> Picture:
    """Draw the scale degrees of a corpus' notes, for each mode."""
    return pitch_class_histogram(*_spread(name, tunes))


def _spread(name: str, tunes: Sequence[Tune]) -> tuple[Sequence[Tune], str]:
    """The tunes to draw, and their name."""
    step = -(-len(tunes) // _MOST_DRAWN) or 1
    if step == 1:
        return tunes, name
    ordinal = {2: "other", 3: "third"}.get(step, f"{step:,}th")
    return tunes[::step], f"{name}, every {ordinal} tune of {len(tunes):,}"


def _facts(
    name: str, tunes: Sequence[Tune], problems: Sequence[CorpusProblem], is_canonical: bool
) -> Iterator[tuple[str, object]]:
    yield "Corpus", name
    yield "Tunes", len(tunes)
    for kind, count in count_values(problem.kind for problem in problems).items():
        yield f"Left out: {kind}", count
    yield "Canonical", "yes" if is_canonical else "no"
    yield "Keys", _commonest([tune.key for tune in tunes])
    yield "Meters", _commonest([tune.meter for tune in tunes])
    yield "Rhythms", _commonest([tune.rhythm for tune in tunes])


def _commonest(values: Sequence[str | None]) -> str:
    counts = count_values(values)
    shown = [f"{value[:24]} {count:,}" for value, count in list(counts.items())[:_MOST_NAMES]]
    if others := len(counts) - len(shown):
        shown.append(counted(others, "other"))
    return ", ".join(shown)
