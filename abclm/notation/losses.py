"""Say what of tunes is left out or changed where they are played or brought to the canonical form."""

from collections.abc import Iterable, Iterator

from abclm.notation.fields import RHYTHMS
from abclm.notation.symbols import Change
from abclm.notation.tune import Tune

_SAID = {
    "voice": ("left out; only the first that has notes is used", "further voice"),
    "overlay": ("left out; only the first voice of the bar is used", "overlay (&)"),
    "microtone": ("played as the nearest semitone", "microtone"),
    "title": ("left out", "further title"),
    "words": ("left out", "line of words (w:, W:)"),
    "unknown rhythm": ("left out, as it is not known", "rhythm (R:)"),
    "rhythm": ("left out, as it doesn't fit the meter", "rhythm (R:)"),
}
IN_EVERY_CHECK = ("voice", "overlay", "microtone")
"""The losses that concern the notes: also said of a single tune."""

Loss = tuple[str, int, int, str]
"""`(kind, count, offset of the first, value)`."""


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
    more = f" and {len(most) - 5:,} others" if len(most) > 5 else ""
    return f"{said} ({listed}{more})" if listed else said
