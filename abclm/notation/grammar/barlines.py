"""Write bar lines, repeats and variant endings; `text` in the state is the bar line so far."""

from abclm.notation.grammar import bars
from abclm.notation.grammar.local import Local
from abclm.notation.grammar.start import after_start, start_symbols


def bar_symbols(state: Local) -> set[str]:
    """The symbols that may follow inside a bar line, or directly after it."""
    found: set[str] = set()
    if state.text == ":":
        found.add("|")
        if state.ending == 0 and bars.may_be_followed(state):
            found.add(":")
        return found
    if state.text == ":|":
        return {"2", "\n"}
    if state.fresh:  # at the beginning of a line, after another bar line
        return {":"}
    if bars.may_be_single(state):
        behind = bars.single(state)
        found |= start_symbols(behind)
        if bars.may_begin_ending(behind):
            found.add("1")
    if not state.tie:
        if bars.may_be_double(state):
            found.add("|")
            if state.repeat != "open":
                found.add("]")
        if bars.may_open_repeat(state):
            found.add(":")
    return found


def after_bar(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    text = state.text + symbol
    if state.text == ":|":
        if symbol == "2":
            return bars.second_ending(state)
        return state._replace(lex="start", text="line", alone=True)
    if text in ("||", "|]"):
        return bars.double(state)
    if text == "|:":
        return bars.open_repeat(state)
    if text == "|1":
        return bars.first_ending(bars.single(state))
    if text == "::":
        return bars.open_repeat(bars.close_repeat(state))
    if text == ":|":
        closed = bars.close_repeat(state)
        return closed._replace(lex="bar", text=":|") if state.ending == 1 else closed
    return after_start(bars.single(state), symbol)
