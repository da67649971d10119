"""Find a short way from any state to the end: fill bars with single notes and close repeats."""

from abclm.notation.grammar import bars, notes
from abclm.notation.grammar.fields import Header
from abclm.notation.grammar.local import Local, bar_end, room
from abclm.notation.grammar.tables import FEWEST_NOTES, length_ticks

_ENDS = {"header": "\n", "field": "]", "quoted": '"'}


def next_to_end(state: Local, allowed: frozenset[str], header: Header) -> str:
    """Choose one of the allowed symbols."""
    if state.lex == "header" and not state.text and len(allowed) > 1:
        return header.next_fields(state)[-1]
    if state.lex in _ENDS:
        end = _ENDS[state.lex]
        return end if end in allowed else min(allowed, key=lambda symbol: (not symbol.isalpha(), symbol))
    if state.lex in ("note", "length"):
        return _through_length(state)
    return _close_or_go_on(state, allowed)


def _through_length(state: Local) -> str:
    """The longest length that fits, then the symbol after it."""
    text = state.text if state.lex == "length" else ""
    lengths, goal = length_ticks(state.unit), _goal(state)
    fitting = [each for each in lengths if each.startswith(text) and notes.fits(state, lengths[each])]
    within = [each for each in fitting if state.exact or lengths[each] <= goal] or fitting
    best = max(within, key=lambda each: lengths[each])
    if best != text:
        return best[len(text)]
    complete = notes.complete(state._replace(text=text))
    return _close_or_go_on(complete, frozenset(notes.done_symbols(complete)))


def _goal(state: Local) -> int:
    """Ticks before the bar line that leads to the end."""
    end = bar_end(state)
    closes = state.form == "part" or (_is_enough(state) and _is_repeated(state))
    if state.phase > state.filled and not state.bars_left and closes:
        end = state.phase
    return (end - state.filled) // (state.q if state.left and not state.exact else 1)


def _close_or_go_on(state: Local, allowed: frozenset[str]) -> str:
    """The symbol between events that leads to the end: a closing bar line if it is allowed, else an event."""
    found = ""
    if state.lex == "bar":
        found = next((symbol for symbol in _in_bar_line(state) if symbol in allowed), "")
    elif state.fresh:
        if "\n" in allowed and (state.form in ("between", "over") or bars.may_end(state)):
            found = "\n"
        elif "|" in allowed and state.form == "between":
            found = "|"
    elif ":" in allowed and _is_enough(state) and _is_repeated(state) and state.repeat != "closed":
        found = ":"
    elif "|" in allowed and (
        room(state) == 0 or (_is_enough(state) and not state.bars_left and not _is_repeated(state))
    ):
        found = "|"
    return found or next((symbol for symbol in "2]A" if symbol in allowed), min(allowed - {" "}))


def _in_bar_line(state: Local) -> str:
    """The symbols, best first, that turn the bar line into one that leads to the end."""
    if state.text == ":":
        return ":|" if state.form == "part" else "|"
    if state.text == ":|":
        return "2"
    if state.fresh:
        return ":"
    if state.form == "part":
        return "]A|" if state.final else ":A|"
    if state.bars_left > 1 or _is_repeated(state) or not _is_enough(state):
        return "A|"
    if state.form == "section" and not state.final:
        return "|"
    return "]A|"


def _is_enough(state: Local) -> bool:
    return state.notes == FEWEST_NOTES or state.form == "part"


def _is_repeated(state: Local) -> bool:
    """Whether `:|` must close the current passage."""
    return state.repeat == "open" or state.ending == 1 or (state.form == "part" and state.ending == 0)
