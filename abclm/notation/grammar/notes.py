"""Write notes and rests with accidentals, octaves and lengths, then ties, broken rhythm and spaces."""

from abclm.notation.grammar import bars
from abclm.notation.grammar.local import Local, at_form_end, finest, is_tight, note_kind, room, slots
from abclm.notation.grammar.start import after_start, event_symbols
from abclm.notation.grammar.tables import (
    FEWEST_NOTES,
    NOTE,
    NOTE_LETTERS,
    OCTAVES,
    length_steps,
    length_ticks,
    unit_ticks,
)


def sign_symbols(state: Local) -> set[str]:
    """A second accidental of the same kind, or the note."""
    return {*NOTE_LETTERS, state.text} if state.text in "^_" else set(NOTE_LETTERS)


def after_sign(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    if symbol in NOTE_LETTERS:
        return state._replace(lex="note", text="", event=note_kind(symbol))
    return state._replace(text=state.text + symbol)


def note_symbols(state: Local) -> set[str]:
    """The symbols after a letter: its octave, its length, or the symbols after a note."""
    found = length_symbols(state._replace(text=""))
    if len(state.event) <= OCTAVES:
        found.add("," if state.event[0].isupper() else "'")
    return found


def after_note(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    if symbol in ",'":
        return state._replace(event=state.event + symbol, alone=False)
    return after_length(state._replace(lex="length", text="", event=NOTE), symbol)


def length_symbols(state: Local) -> set[str]:
    """The digits of lengths that fit and, if the length may be complete, the symbols after a note."""
    steps = length_steps(state.unit).get(state.text, {})
    if state.exact or (state.bars_left and not _is_roomy(state)):
        found = {symbol for symbol, lengths in steps.items() if any(fits(state, each) for each in lengths)}
    else:
        longest = room(state) // (state.q if state.left else 1)
        found = {symbol for symbol, lengths in steps.items() if lengths[0] <= longest}
    length = length_ticks(state.unit).get(state.text)
    if length is not None and fits(state, length):
        found |= done_symbols(complete(state))
    return found


def after_length(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    if symbol in length_steps(state.unit).get(state.text, {}):
        return state._replace(text=state.text + symbol)
    return after_done(complete(state), symbol)


def fits(state: Local, length: int) -> bool:
    """Whether an event of this written length, in ticks, is possible here."""
    if state.exact:
        return length == state.exact
    if state.bars_left and not _suits_form(state, length):
        return False
    return length * (state.q if state.left else 1) <= room(state)


def _is_roomy(state: Local) -> bool:
    """Whether the form is still possible after an event of any length that the bar has room for."""
    return not is_tight(state) and not (state.alone and bars.must_close_repeat(state))


def _suits_form(state: Local, length: int) -> bool:
    """Whether the form is still possible after an event of this length."""
    free = room(state) - length
    if not free and state.alone and length == unit_ticks(state.unit) and bars.must_close_repeat(state):
        return False  # with the repeat's colon, the letter would be a field
    if not is_tight(state):
        return True
    missing = FEWEST_NOTES - state.notes - (state.event != "z")
    return missing <= state.spare * slots(state) + free // finest(state)


def complete(state: Local) -> Local:
    """Complete an event, whose length is now known."""
    length = length_ticks(state.unit)[state.text]
    filled, left, exact, last = state.filled, state.left, 0, length
    broken, state = state.broken, state._replace(broken=False)
    if not state.exact:
        filled += length * (state.q if left else 1)
    elif not left:
        last = 0  # the second note of a broken rhythm
    if left:
        left -= 1
        exact = length if left else 0
        last = length if left and not broken else 0
    struck = min(state.notes + (state.event != "z"), FEWEST_NOTES)
    return state._replace(
        lex="done", text="", filled=filled, left=left, q=state.q if left else 0, exact=exact, last=last,
        fresh=False, alone=state.alone and not state.text,
        notes=struck, spare=state.spare if struck < FEWEST_NOTES else 0,
    )  # fmt: skip


def done_symbols(state: Local) -> set[str]:
    """The symbols that may stand after a complete event."""
    found = tied_symbols(state)
    if is_tight(state):
        return found
    if state.event not in ("", "z") and not state.tie and not at_form_end(state):
        found.add("-")
    if state.last >= 2 * finest(state) and (state.left or state.last <= room(state)):
        found |= {"<", ">"}
    return found


def after_done(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    if symbol == "-":
        return state._replace(lex="tied", tie=state.event, event="", last=0, step="t")
    if symbol in "<>":
        # From now on, the time of the next note is reserved in the bar; in a tuplet, it already is.
        filled = state.filled if state.left else state.filled + state.last
        return state._replace(
            lex="broken", text=symbol, filled=filled, exact=state.last, event="", last=0, broken=True
        )
    return after_tied(state._replace(event="", last=0), symbol)


def tied_symbols(state: Local) -> set[str]:
    """The symbols after a tie, or after an event except a tie or broken rhythm."""
    found = event_symbols(state._replace(text=""))
    if found and not (state.left and state.exact == 0):
        found.add(" ")
    if state.left or state.exact:
        return found
    if room(state):
        found.add("\n")
    return found | bars.bar_line_symbols(state)


def after_tied(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    if symbol == " ":
        return state._replace(lex="start", text="glue", event="")
    if symbol == "\n":
        return state._replace(lex="start", text="line", event="", alone=True)
    return after_start(state._replace(lex="start", text="", event=""), symbol)


def broken_symbols(state: Local) -> set[str]:
    """A second sign of the same kind, or the second note."""
    found = event_symbols(state._replace(text=""))
    if len(state.text) == 1 and state.exact >= 4 * finest(state):
        found.add(state.text)
    return found


def after_broken(state: Local, symbol: str) -> Local:
    """The state after a symbol."""
    if symbol in "<>":
        return state._replace(text=state.text + symbol)
    return after_start(state._replace(lex="start", text="glue"), symbol)
