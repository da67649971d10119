"""Begin an event, a bar line or a field; `text` in the state names what is before it, such as a line or a symbol."""

from abclm.notation.grammar import bars
from abclm.notation.grammar.local import Local, finest, is_tight, note_kind, room
from abclm.notation.grammar.tables import NOTE, NOTE_LETTERS


def start_symbols(state: Local) -> set[str]:
    """The symbols that may begin here."""
    found = event_symbols(state)
    if state.text in ("glue", "symbol"):
        return found
    if state.text in ("line", "field") and state.fresh and bars.may_open_repeat(state) and state.phase >= 0:
        found.add("|")
    if state.text in ("bar", "ending"):
        found.add("\n")
    if state.text == "line" and bars.may_end(state):
        found.add("\n")
    return found


def event_symbols(state: Local) -> set[str]:
    """The symbols that may begin an event, a tuplet or a field."""
    if state.text == "line" and state.ending == 1 and state.repeat == "closed":
        return {"["}  # the second ending must come
    if state.form in ("between", "over"):
        return {"["} if state.form == "between" else set()  # only another key
    free = room(state)
    if not state.exact and not free:
        return set()
    found = {state.tie[0]} if state.tie else {*NOTE_LETTERS, "^", "=", "_", "z", "["}
    if is_tight(state):
        found.discard("z")
    if state.left:
        found.discard("[")  # abc2midi counts the notes of a chord as notes of the tuplet
    elif not state.exact and not is_tight(state) and free >= 3 * finest(state) and state.tie[:1] != "[":
        found.add("(")
    if state.chord_symbols and state.text != "symbol":
        found.add('"')
    return found


def after_start(state: Local, symbol: str) -> Local:
    """The state of the element that a symbol begins."""
    if symbol == "\n":
        if state.text == "line":
            return state._replace(lex="end")
        return state._replace(text="line", alone=True)
    state = state._replace(alone=state.text == "line" and symbol in NOTE_LETTERS)
    if symbol in "|:":
        return state._replace(lex="bar", text=symbol)
    if symbol == '"':
        return state._replace(lex="quoted", text="")
    if symbol == "(":
        return state._replace(lex="tuplet")
    if state.tie:
        return after_forced(state._replace(text=state.tie), symbol)
    if symbol in "^=_":
        return state._replace(lex="signs", text=symbol)
    if symbol in NOTE_LETTERS:
        return state._replace(lex="note", text="", event=note_kind(symbol))
    if symbol == "z":
        return state._replace(lex="length", text="", event="z")
    return state._replace(lex="bracket")


# The event after a tie is fixed; `text` is the rest of it.


def forced_symbols(state: Local) -> str:
    """The next symbol of the event after the tie."""
    return state.text[0]


def after_forced(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    if state.text[1:]:
        return state._replace(lex="forced", text=state.text[1:])
    # It sounds as one note with the previous note.
    event = NOTE if state.tie[0] in NOTE_LETTERS else state.tie
    return state._replace(lex="length", text="", event=event, tie="", notes=state.notes - 1)
