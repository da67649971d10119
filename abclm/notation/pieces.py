"""Turn one piece of music code into its symbol, independent of its surroundings."""

import re
from collections.abc import Callable
from functools import lru_cache
from math import gcd
from typing import Any, NamedTuple

from abclm.notation.keys import ACCIDENTALS, LETTERS
from abclm.notation.problems import LOSS, Finding
from abclm.notation.symbols import (
    CODA,
    DA_CAPO,
    DAL_SEGNO,
    FINE,
    SEGNO,
    TO_CODA,
    Bar,
    Broken,
    Chord,
    ChordSymbol,
    Jump,
    Note,
    Rest,
    Space,
    Symbol,
    Tuplet,
)

TIMED, UNTIMED, NOTHING = "timed", "untimed", "nothing"
TIE, NUMBER, FIELD, OVERLAY, STRANGE = "tie", "number", "field", "overlay", "strange"
"""What a piece is: one symbol, no symbol, or one of those whose meaning depends on what surrounds them."""


class Piece(NamedTuple):
    """The meaning of a piece of music code.

    Attributes:
        kind: one of the kinds above.
        make: makes the symbol from an offset and the arguments, if the piece is one symbol.
        arguments: arguments of `make`.
        findings: problems in the piece, with offsets from its beginning.
    """

    kind: str
    make: Callable[..., Any] = Symbol
    arguments: tuple[Any, ...] = ()
    findings: tuple[Finding, ...] = ()


_LENGTH = r"(?:\d+(?:/+\d*)?|/+\d*)?"
_PITCH = rf"[A-Ga-g][,']*{_LENGTH}-?"
_NOTE = rf"[_=^]{{0,3}}{_PITCH}"
_MICROTONE = rf"[_^]\d{{0,3}}/\d{{0,3}}{_PITCH}"
# Any text without spaces; or directions such as `D.C. al fine`.
_DECORATION = r"(?:[^\s!+|\[\]]+|(?i:(?:d\. ?[cs]|da|dal|to|al)\b)[^!+|\[\]]*)"
_ENDING = r"\d[\d,\-]*"
# The order matters. The kind of a piece never depends on the following text, so it can be read separately.
_PATTERNS = {
    "note": _NOTE,
    "invisible_bar": r"\[\|\]",
    "bar": rf":*(?:\[\||\|)[|\]]*:*(?:{_ENDING})?|::+(?:{_ENDING})?",
    "space": r"[ \t]+",
    "slur_end": r"\)",
    "tuplet": r"\(\d+(?::\d*)?(?::\d*)?",
    "slur": r"\.?\(&?",
    "broken": r"[<>]+",
    "rest": rf"[zxZX]{_LENGTH}",
    # In `+f+` and `+ff+`, f is loud. Five notes between two `!` are music between two line breaks.
    "old_chord": rf"\+(?!f+\+)(?:[_=^]*[A-Ga-g][,']*{_LENGTH})+\+",
    "decoration": rf"!\+!|!(?!(?:{_NOTE}){{5,}}!){_DECORATION}!|\+{_DECORATION}\+",
    "mark": r"y\d*|[.~`H-Yh-w]",
    "tie": r"-",
    "text": r'"[^"]*"',
    "grace": r"\{[^{}]*\}",
    "ending": rf"\[{_ENDING}",
    "field": r"\[[A-Za-z]:[^\[\]]*\]",
    "chord": rf'\[(?:[^\[\]|"]|"[^"\[\]]*")*\]{_LENGTH}-?',
    "string_ending": r'\["[^"]*"',
    "number": _ENDING,
    "line_break": r"[!$]",
    "overlay": r"&+\)?",
    "microtone": _MICROTONE,
    "strange": r".",
}
PIECE = re.compile("|".join(_PATTERNS.values()), re.DOTALL)
NAMED_PIECE = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()), re.DOTALL)
_NOTE_PARTS = re.compile(r"([_=^]*)([\d/]*)([A-Ga-g])([,']*)([\d/]*)(-?)")
_CHORD_PARTS = re.compile(r"\[(.*)\]([\d/]*)(-?)", re.DOTALL)
_IN_CHORD = re.compile(
    rf'({_NOTE}|{_MICROTONE})|[.~`H-Yh-wyu ()-]|"[^"]*"|![^!]*!|\+[^+]*\+|\{{[^{{}}]*\}}|(.)', re.DOTALL
)
_CHORD_SYMBOL = re.compile(
    r"[A-G][#b]?(?:m|min|maj|M|dim|aug|sus|add|\+|o)?\d{0,2}(?:sus\d?|add\d|b5|#5)?(?:/[A-G][#b]?)?"
)
_STEPS = {letter: step for step, letter in enumerate(LETTERS + LETTERS.lower())}
MAX_NUMBER = 4096  # limit for lengths and tuplets; larger numbers are an error
_MAX_ODD_DENOMINATOR = 64  # keeps sums of durations small fractions
_MAX_TUPLET = 64  # limit for each number of a tuplet
_MAX_PASSES = 16  # limit for the passes of a variant ending


