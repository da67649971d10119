"""Find the problems of a tune, with line, column and severity, and what is left out of it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import partial
from itertools import accumulate

from abclm.errors import NotationError
from abclm.notation.fields import FIELDS, RHYTHMS, Meter, parse_meter, parse_tempo, parse_unit_note_length
from abclm.notation.keys import parse_key
from abclm.notation.problems import MOST_PROBLEMS, Problem
from abclm.notation.symbols import BOTH, DOUBLE, END, ENDING, SINGLE, START, Change, Rest, Timed
from abclm.notation.timing import Ticks, ticks
from abclm.notation.tune import Tune
from abclm.system.words import counted

_JUMP_IN_TEXT = re.compile(r'"[^"\n]{0,20}?(?<![A-Za-z])(D\.[CS]\.)[^"\n]{0,20}"')
_SAID = {
    "voice": ("left out; only the first that has notes is used", "further voice"),
    "overlay": ("left out; only the first voice of the bar is used", "overlay (&)"),
    "microtone": ("played as the nearest semitone", "microtone"),
    "title": ("left out", "further title"),
    "words": ("left out", "line of words (w:, W:)"),
    "unknown rhythm": ("left out, as it is not known", "rhythm (R:)"),
    "rhythm": ("left out, as it doesn't fit the meter", "rhythm (R:)"),
}
_MARKS = {
    "grace notes": "graces", "decorations": "decorations", "slurs": "begins", "annotations": "texts",
    "lyrics": "lyrics", "labels": "labels",
}  # fmt: skip
_IN_EVERY_CHECK = ("voice", "overlay", "microtone")
"""The losses that concern the notes: also said of a single tune."""

Loss = tuple[str, int, int, str]
"""`(kind, count, offset of the first, value)`."""


def check(tune: Tune, with_losses: bool = True) -> list[Problem]:
    r"""Find the problems of a tune.

    An error is notation that can't be played as written: unclosed brackets, ties and broken rhythm without a second
    note, incomplete tuplets, variant endings outside a repeat, keys and meters that can't be read. A warning is a bar
    that doesn't fill its meter (except for a pick-up, its complement before a repeat, and endings), a repeat that
    doesn't match, or text without a meaning.

    Args:
        tune: any tune.
        with_losses: whether a warning says that voices, overlays or microtones are left out or changed.

    Returns:
        The problems in the order of their places, at most 1,000.

    Example:
        >>> tune = Tune.parse("X:1\nT:Short\nM:3/4\nL:1/4\nK:D\nDEF|GA|d3|]\n")
        >>> for problem in check(tune):
        ...     print(problem.line, problem.column, problem.severity, problem.message)
        6 5 warning the bar is 2/4 long, and the meter is 3/4
    """
    places = [*tune.header_problems, *_header(tune), *tune.music.problems, *_fields(tune)]
    places += _bars(tune)  # expands the repeats, which finds their problems
    places += tune.playback.problems
    if with_losses:
        losses = [loss for loss in find_losses(tune) if loss[0] in _IN_EVERY_CHECK]
        said = describe(losses) | {"voice": _voices(tune)}
        places += [(at, "warning", said[kind]) for kind, _, at, _ in losses]
    places += [
        (
            tune.body_start + match.start(),
            "warning",
            f"{match[1]} is a text and not played out; write !{match[1]}!",
        )
        for match in _JUMP_IN_TEXT.finditer(tune.body)
    ]
    if not any(isinstance(symbol, Timed) and not isinstance(symbol, Rest) for symbol in tune.music.symbols):
        places.append((min(tune.body_start, len(tune.text) - 1), "error", "the tune has no notes"))
    lines = [0, *accumulate(len(line) + 1 for line in tune.text.split("\n"))]
    problems = []
    for at, severity, message in sorted(set(places))[:MOST_PROBLEMS]:
        line = bisect_right(lines, at)
        problems.append(Problem(line, at - lines[line - 1] + 1, severity, message))
    return problems


def _voices(tune: Tune) -> str:
    """What is said of several voices."""
    voices, voice = tune.music.voices, tune.music.voice
    heard = "the first" if next(iter(voices), "") == voice else f"the first that has notes ({voice[:20]})"
    return f"there are {counted(len(voices), 'voice')}; scores show all, only {heard} is heard"


def _header(tune: Tune) -> list[tuple[int, str, str]]:
    """Values of the header that can't be read."""
    found = []
    for letter, value, parse in (
        ("M", tune.meter, parse_meter),
        ("L", tune.unit_note_length, parse_unit_note_length),
        ("K", tune.key, parse_key),
        ("Q", tune.tempo, partial(parse_tempo, unit=tune.setting().unit)),
    ):
        try:
            if value is not None:
                parse(value)
        except NotationError as error:
            severity = "warning" if letter == "Q" else "error"
            found.append((max(tune.text.find(f"\n{letter}:"), -1) + 1, severity, str(error)))
    if not tune.titles:
        found.append((0, "warning", "the tune has no title (T:)"))
    return found


def _fields(tune: Tune) -> list[tuple[int, str, str]]:
    """Fields that may not stand inside a tune, and tempos that can't be read."""
    found = []
    for symbol in tune.music.symbols:
        if isinstance(symbol, Change):
            field = FIELDS.get(symbol.letter)
            if field is None:
                found.append((symbol.at, "warning", f"{symbol.letter}: is no information field"))
            elif not field.body:
                found.append((symbol.at, "warning", f"{symbol.letter}: ({field.name}) belongs in the header"))
            elif symbol.letter == "Q":
                try:
                    parse_tempo(symbol.value, tune.setting().unit)
                except NotationError as error:
                    found.append((symbol.at, "warning", str(error)))
    return found


