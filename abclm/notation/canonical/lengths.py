"""Write note lengths: in their shortest form, or in full where a broken rhythm sign is not possible."""

from fractions import Fraction
from functools import lru_cache
from math import gcd

from abclm.errors import NotationError
from abclm.notation.pieces import MAX_NUMBER
from abclm.notation.symbols import Bar, Broken, Change, Space, Symbol, Timed, Tuplet


@lru_cache(maxsize=4096)
def short_length(length: str) -> str:
    """Write a length in its shortest form: `/2` becomes `/`, other lengths do not change.

    Raises:
        NotationError: the length is not possible in a canonical tune.
    """
    above, _, divisor = length.partition("/")
    below = int(divisor or 1)
    if max(int(above or 1), below) > MAX_NUMBER:  # of a chord, the product of two lengths
        raise NotationError(f"the length {length} is out of range; give 1 to {MAX_NUMBER}")
    if below == 2:
        return length[:-1]
    if below & (below - 1):
        raise NotationError(f"the length {length} has a denominator that is no power of two; use a tuplet")
    return length


def format_length(length: Fraction) -> str:
    """Write a multiple of the unit note length as `""`, `2`, `/2` or `3/2`."""
    above = "" if length.numerator == 1 else str(length.numerator)
    return above + ("" if length.denominator == 1 else f"/{length.denominator}")


def write_out_broken_rhythm(symbols: list[Symbol]) -> dict[Symbol, str]:
    """Find broken rhythm across a bar line, a field, a tuplet or a line end, or over more than two notes.

    Args:
        symbols: symbols of a measured body.

    Returns:
        The full lengths of its notes. It also contains the signs of broken rhythm, which must not be written.
    """
    lengths: dict[Symbol, str] = {}
    chain: list[tuple[Broken, Timed, Timed]] = []
    previous: Timed | None = None
    broken: Broken | None = None
    apart = any_apart = False
    for symbol in symbols:
        if isinstance(symbol, Timed):
            if broken is not None and previous is not None:
                if chain and chain[-1][2] is not previous:
                    _write_out(chain, any_apart, lengths)
                    chain, any_apart = [], False
                chain.append((broken, previous, symbol))
                any_apart = any_apart or apart
            broken, previous, apart = None, symbol, False
        elif isinstance(symbol, Broken):
            broken = symbol if symbol.steps else broken
        elif isinstance(symbol, Bar | Change | Tuplet) or (isinstance(symbol, Space) and symbol.newline):
            apart = True
    _write_out(chain, any_apart, lengths)
    return lengths


def _write_out(chain: list[tuple[Broken, Timed, Timed]], apart: bool, lengths: dict[Symbol, str]) -> None:
    """Give the notes of broken rhythm full lengths, unless it is one sign between two notes."""
    if not apart and len(chain) < 2:
        return
    for broken, before, after in chain:
        half = 2 ** abs(broken.steps)
        long, short = (before, after) if broken.steps > 0 else (after, before)
        for event, factor in ((long, Fraction(2 * half - 1, half)), (short, Fraction(1, half))):
            above, _, below = lengths.get(event, event.length).partition("/")
            lengths[event] = format_length(factor * Fraction(int(above or 1), int(below or 1)))
        lengths[broken] = ""


def uneven_tuplets(symbols: list[Symbol], lengths: dict[Symbol, str]) -> set[Tuplet]:
    """Find tuplets whose notes have different written lengths.

    Args:
        symbols: symbols of a measured body.
        lengths: the lengths that are not written as they were read.
    """
    uneven: set[Tuplet] = set()
    tuplet: Tuplet | None = None
    first: str | None = None
    left = 0
    for symbol in symbols:
        if isinstance(symbol, Tuplet) and symbol.p:
            tuplet, first, left = symbol, None, symbol.r or symbol.p
        elif left and tuplet is not None and isinstance(symbol, Timed):
            length = lengths.get(symbol, symbol.length)
            if first is None:
                first = length
            elif length != first:
                uneven.add(tuplet)
            left -= 1
    return uneven


def simple_ratio(p: int, q: int) -> tuple[int, int]:
    """The numbers of a tuplet, as they are if the standard allows them, else the smallest that mean the same.

    Raises:
        NotationError: the notes would need a tuplet of more than nine.
    """
    if 2 <= p <= 9:
        return p, q
    common = gcd(p, q)
    simple = p // common, q // common
    if simple[0] == 1:
        simple = 2, 2 * simple[1]
    if simple[0] > 9:
        raise NotationError(f"({p}:{q} can't be kept; a tuplet has 2 to 9 notes")
    return simple
