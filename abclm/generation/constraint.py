"""Turn what is asked of a tune into the grammar that every symbol of it has to keep to."""

from __future__ import annotations

from functools import lru_cache

from abclm.errors import NotationError
from abclm.notation.fields import RHYTHMS, parse_meter
from abclm.notation.grammar import METERS, UNIT_NOTE_LENGTHS, Grammar, State, can_be_filled
from abclm.notation.tune import Tune


def grammar_for(header: dict[str, str], opening: str) -> Grammar:
    """Make the grammar of the tunes that have these header fields and begin so.

    Args:
        header: canonical values of those of the fields T, R, M, L and K that were asked for.
        opening: the music that the tune begins with, in canonical spelling; may be empty.

    Raises:
        NotationError: what was asked for doesn't go together.
    """
    rhythm, meter = header.get("R"), header.get("M")
    if rhythm in RHYTHMS and meter is not None and meter not in RHYTHMS[rhythm]:
        meters = ", ".join(RHYTHMS[rhythm])
        raise NotationError(f"rhythm {rhythm} goes with meter {meters}, received {meter}; give one of these")
    if meter is not None and parse_meter(meter).bar_length is None:
        raise NotationError(
            "meter none has no bars to keep; give another meter, or leave tunes unconstrained"
        )
    pairs = {
        (meter, unit)
        for meter in ((header["M"],) if "M" in header else RHYTHMS.get(rhythm or "", METERS))
        for unit in ((header["L"],) if "L" in header else UNIT_NOTE_LENGTHS)
        if can_be_filled(meter, unit)
    }
    if not pairs:
        units = f"unit note length {header['L']}" if "L" in header else "any unit note length"
        raise NotationError(
            f"bars of meter {meter} can't be written in notes of {units}: they don't divide it, or are too many; "
            "give another"
        )
    if opening:
        pairs = {pair for pair in pairs if _opens(opening, *pair)}
        if not pairs:
            raise NotationError(
                f"the opening {opening[:40]!r} can't begin a tune{_named(header)}: it is no music code, or its bars "
                "have the wrong length; give other music, or another meter"
            )
    return Grammar(header, fits=lambda meter, unit: (meter, unit) in pairs, title_needed=True)


def canonical_opening(opening: str) -> str:
    """Bring an opening to the canonical spelling.

    What the grammar takes as it is stays as it is, such as a tie that leads on; so does what can't be read without
    passing over some of it, for the grammar to refuse.
    """
    opening = opening.strip()
    if any(_opens(opening, meter, unit) for meter in METERS for unit in UNIT_NOTE_LENGTHS):
        return opening
    try:
        tune = Tune.parse(f"X:1\nL:1/8\nK:C\n{opening}\n")
        if any(each.severity == "error" for each in tune.check()):
            return opening
        body = tune.normalize().body.rstrip("\n")
    except NotationError:
        return opening
    closed = opening[-1:] in ("|", "]", ":")
    return body if closed and body.endswith(":|") else body.removesuffix("|]") + ("|" if closed else "")


def way_to_end(grammar: Grammar, state: State, opening: str) -> str:
    """A short way to the end of the tune, past the opening where it is still to come."""
    way = grammar.finish(state)
    if not opening or state.lex != "header":
        return way
    for place, symbol in enumerate(way, start=1):
        state = grammar.advance(state, symbol)
        if state.lex != "header":
            return way[:place] + opening + grammar.finish(grammar.follow(opening, state))
    raise AssertionError("a way to the end leads through the header")


@lru_cache(maxsize=256)
def _opens(opening: str, meter: str, unit: str) -> bool:
    grammar = Grammar()
    try:
        grammar.follow(f"X:1\nM:{meter}\nL:{unit}\nK:C\n{opening}")
    except ValueError:
        return False
    return True


def _named(header: dict[str, str]) -> str:
    given = " ".join(f"{letter}:{header[letter]}" for letter in "RML" if letter in header)
    return f" in {given}" if given else ""
