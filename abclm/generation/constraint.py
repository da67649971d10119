"""Turn what is asked of a tune into the grammar that every symbol of it has to keep to."""

from __future__ import annotations

from abclm.errors import NotationError
from abclm.notation.fields import RHYTHMS, parse_meter, parse_unit_note_length
from abclm.notation.grammar import FINEST, METERS, UNIT_NOTE_LENGTHS, Grammar
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
        if _can_be_filled(meter, unit)
    }
    if not pairs:
        raise NotationError(
            f"unit note length {header['L']} doesn't divide the bars of meter {meter}; give another"
        )
    if opening:
        pairs = {pair for pair in pairs if _opens(opening, *pair)}
        if not pairs:
            raise NotationError(
                f"the opening {opening[:40]!r} can't begin a tune{_named(header)}: it is no music code, or its bars "
                "have the wrong length; give other music, or another meter"
            )
    return Grammar(header, fits=lambda meter, unit: (meter, unit) in pairs)


def canonical_opening(opening: str) -> str:
    """Bring an opening to the canonical spelling; what can't be brought there stays, for the grammar to refuse."""
    opening = opening.strip()
    try:
        body = Tune.parse(f"X:1\nL:1/8\nK:C\n{opening}\n").normalize().body.rstrip("\n")
    except NotationError:
        return opening
    if sorted(filter(str.isalpha, body)) != sorted(filter(str.isalpha, opening)):
        return opening  # words, decorations: something would be lost
    closed = opening.rstrip("\n")[-1:] in ("|", "]", ":")
    return body if closed and body.endswith(":|") else body.removesuffix("|]") + ("|" if closed else "")


def _opens(opening: str, meter: str, unit: str) -> bool:
    grammar = Grammar()
    try:
        grammar.follow(f"X:1\nM:{meter}\nL:{unit}\nK:C\n{opening}")
    except ValueError:
        return False
    return True


def _can_be_filled(meter: str, unit: str) -> bool:
    bar = parse_meter(meter).bar_length
    return bar is not None and bar % (parse_unit_note_length(unit) * FINEST) == 0


def _named(header: dict[str, str]) -> str:
    given = " ".join(f"{letter}:{header[letter]}" for letter in "RML" if letter in header)
    return f" in {given}" if given else ""
