"""Turn a tune and the voices of its score into the names of what the score leaves out."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence

from abclm.notation.scanner import scan
from abclm.notation.symbols import Bar, Chord, ChordSymbol, Note, Symbol
from abclm.notation.tune import Tune
from abclm.score.marked import unknown_decorations
from abclm.score.notes import number_slurs
from abclm.score.voices import Voice

_log = logging.getLogger(__name__)


def say_left_out(name: str, left_out: Iterable[str]) -> None:
    """Log one warning that says what a file leaves out, if it leaves out anything."""
    if named := list(dict.fromkeys(left_out)):
        _log.warning("%s: the score leaves out %s", name, "; ".join(named))


def find_left_out(tune: Tune, voices: Sequence[Voice]) -> Iterator[str]:
    """Name what of a tune is not in its score, each as a phrase."""
    first = voices[0]
    if "overlay" in tune.music.losses:
        yield "what stands behind & in a bar, a voice of its own"
    if "microtone" in tune.music.losses:
        yield "microtones, of which the nearest semitones are written"
    if re.search(r"^s:", tune.body, re.MULTILINE):
        yield "symbol lines (s:)"
    if first.written_out:
        yield "D.C., D.S. and the order of parts, which are written out"
    elif _count_repeats(tune) > sum(
        (each.left is not None) + (each.right is not None and each.right.ends_repeat)
        for each in first.measures
    ):
        yield "a repeat sign that repeats nothing"
    if any(voice.has_loose_tie for voice in voices):
        yield "a tie that leads to no note"
    if any(map(_has_open_slur, voices)):
        yield "a slur without an end"
    for name in tune.music.voices:
        symbols = scan(tune.text, tune.body_start, name).symbols
        if any(isinstance(each, ChordSymbol) for each in symbols) and not any(map(_sounds, symbols)):
            yield f"voice {name}, which has chord symbols and no notes"
    marks = [each for voice in voices for each in voice.marks.values()]
    for name in sorted(set().union(*map(unknown_decorations, marks))):
        yield f"the decoration !{name[:20]}!"


def _sounds(symbol: Symbol) -> bool:
    return isinstance(symbol, Note | Chord)


def _count_repeats(tune: Tune) -> int:
    bars = [symbol for symbol in tune.music.symbols if isinstance(symbol, Bar)]
    return sum(bar.starts_repeat + bar.ends_repeat for bar in bars)


def _has_open_slur(voice: Voice) -> bool:
    begun = sum(marks.begins for marks in voice.marks.values())
    return begun > sum(kind == "start" for each in number_slurs(voice).values() for kind, _ in each)
