"""Find out whether a tune is in its key and in form."""

from fractions import Fraction

from abclm.analysis.forms import notes_in_keys
from abclm.notation.fields import parse_meter
from abclm.notation.symbols import Bar, Change, Timed
from abclm.notation.timing import Ticks, quarters
from abclm.notation.tune import Tune

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
LEAST_IN_SCALE = 0.9
_SHORTEST_SECTION = Fraction(3, 2)  # bars; a shorter section is a pick-up and belongs to the next section


def section_lengths(tune: Tune) -> list[Fraction]:
    r"""The lengths of a tune's sections, as heard, in bars of the current meter.

    A section ends at each repeat and double bar as heard, so a repeated part is two sections. A section that is
    shorter than one and a half bars is a pick-up and belongs to the next section. Without a meter, each bar line
    ends a bar.

    Example:
        >>> tune = Tune.parse("X:1\nM:2/4\nL:1/8\nK:D\nA|d2f2|a2f2|e2c2|d3:|\n")
        >>> [float(length) for length in section_lengths(tune)]
        [4.0, 4.0]
    """
    symbols = tune.playback.symbols
    bar_lengths = _bar_lengths(tune)
    sections: list[Fraction] = []
    now = Fraction(0)  # of the section
    bar: Ticks = 0  # without a meter
    for index, _ in tune.playback.order():
        symbol = symbols[index]
        if isinstance(symbol, Timed):
            if full := bar_lengths[index]:
                now += quarters(symbol.duration) / full
            bar += symbol.duration
        elif isinstance(symbol, Bar) and symbol.text:
            if bar and not bar_lengths[index]:
                now += 1
            bar = 0
            if now >= _SHORTEST_SECTION and (symbol.double or symbol.starts_repeat or symbol.ends_repeat):
                sections.append(now)
                now = Fraction(0)
    if bar and not bar_lengths[-1]:
        now += 1
    if now >= _SHORTEST_SECTION or not sections:
        sections.append(now)
    else:
        sections[-1] += now
    return sections


def is_in_form(tune: Tune) -> bool:
    r"""Whether a tune, as heard, has a multiple of 8 bars, in sections with a multiple of 4 bars.

    Both are rounded to whole bars, because a pick-up may be outside them.

    Example:
        >>> head = "X:1\nM:2/4\nL:1/8\nK:D\n"
        >>> is_in_form(Tune.parse(head + "d2f2|a2f2|e2c2|d4:|\n"))
        True
        >>> is_in_form(Tune.parse(head + "d2f2|a2f2|d4:|\n"))
        False
    """
    sections = section_lengths(tune)
    whole = round(sum(sections))
    return whole > 0 and whole % 8 == 0 and all(round(length) % 4 == 0 for length in sections)


def share_in_scale(tune: Tune) -> float:
    r"""The share of the written time on notes of the current key's scale, 0 to 1.

    Example:
        >>> share_in_scale(Tune.parse("X:1\nL:1/4\nK:G\nGA^A2|]\n"))
        0.5
    """
    inside: Ticks = 0
    whole: Ticks = 0
    for pitches, duration, key in notes_in_keys(tune):
        scale = {(a + b) % 12 for a, b in zip(MAJOR_SCALE, key.signature, strict=True)}
        whole += duration * len(pitches)
        inside += duration * sum(pitch % 12 in scale for pitch in pitches)
    return float(Fraction(inside) / Fraction(whole)) if whole else 0.0


def is_in_key(tune: Tune) -> bool:
    """Whether at least nine tenths of a tune are in the scale of its stated key."""
    return share_in_scale(tune) >= LEAST_IN_SCALE


def _bar_lengths(tune: Tune) -> list[Fraction | None]:
    """The length of a full bar at each symbol of the playback, in quarter notes."""
    length = tune.setting().meter.bar_length
    lengths: list[Fraction | None] = []
    for symbol in tune.playback.symbols:
        if isinstance(symbol, Change) and symbol.letter == "M":
            length = parse_meter(symbol.value).bar_length
        lengths.append(None if length is None else 4 * length)
    return lengths or [None]
