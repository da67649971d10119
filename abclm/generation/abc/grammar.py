"""Turn what is asked of a tune into the grammar that every symbol of it has to keep to."""

from __future__ import annotations

from functools import lru_cache

from abclm.errors import NotationError
from abclm.generation.abc.prompt import HEADER, HEADER_LENGTH
from abclm.notation.fields import RHYTHMS, parse_meter
from abclm.notation.grammar import METERS, UNIT_NOTE_LENGTHS, Form, Grammar, State, can_be_filled
from abclm.system.words import counted
from abclm.tune import Tune


def grammar_for(
    header: dict[str, str],
    opening: str,
    parts: int | None = None,
    bars: int | None = None,
    max_length: int | None = None,
    sections: tuple[int, ...] = (),
) -> Grammar:
    """Make the grammar of the tunes that have these header fields, begin so and have this form.

    Args:
        header: canonical values of those of the fields T, R, M, L and K that were asked for; `R` may be `""` for none.
        opening: the music that the tune begins with, in canonical spelling; may be empty.
        parts, bars: the form, see `Form`; any will do where neither is given.
        max_length: characters that the tune has at most. Where a form is asked for, only meters and unit note lengths
            are left that keep it within, however long the header gets.
        sections: the bars of each section, in the place of `parts` and `bars`.

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
    if parts is not None or bars is not None or sections:
        pairs = _pairs_in_form(pairs, header, opening, Form(parts, bars, sections), max_length)
    return Grammar(
        header, lambda meter, unit: (meter, unit) in pairs, title_needed=True,
        parts=parts, bars=bars, sections=sections,
    )  # fmt: skip


def _pairs_in_form(
    pairs: set[tuple[str, str]], header: dict[str, str], opening: str, form: Form, max_length: int | None
) -> set[tuple[str, str]]:
    """Those meters and unit note lengths that the form can be kept with."""
    asked = ", ".join(
        f"{name}={value}" for name, value in (("parts", form.parts), ("bars", form.bars)) if value is not None
    )
    pairs = {pair for pair in pairs if form.can_be_filled(*pair)}
    if not pairs:
        raise NotationError(
            f"{asked}{_named(header)} leaves no room for the 8 notes of a tune; give more bars"
        )
    after = {pair: _after_opening(opening, pair, form.parts, form.bars, form.sections) for pair in pairs}
    if not any(after.values()):
        raise NotationError(
            f"the opening {opening[:40]!r} can't begin a tune of {asked}{_named(header)}: it goes past the end of "
            "the form, or its repeats are others; give a shorter opening, or another form"
        )
    longest = {pair: _longest_with(header, opening) + length for pair, length in after.items() if length}
    pairs = {pair for pair, length in longest.items() if max_length is None or length <= max_length}
    if not pairs:
        raise NotationError(
            f"{asked}{_named(header)} may take {counted(min(longest.values()), 'character')}, more than "
            f"max_length={max_length}; raise max_length or ask for fewer bars"
        )
    return pairs


@lru_cache(maxsize=4096)
def _after_opening(
    opening: str, pair: tuple[str, str], parts: int | None, bars: int | None, sections: tuple[int, ...]
) -> int | None:
    """The most characters that lead to the end after the opening; None where the form can't begin with it."""
    grammar = Grammar(parts=parts, bars=bars, sections=sections)
    try:
        return grammar.longest_finish(grammar.follow(opening, grammar.after_header(*pair)))
    except ValueError:
        return None


def _longest_with(header: dict[str, str], opening: str) -> int:
    """The longest that a header and an opening come out."""
    longest = sum(len(header[letter]) - most for _, letter, _, most in HEADER if letter in header)
    return HEADER_LENGTH + longest + len(opening)


def canonical_opening(opening: str) -> str:
    """Bring an opening to the canonical spelling.

    What the grammar takes as it is stays as it is, such as a tie that leads on; so does what can't be read without
    passing over some of it, for the grammar to refuse.
    """
    # A blank at the end says that no beam goes on.
    for each in (opening.lstrip(), opening.strip()):
        if any(_opens(each, meter, unit) for meter in METERS for unit in UNIT_NOTE_LENGTHS):
            return each
    opening = opening.strip()
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
        grammar.follow(opening, grammar.after_header(meter, unit))
    except ValueError:
        return False
    return True


def _named(header: dict[str, str]) -> str:
    given = " ".join(f"{letter}:{header[letter]}" for letter in "RML" if letter in header)
    return f" in {given}" if given else ""