def read_piece(text: str) -> Piece:
    """Read one piece that `PIECE` has found."""
    name = NAMED_PIECE.match(text).lastgroup  # type: ignore[union-attr]
    read = _READERS.get(name or "")
    return read(text) if read else Piece(NOTHING)


@lru_cache(maxsize=8192)
def remembered_piece(text: str) -> tuple[str, Callable[..., Any], tuple[Any, ...], tuple[Finding, ...]]:
    """`read_piece` for short pieces: tunes are made of few different ones, and no long text is kept."""
    kind, make, arguments, findings = read_piece(text)
    return kind, make, arguments, findings  # a plain tuple, which is unpacked in less time


MOST_REMEMBERED = 40  # characters of a piece


def read_passes(text: str) -> tuple[tuple[int, ...], tuple[Finding, ...]]:
    """The passes of a variant ending such as `1`, `1,3` or `1-3` (ABC 2.1, section 4.9), and their problems."""
    passes: dict[int, None] = {}
    for part in text[:60].strip(",-").split(","):
        first, _, last = part.partition("-")
        if not (_is_pass(first) and (not last or _is_pass(last))):
            break
        passes |= dict.fromkeys(range(int(first), int(last or first) + 1))
    else:
        if passes and len(passes) <= _MAX_PASSES and 0 not in passes:
            return tuple(passes), ()
    message = f"{text[:20]!r} is no list of variant endings; give one such as 1 or 1,3"
    return (1,), ((0, "error", message),)


def _is_pass(text: str) -> bool:
    return text.isdigit() and len(text) < 3


def _note(text: str) -> Piece:
    arguments, findings = _read_note(text)
    return Piece(TIMED, Note, arguments, findings)


def _read_note(text: str) -> tuple[tuple[str, bool, int | None, int], tuple[Finding, ...]]:
    """The arguments of a `Note`, and its problems."""
    signs, part, letter, octave, length, tie = _NOTE_PARTS.fullmatch(text).groups()  # type: ignore[union-attr]
    length, findings = _read_length(length)
    accidental = ACCIDENTALS.get(signs)
    if part:
        accidental = _nearest_semitone(signs, part)
        findings = ((0, LOSS, "microtone"), *findings)
    if signs and accidental is None:
        findings = ((0, "error", f"{signs + part!r} is no accidental; use ^ ^^ = _ or __"), *findings)
    step = _STEPS[letter] + 7 * (octave.count("'") - octave.count(","))
    return (length, bool(tie), accidental, step), findings


def _nearest_semitone(sign: str, part: str) -> int | None:
    """The accidental nearest to a part of one, as in `^/2`, `_3/2`; of two, the larger. None for more than two."""
    above, _, below = part.partition("/")
    number, divisor = int(above or 1), int(below or 2)
    if not divisor or number > 2 * divisor:
        return None
    return (2 * number + divisor) // (2 * divisor) * ACCIDENTALS[sign]


def _read_length(text: str) -> tuple[str, tuple[Finding, ...]]:
    """Convert a written length to `""`, `3`, `/2` or `3/2`, and find its problems."""
    if not text:
        return "", ()
    number, slashes, divisor = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    above = int(number[:5] or 1)
    below = int(divisor[:5]) if divisor else 2 ** min(len(slashes), 12)
    if max(len(number), len(divisor)) > 4 or not (0 < above <= MAX_NUMBER and 0 < below <= MAX_NUMBER):
        message = f"the length {text[:20]} is out of range; give 1 to {MAX_NUMBER}"
        return "", ((0, "error", message),)
    if below & (below - 1) and below > _MAX_ODD_DENOMINATOR:
        return "", ((0, "error", f"the length {text[:20]} has a denominator that is no power of two"),)
    common = gcd(above, below)
    above, below = above // common, below // common
    return ("" if above == 1 else str(above)) + ("" if below == 1 else f"/{below}"), ()


def _rest(text: str) -> Piece:
    if text[0] in "ZX":
        bars = int(text[1:]) if text[1:].isdigit() and len(text) < 5 else 1
        return Piece(TIMED, Rest, ("", bars))
    length, findings = _read_length(text[1:])
    return Piece(TIMED, Rest, (length,), findings)


