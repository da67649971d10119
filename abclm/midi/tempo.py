"""Say how fast a tune is played: the tempo usual for its rhythm, and what a user asks for, as values of `Q:`."""

import re
from fractions import Fraction

from abclm.errors import ConfigError, NotationError
from abclm.notation.fields import Meter, parse_meter

# Beats a minute at which players and dancers take each rhythm today, and how long a beat is in common time;
# in other meters it is the beat that is counted there (see `usual_tempo`).
_HALF, _QUARTER = Fraction(1, 2), Fraction(1, 4)
USUAL_TEMPOS: dict[str, tuple[Fraction, int]] = {
    "reel": (_HALF, 100),
    "jig": (_QUARTER, 112),
    "slip jig": (_QUARTER, 112),
    "slide": (_QUARTER, 128),
    "hornpipe": (_HALF, 76),
    "polka": (_QUARTER, 124),
    "waltz": (_QUARTER, 132),
    "strathspey": (_QUARTER, 116),
    "march": (_HALF, 92),
    "air": (_QUARTER, 76),
    "clog": (_HALF, 80),
    "highland fling": (_HALF, 76),
    "walkaround": (_HALF, 92),
    "barndance": (_HALF, 84),
    "mazurka": (_QUARTER, 132),
    "schottische": (_HALF, 76),
    "quadrille": (_HALF, 100),
    "minuet": (_QUARTER, 116),
    "gavotte": (_HALF, 66),
}
_WITHOUT_RHYTHM = (_QUARTER, 112)
_SLOWEST, _FASTEST = 10, 1000
_TEMPO = re.compile(r"(?:(\d{1,3})\s*/\s*(\d{1,3})\s*=\s*)?(\d{1,4})")


def usual_tempo(rhythm: str | None, meter: str | None) -> str:
    """The tempo usual for a rhythm.

    Args:
        rhythm: in its canonical spelling, or None.
        meter: the value of an `M:` field, or None.

    Returns:
        The value of a `Q:` field.

    Example:
        >>> usual_tempo("reel", "C|"), usual_tempo("reel", "2/4"), usual_tempo("jig", "6/8")
        ('1/2=100', '1/4=100', '3/8=112')
    """
    length, beats = USUAL_TEMPOS.get(rhythm or "", _WITHOUT_RHYTHM)
    read = _meter(meter)
    if read.bar_length != 1:
        length = beat_length(meter)
    elif read.text == "C|" and rhythm is None:
        length, beats = _HALF, 90
    return f"{length.numerator}/{length.denominator}={beats}"


def parse_tempo(text: str, meter: str | None = None) -> str:
    """Read a tempo that a user asks for.

    Args:
        text: beats a minute, `120`, or a length and how many of it there are a minute, `3/8=110`.
        meter: whose beats are meant, as `M:` gives it.

    Returns:
        The value of a `Q:` field.

    Raises:
        ConfigError: it is no tempo, or not within 10 to 1,000 a minute.

    Example:
        >>> parse_tempo("120", "6/8"), parse_tempo("1/4 = 90")
        ('3/8=120', '1/4=90')
    """
    found = _TEMPO.fullmatch(text.strip())
    if found and _SLOWEST <= int(found[3]) <= _FASTEST:
        if not found[1]:
            length = beat_length(meter)
            return f"{length.numerator}/{length.denominator}={int(found[3])}"
        if 0 < int(found[1]) <= 4 * int(found[2]):
            return f"{int(found[1])}/{int(found[2])}={int(found[3])}"
    raise ConfigError(
        f"tempo: {text[:40]!r} is none; give beats a minute, {_SLOWEST} to {_FASTEST}, or a length with them, "
        "such as 1/4=120"
    )


def quarter_microseconds(tempo: str) -> int:
    """How long a quarter note lasts at a tempo that `parse_tempo` gave."""
    length, _, beats = tempo.partition("=")
    return round(60_000_000 / (int(beats) * float(Fraction(length)) * 4))


def beat_length(meter: str | None) -> Fraction:
    """How long a beat of a meter is, in whole notes: three eighths in 6/8, a half in C|, a quarter in C."""
    read = _meter(meter)
    if read.text == "C|":
        return _HALF
    if "/" not in read.text:
        return _QUARTER
    number, unit = (int(part) for part in read.text.split("/"))
    return Fraction(3 if number > 3 and read.is_compound and unit > 4 else 1, unit)


def _meter(text: str | None) -> Meter:
    try:
        return parse_meter(text or "none")
    except NotationError:
        return Meter("none", None)
