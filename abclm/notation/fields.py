"""List the information fields, and turn meters, unit note lengths, rhythms and titles into canonical values."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache

from abclm.errors import NotationError


@dataclass(frozen=True, slots=True)
class Field:
    """An information field: its name and its allowed places (ABC 2.1, section 3)."""

    name: str
    header: bool = True
    body: bool = False
    inline: bool = False


FIELDS: dict[str, Field] = {
    "A": Field("area"),
    "B": Field("book"),
    "C": Field("composer"),
    "D": Field("discography"),
    "F": Field("file url"),
    "G": Field("group"),
    "H": Field("history"),
    "I": Field("instruction", body=True, inline=True),
    "K": Field("key", body=True, inline=True),
    "L": Field("unit note length", body=True, inline=True),
    "M": Field("meter", body=True, inline=True),
    "m": Field("macro", body=True, inline=True),
    "N": Field("notes", body=True, inline=True),
    "O": Field("origin"),
    "P": Field("parts", body=True, inline=True),
    "Q": Field("tempo", body=True, inline=True),
    "R": Field("rhythm", body=True, inline=True),
    "r": Field("remark", body=True, inline=True),
    "S": Field("source"),
    "s": Field("symbol line", header=False, body=True),
    "T": Field("tune title", body=True),
    "U": Field("user defined", body=True, inline=True),
    "V": Field("voice", body=True, inline=True),
    "W": Field("words", body=True),
    "w": Field("words", header=False, body=True),
    "X": Field("reference number"),
    "Z": Field("transcription"),
    # Not in ABC 2.1, but used since ABC 1.6.
    "E": Field("spacing", body=True),
}

# The meters of each rhythm, the usual one first. Other rhythms may have any meter.
RHYTHMS: dict[str, tuple[str, ...]] = {
    "reel": ("C|", "C", "4/4", "2/4", "2/2"),
    "jig": ("6/8", "12/8"),
    "slip jig": ("9/8",),
    "slide": ("6/8", "12/8"),
    "hornpipe": ("C|", "C", "4/4", "2/4"),
    "polka": ("2/4",),
    "waltz": ("3/4", "3/8"),
    "strathspey": ("C", "4/4", "C|"),
    "march": ("C|", "C", "4/4", "2/4", "6/8"),
    "air": ("3/4", "C", "4/4", "6/8", "2/4", "C|", "9/8", "3/8", "6/4", "3/2"),
    "clog": ("C", "C|", "4/4", "2/4"),
    "highland fling": ("C", "C|", "4/4", "2/4"),
    "walkaround": ("2/4", "C", "C|"),
    "barndance": ("4/4", "C", "C|", "2/4"),
    "mazurka": ("3/4",),
    "schottische": ("C", "4/4", "C|", "2/4"),
    "quadrille": ("2/4", "6/8"),
    "minuet": ("3/4", "3/8"),
    "gavotte": ("C", "C|", "4/4"),
}

_RHYTHM_ALIASES = {
    "double jig": "jig",
    "single jig": "jig",
    "light jig": "jig",
    "treble jig": "jig",
    "slipjig": "slip jig",
    "three two hornpipe": "three-two hornpipe",
    "hop jig": "slip jig",
    "fling": "highland fling",
    "highland": "highland fling",
    "walk around": "walkaround",
    "barn dance": "barndance",
    "quick step": "march",
    "quickstep": "march",
    "mazourka": "mazurka",
    "schottis": "schottische",
    "schottisch": "schottische",
    "valse": "waltz",
    "minuetto": "minuet",
}


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter: its canonical text and the length of a full bar in whole notes (None for free bars)."""

    text: str
    bar_length: Fraction | None

    @property
    def is_compound(self) -> bool:
        """Whether the numerator is 6, 9, 12 or so; the time of `(5`, `(7` and `(9` tuplets depends on it."""
        head = self.text.split("/")[0]
        return head.isdigit() and int(head) % 3 == 0 and int(head) > 3

    @property
    def is_triple(self) -> bool:
        """Whether the numerator is 3: there `abc2midi` takes it for compound."""
        return self.text.split("/")[0] == "3"

    @property
    def default_unit_note_length(self) -> Fraction:
        """1/16 if the meter as a fraction is below 3/4, else 1/8 (ABC 2.1, section 3.1.7)."""
        if self.bar_length is not None and self.bar_length < Fraction(3, 4):
            return Fraction(1, 16)
        return Fraction(1, 8)


