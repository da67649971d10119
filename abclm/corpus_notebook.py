"""Turn a corpus into what a notebook shows of it: its counts, its first tunes, and two pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from abclm.convert.pitches import pitch_class_histogram
from abclm.corpus_picture import draw_corpus
from abclm.corpus_problems import count_values
from abclm.corpus_statistics import count_corpus
from abclm.markup import facts, image, table
from abclm.notation.tune import Tune
from abclm.picture import Picture

if TYPE_CHECKING:
    from abclm.corpora import Corpus

_MOST_ROWS = 10
_MOST_NAMES = 6
# More of them take longer than anyone waits for a picture.
_MOST_DRAWN = 3000


def corpus_html(corpus: Corpus) -> str:
    """Show a corpus. Of one with more than 3,000 tunes the pictures show so many, evenly spread, and say so."""
    drawn, said = _spread(corpus)
    counts = count_corpus(drawn, corpus.problems)
    overview = image(draw_corpus(said, drawn, counts), "png", f"Keys, meters, rhythms and lengths of {said}")
    pitches = pitch_class_histogram(drawn, said)
    rows: list[tuple[object, ...]] = [
        (number, tune.title, tune.rhythm, tune.meter, tune.key)
        for number, tune in enumerate(corpus.tunes[:_MOST_ROWS], 1)
    ]
    if more := len(corpus) - len(rows):
        rows.append(("…", f"{more:,} more"))
    first = table(("", "title", "rhythm", "meter", "key"), rows)
    shown = image(pitches.png, "png", pitches.description)
    return f"<div>{facts(_facts(corpus))}{first}{overview}{shown}</div>"


def corpus_pitch_classes(corpus: Corpus) -> Picture:
    """Draw on which degrees of the scale a corpus' notes are, in each mode."""
    return pitch_class_histogram(*_spread(corpus))


def _spread(corpus: Corpus) -> tuple[Sequence[Tune], str]:
    """The tunes that are drawn, and what to call them."""
    step = -(-len(corpus) // _MOST_DRAWN) or 1
    if step == 1:
        return corpus.tunes, corpus.name
    ordinal = {2: "other", 3: "third"}.get(step, f"{step:,}th")
    return corpus.tunes[::step], f"{corpus.name}, every {ordinal} tune of {len(corpus):,}"


def _facts(corpus: Corpus) -> Iterator[tuple[str, object]]:
    yield "Corpus", corpus.name
    yield "Tunes", len(corpus)
    for kind, count in count_values(problem.kind for problem in corpus.problems).items():
        yield f"Left out: {kind}", count
    yield "Canonical", "yes" if corpus.is_canonical else "no"
    yield "Keys", _commonest([tune.key for tune in corpus])
    yield "Meters", _commonest([tune.meter for tune in corpus])
    yield "Rhythms", _commonest([tune.rhythm for tune in corpus])


def _commonest(values: Sequence[str | None]) -> str:
    counts = count_values(values)
    shown = [f"{value[:24]} {count:,}" for value, count in list(counts.items())[:_MOST_NAMES]]
    if others := len(counts) - len(shown):
        shown.append("1 other" if others == 1 else f"{others:,} others")
    return ", ".join(shown)