def _bars(tune: Tune) -> list[tuple[int, str, str]]:
    """Find bars of the wrong length, as heard: the bar before `:|` and the pick-up after `|:` together make one bar.

    A plain bar line ends a bar, which must be full. `||`, `|]` and repeat signs may stand inside a bar, which
    continues after them. The first bar may be a pick-up.
    """
    playback = tune.playback
    meters = {-1: tune.setting().meter} | {
        index: parse_meter(symbol.value)
        for index, symbol in enumerate(playback.symbols)
        if isinstance(symbol, Change) and symbol.letter == "M"
    }
    changes = list(meters)
    meter = meters[-1]
    full = _full(meter)
    filled: Ticks = 0
    bars = 0  # begun since the place to which a repeat goes back
    begun = stop = 0
    bars_before: dict[int, int] = {}  # those begun before a passage
    found = []
    for music, times in playback.turns():
        if music.start != stop:
            meter = meters[changes[bisect_left(changes, music.start) - 1]]
            full = _full(meter)
        if times == 1:
            bars_before[music.start] = bars
        elif music.start in bars_before:
            bars = bars_before[music.start]
        stop = music.stop
        for index in music:
            symbol, kind = playback.symbols[index], playback.kinds[index]
            if isinstance(symbol, Timed):
                if not filled:
                    begun = symbol.at
                filled += 0 if isinstance(symbol, Rest) and symbol.bars else symbol.duration
            elif index in meters:
                meter = meters[index]
                full = _full(meter)
            elif kind == SINGLE or (
                kind in (START, END, BOTH, DOUBLE) and full and (filled >= full or not bars)
            ):
                if full and filled and filled != full and (bars or times > 1):
                    length = f"the bar is {_length(filled, meter)} long, and the meter is {meter.text}"
                    again = " (when repeated)" if times > 1 and not bars else ""
                    found.append((begun, "warning", length + again))
                bars += bool(filled)
                filled = 0
            elif kind == ENDING:
                bars += 1
    return found


def _full(meter: Meter) -> Ticks | None:
    return None if meter.bar_length is None else ticks(meter.bar_length)


def _length(filled: Ticks, meter: Meter) -> str:
    """A length as a fraction with the meter's denominator, such as 5/8."""
    whole = Fraction(filled) / ticks(Fraction(1))
    below = int(meter.text.split("/")[1]) if "/" in meter.text else 4
    above = whole * below
    return (
        f"{above.numerator}/{below}" if above.denominator == 1 else f"{whole.numerator}/{whole.denominator}"
    )


def find_losses(tune: Tune) -> Iterator[Loss]:
    """What of one tune is left out or changed."""
    for kind, (count, at) in tune.music.losses.items():
        yield kind, count, at, ""
    if len(tune.titles) > 1:
        second = tune.text.find("\nT:", tune.text.find("\nT:") + 1) + 1
        yield "title", len(tune.titles) - 1, second, ""
    words = [change for change in tune.music.symbols if isinstance(change, Change) and change.letter in "wW"]
    if words:
        yield "words", len(words), words[0].at, ""
    rhythm, meter = tune.stated_rhythm, tune.setting().meter.text
    at = tune.text.find("\nR:") + 1
    if rhythm is None and tune.rhythm:
        yield "unknown rhythm", 1, at, tune.rhythm
    elif rhythm and meter not in RHYTHMS.get(rhythm, (meter,)) and (rhythm, meter) != ("jig", "9/8"):
        yield "rhythm", 1, at, f"{rhythm} in {meter}"


def name_marks(tunes: Iterable[Tune]) -> list[str]:
    r"""Name what stands at the notes of tunes and is no part of their canonical form.

    Example:
        >>> name_marks([Tune.parse("X:1\nL:1/8\nK:C\n~C(DE)|{c}C4|]\nw:la\n")])
        ['grace notes', 'decorations', 'slurs', 'lyrics']
    """
    found: set[str] = set()
    for tune in tunes:
        for marks in tune.marks.values():
            found |= {name for name, attribute in _MARKS.items() if getattr(marks, attribute)}
        if len(tune.music.voices) > 1:
            found.add("further voices")
    return [name for name in (*_MARKS, "further voices") if name in found]


def describe(losses: Iterable[Loss]) -> dict[str, str]:
    """One sentence for each kind of loss, with its count.

    Example:
        >>> describe([("title", 1, 0, ""), ("rhythm", 1, 9, "reel in 6/8"), ("title", 2, 0, "")])["title"]
        '3 further titles: left out'
    """
    counts: dict[str, int] = {}
    values: dict[str, dict[str, int]] = {}
    for kind, count, _, value in losses:
        counts[kind] = counts.get(kind, 0) + count
        if value:
            of_kind = values.setdefault(kind, {})
            of_kind[value] = of_kind.get(value, 0) + 1
    return {kind: _sentence(kind, count, values.get(kind, {})) for kind, count in counts.items()}


def _sentence(kind: str, count: int, values: dict[str, int]) -> str:
    what, name = _SAID[kind]
    noun, _, rest = name.partition(" (")
    if count > 1:
        noun = noun.replace("line ", "lines ") if noun.startswith("line ") else f"{noun}s"
    said = f"{count:,} {noun}{' (' + rest if rest else ''}: {what}"
    most = sorted(values.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{value[:40]!r} {times:,}" for value, times in most[:5])
    more = f" and {counted(len(most) - 5, 'other')}" if len(most) > 5 else ""
    return f"{said} ({listed}{more})" if listed else said