_METER = re.compile(r"\(?(\d{1,3}(?:\s*\+\s*\d{1,3})*)\)?\s*/\s*(\d{1,3})")


@lru_cache(maxsize=256)
def parse_meter(text: str) -> Meter:
    """Read the value of an `M:` field (ABC 2.1, section 3.1.6).

    Args:
        text: such as `C`, `C|`, `6/8`, `2+3/8` or `none`.

    Returns:
        The meter; a sum is added up (`2+3/8` becomes `5/8`), because `+` is not a symbol of the canonical form.

    Raises:
        NotationError: the text is not a meter.

    Example:
        >>> parse_meter("2+3/8")
        Meter(text='5/8', bar_length=Fraction(5, 8))
    """
    value = text.strip()
    if value in ("C", "c"):
        return Meter("C", Fraction(1))
    if value in ("C|", "c|"):
        return Meter("C|", Fraction(1))
    if value.lower() in ("none", ""):
        return Meter("none", None)
    match = _METER.fullmatch(value)
    if match:
        beats = sum(int(number) for number in match[1].split("+"))
        unit = int(match[2])
        if 0 < beats < 1000 and unit in (1, 2, 4, 8, 16, 32, 64):
            return Meter(f"{beats}/{unit}", Fraction(beats, unit))
    raise NotationError(f"{text.strip()!r} is no meter; give one such as 6/8, 4/4, C, C| or none")


def canonical_meter(text: str) -> str:
    """Return a meter in its canonical spelling; raises NotationError for any other text (see `parse_meter`)."""
    return parse_meter(text).text


@lru_cache(maxsize=256)
def parse_unit_note_length(text: str) -> Fraction:
    """Read the value of an `L:` field, a fraction of a whole note (ABC 2.1, section 3.1.7).

    Raises:
        NotationError: the text is not a length of 1/1 to 1/128.
    """
    match = re.fullmatch(r"\s*1(?:\s*/\s*(\d{1,3}))?\s*", text)
    if match and int(match[1] or 1) in (1, 2, 4, 8, 16, 32, 64, 128):
        return Fraction(1, int(match[1] or 1))
    raise NotationError(f"{text.strip()!r} is no unit note length; give one such as 1/8 or 1/16")


def canonical_unit_note_length(text: str) -> str:
    """Return a unit note length in its canonical spelling, such as `1/8`; raises NotationError for any other text."""
    length = parse_unit_note_length(text)
    return f"{length.numerator}/{length.denominator}"


_BEATS = r"([0-9]{1,4}(?:\.[0-9]+)?)"
_LENGTHS = r"([0-9]{1,2}/[0-9]{1,3}(?: +[0-9]{1,2}/[0-9]{1,3}){0,3})"
_TEMPO = re.compile(rf"(?:{_LENGTHS} *= *)?{_BEATS}|{_BEATS} *= *{_LENGTHS}|C([0-9]?) *= *{_BEATS}")
_SLOWEST, _FASTEST = 5, 1500  # quarter notes a minute


def parse_tempo(text: str, unit: Fraction) -> str:
    """Read the value of a `Q:` field (ABC 2.1, sections 3.1.8 and 10.1).

    Args:
        text: such as `1/4=120`, `"Allegro" 1/4=120`, `1/4 3/8 1/4 3/8=40`; also `120` for quarter notes, `C3=40` for
            three unit note lengths, and `120 = 1/4`.
        unit: the unit note length.

    Returns:
        The tempo as one length and whole beats a minute, such as `3/8=50`; an empty text if there are only words.

    Raises:
        NotationError: it is no tempo, or one at which nobody plays.

    Example:
        >>> parse_tempo('"Allegro" 1/4 3/8 1/4 3/8=40', Fraction(1, 8)), parse_tempo("118 =1/4", Fraction(1, 8))
        ('5/4=40', '1/4=118')
    """
    value = " ".join(re.sub(r'"[^"]*"', " ", text).split())
    if not value:
        return ""
    if match := _TEMPO.fullmatch(value):
        lengths, beats, beats_first, lengths_last, units, beats_of_units = match.groups()
        with suppress(ZeroDivisionError):
            length = sum(map(Fraction, (lengths or lengths_last or "1/4").split()), Fraction(0))
            if beats_of_units:
                length = unit * int(units or 1)
            number = round(float(beats or beats_first or beats_of_units))
            if number and _SLOWEST <= 4 * length * number <= _FASTEST:
                return f"{length.numerator}/{length.denominator}={number}"
    raise NotationError(f"{text.strip()[:40]!r} is no tempo, and is not used; give one such as 1/4=120")