def _chord(text: str) -> Piece:
    inner, length, tie = _CHORD_PARTS.fullmatch(text).groups()  # type: ignore[union-attr]
    notes, findings = _read_notes(inner)
    if not notes:
        missing = (0, "warning", f"[{inner[:20]}] holds no note and is passed over")
        return Piece(NOTHING, findings=(*findings, missing))
    length, wrong = _read_length(length)
    return Piece(TIMED, _make_chord, (length, bool(tie), notes), (*findings, *wrong))


def _old_chord(text: str) -> Piece:
    notes, findings = _read_notes(text[1:-1])
    return Piece(TIMED, _make_chord, ("", False, notes), tuple(findings))


def _read_notes(inner: str) -> tuple[tuple[tuple[Any, ...], ...], list[Finding]]:
    """The notes in a chord, each as its offset and the arguments of a `Note`, and their problems."""
    notes: list[tuple[Any, ...]] = []
    findings: list[Finding] = []
    for match in _IN_CHORD.finditer(inner):
        at = match.start() + 1
        if match[1]:
            arguments, wrong = _read_note(match[1])
            notes.append((at, *arguments))
            findings += [(at, severity, message) for _, severity, message in wrong]
        elif match[2]:
            findings.append((at, "warning", f"{match[2]!r} has no meaning in a chord"))
    return tuple(notes), findings


def _make_chord(at: int, length: str, tied: bool, notes: tuple[tuple[Any, ...], ...]) -> Chord:
    return Chord(at, length, tied, [Note(at + offset, *arguments) for offset, *arguments in notes])


def _bar(text: str) -> Piece:
    line = re.match(r"[:|\[\]]*", text)[0]  # type: ignore[index]
    if line == text:
        return Piece(UNTIMED, Bar, (line,))
    passes, findings = read_passes(text[len(line) :])
    return Piece(UNTIMED, Bar, (line, passes), findings)


def _ending(text: str) -> Piece:
    passes, findings = read_passes(text[1:])
    return Piece(UNTIMED, Bar, ("", passes), findings)


def _tuplet(text: str) -> Piece:
    numbers = [*text[1:].split(":"), "", ""]
    p, q, r = (int(part[:4]) if part else None for part in numbers[:3])
    if not p or (p == 1 and q is None) or q == 0 or r == 0 or max(p, q or 1, r or 1) > _MAX_TUPLET:
        return Piece(NOTHING, findings=((0, "error", f"{text[:20]} is no tuplet; p is 2 to 9"),))
    return Piece(UNTIMED, Tuplet, (p, q, r))


def _broken(text: str) -> Piece:
    if len(set(text)) > 1 or len(text) > 3:
        message = f"{text[:20]} is no broken rhythm; use up to three > or <"
        return Piece(NOTHING, findings=((0, "error", message),))
    return Piece(UNTIMED, Broken, (len(text) if text[0] == ">" else -len(text),))


def _text(text: str) -> Piece:
    """Read a chord symbol; annotations and fingerings are not part of the canonical tune."""
    symbol = text[1:-1].strip()
    return Piece(UNTIMED, ChordSymbol, (symbol,)) if _CHORD_SYMBOL.fullmatch(symbol) else Piece(NOTHING)


_JUMPS = {
    "d.c.": DA_CAPO, "dacapo": DA_CAPO, "d.c.alfine": DA_CAPO, "d.c.alcoda": DA_CAPO,
    "d.s.": DAL_SEGNO, "dalsegno": DAL_SEGNO, "d.s.alfine": DAL_SEGNO, "d.s.alcoda": DAL_SEGNO,
    "fine": FINE, "segno": SEGNO, "coda": CODA, "dacoda": TO_CODA, "tocoda": TO_CODA,
}  # fmt: skip


def _decoration(text: str) -> Piece:
    """Read a decoration that controls playback; others belong to the performance."""
    kind = _JUMPS.get(text[1:-1].replace(" ", "").lower())
    return Piece(UNTIMED, Jump, (kind,)) if kind else Piece(NOTHING)


_READERS: dict[str, Callable[[str], Piece]] = {
    "note": _note,
    "microtone": _note,
    "rest": _rest,
    "chord": _chord,
    "old_chord": _old_chord,
    "bar": _bar,
    "ending": _ending,
    "tuplet": _tuplet,
    "broken": _broken,
    "text": _text,
    "decoration": _decoration,
    "space": lambda text: Piece(UNTIMED, Space),
    "line_break": lambda text: Piece(UNTIMED, Space, (True,)),
    "slur": lambda text: Piece(OVERLAY if text[-1] == "&" else NOTHING),
    "overlay": lambda text: Piece(OVERLAY),
    "tie": lambda text: Piece(TIE),
    "number": lambda text: Piece(NUMBER),
    "field": lambda text: Piece(FIELD),
    "strange": lambda text: Piece(STRANGE),
    # Slurs, decorations, grace notes and invisible bar lines are not heard as notes.
}
