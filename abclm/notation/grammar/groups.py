"""Write tuplets and brackets: chords, the numbers of variant endings, and the letters of fields."""

import re

from abclm.notation.fields import parse_meter
from abclm.notation.grammar import bars
from abclm.notation.grammar.local import Local, finest, room
from abclm.notation.grammar.tables import CHORD_NOTES, NOTE_LETTERS, OCTAVES
from abclm.notation.timing import tuplet_time


def tuplet_symbols(state: Local) -> set[str]:
    """The numbers of notes that a tuplet may have here."""
    meter, free, shortest = parse_meter(state.meter), room(state), finest(state)
    # The time of five, seven or nine notes depends on the meter; abc2midi doesn't always use the current one, and
    # takes 3/4 for compound.
    sizes = (2, 3, 4, 6, 8) if state.changed or meter.is_triple else range(2, 10)
    return {str(p) for p in sizes if tuplet_time(p, meter) * shortest <= free}


def after_tuplet(state: Local, symbol: str) -> Local:
    """The state after a tuplet's number; its notes fill the bar one by one."""
    q = tuplet_time(int(symbol), parse_meter(state.meter))
    # A chord symbol stands before the tuplet, not after its number.
    return state._replace(lex="start", text="symbol", q=q, left=int(symbol))


def bracket_symbols(state: Local) -> set[str]:
    """The symbols that may stand after an opening bracket."""
    if state.ending == 1 and state.repeat == "closed":
        return {"2"}
    if state.form == "between":
        return {"K"}
    found = {*NOTE_LETTERS, "^", "=", "_"}
    if state.exact or state.text == "symbol":
        return found
    found.add("K")
    if state.fresh and not state.form:
        found.add("L")
        if state.filled == 0 and state.repeat == "closed":
            found.add("M")
    if bars.may_begin_ending(state):
        found.add("1")
    return found


def after_bracket(state: Local, symbol: str) -> Local:
    """The state of a field, an ending or a chord."""
    if symbol in "KLM":
        return state._replace(lex="field", text=symbol)
    if symbol == "1":
        return bars.first_ending(state)
    if symbol == "2":
        return bars.second_ending(state)
    return state._replace(lex="chord", text=symbol)


def inside_chord(state: Local) -> set[str]:
    """The symbols that may come next in a chord."""
    inner = state.text
    notes = sum(symbol in NOTE_LETTERS for symbol in inner)
    if inner[-1] in "^=_":
        doubled = inner[-1] in "^_" and inner[-2:] != 2 * inner[-1]
        return {*NOTE_LETTERS, inner[-1]} if doubled else set(NOTE_LETTERS)
    found: set[str] = set()
    if notes < CHORD_NOTES:
        found |= {*NOTE_LETTERS, "^", "=", "_"}
    if notes > 1:
        found.add("]")
    letter = inner.rstrip(",'")[-1]
    if len(inner) - len(inner.rstrip(",'")) < OCTAVES:
        found.add("," if letter.isupper() else "'")
    return found


def after_chord(state: Local, symbol: str) -> Local:
    """The state of a longer chord, or of the chord's length."""
    if symbol != "]":
        return state._replace(text=state.text + symbol)
    # abc2midi finds the notes that a chord is tied to only if there is no accidental between, and joins them in
    # another order if a note occurs twice.
    written = re.findall("[A-Ga-g][,']*", state.text)
    can_be_tied = "".join(written) == state.text and len(set(written)) == len(written)
    return state._replace(lex="length", text="", event=f"[{state.text}]" if can_be_tied else "")