def read_tempo(text: str, unit: Fraction) -> str:
    """The same, but an empty text for what is no tempo."""
    try:
        return parse_tempo(text, unit)
    except NotationError:
        return ""


def find_rhythm(text: str) -> str | None:
    """Find a rhythm of the table in the value of an `R:` field, a title or a transcription note.

    Example:
        >>> find_rhythm("Olympic Clog -- HORNPIPE"), find_rhythm("id:dc-slipjig-3"), find_rhythm("Jigsaw")
        ('hornpipe', 'slip jig', None)
    """
    found = [(match.end(), -match.start(), match[0]) for match in _rhythm_words(text)]
    return _rhythm_named(max(found)[2]) if found else None


def rhythms_in(text: str) -> set[str]:
    """All rhythms of the table that a title names.

    Example:
        >>> sorted(rhythms_in("The Hunters' Jig, or the Jigsaw Reels"))
        ['jig', 'reel']
    """
    return {_rhythm_named(match[0]) for match in _rhythm_words(text)}


def _rhythm_words(text: str) -> Iterator[re.Match[str]]:
    return _RHYTHM_WORDS.finditer(" ".join(re.findall(r"[a-z]+", text.lower())))


def _rhythm_named(name: str) -> str:
    name = name.removesuffix("s") if name.removesuffix("s") in _KNOWN else name
    return _RHYTHM_ALIASES.get(name, name)


def canonical_rhythm(text: str) -> str:
    """Return a rhythm in its canonical spelling.

    Raises:
        NotationError: the rhythm is not in the table.
    """
    rhythm = find_rhythm(text)
    if rhythm is None or len(text) > 40:
        near = get_close_matches(text.strip().casefold(), _KNOWN, 1) if len(text) <= 40 else []
        meant = f"did you mean {_RHYTHM_ALIASES.get(near[0], near[0])}? Else " if near else ""
        raise NotationError(
            f"{text.strip()!r} is no rhythm that is known; {meant}give one of {', '.join(RHYTHMS)}"
        )
    return rhythm


_KNOWN = {*RHYTHMS, *_RHYTHM_ALIASES}
_RHYTHM_WORDS = re.compile(
    r"\b(?:" + "|".join(sorted((re.escape(name) for name in _KNOWN), key=len, reverse=True)) + r")s?\b"
)


# The symbols of the reference corpus; canonical tunes have no others.
CANONICAL_SYMBOLS = frozenset(
    "\n !\"#'(),-./0123456789:<=>ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz|"
)
TITLE_LENGTH = 60

_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "&": "and",
     ";": ",", "ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "Oe", "ł": "l", "đ": "d",
     "{": "(", "}": ")", "\t": " ", "\u00a0": " "}
)  # fmt: skip


def transliterate(text: str) -> str:
    """Replace characters by plain symbols, if a plain form exists: `é` becomes `e`, `’` becomes `'`.

    Other characters do not change.

    Example:
        >>> transliterate("Père O’Connor’s & Søn")
        "Pere O'Connor's and Son"
    """
    plain = text.translate(_PLAIN)
    if plain.isascii():
        return plain
    decomposed = unicodedata.normalize("NFKD", plain)
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return plain.translate(_PLAIN)


def canonical_title(text: str) -> str:
    """Convert a title to 1 to 60 of the 83 symbols without newline; characters without a plain form are removed.

    Returns:
        The title, or an empty string if nothing remains. A longer title is cut at a space.
    """
    plain = "".join(character for character in transliterate(text) if character in CANONICAL_SYMBOLS)
    plain = " ".join(plain.split()).lstrip("|: ")  # after T: these would be read as music
    if len(plain) > TITLE_LENGTH:
        cut = plain.rfind(" ", TITLE_LENGTH // 2, TITLE_LENGTH + 1)
        plain = plain[: cut if cut > 0 else TITLE_LENGTH].rstrip()
    return plain
