"""Find where bar lines, repeats and variant endings may stand, and the states after them."""

from abclm.notation.grammar.local import Local, at_form_end, slots
from abclm.notation.grammar.tables import FEWEST_NOTES, bar_ticks

_SECTION_BARS = 3  # fewest bars of a section that ends inside a bar


def bar_line_symbols(state: Local) -> set[str]:
    """The symbols that may begin a bar line after an event."""
    found: set[str] = set()
    if may_be_single(state) or (not state.tie and (may_be_double(state) or may_open_repeat(state))):
        found.add("|")
    if not state.tie and not state.alone and may_close_repeat(state):
        found.add(":")
    return found


def is_full(state: Local) -> bool:
    """Whether the bar is full."""
    return state.filled == bar_ticks(state.meter)


def may_be_single(state: Local) -> bool:
    """Whether `|` may stand here: after a full bar or a pick-up."""
    if state.fresh or at_form_end(state):
        return False
    if is_full(state):
        return True
    if state.phase >= 0:
        return False
    return not state.bars_left or FEWEST_NOTES - state.notes <= state.spare * slots(state)


def may_be_double(state: Local) -> bool:
    """Whether `||` or `|]` may stand here."""
    if state.fresh or state.ending == 1:
        return False
    if state.form == "part":
        return state.ending == 2 and _may_end_part(state)
    if at_form_end(state):
        return state.repeat != "open"
    if state.form == "section":
        return False
    return may_be_single(state) if state.phase < 0 else _may_end_section(state)


def _may_end_section(state: Local) -> bool:
    """Whether a section may end here: after a full bar, the complement of its pick-up, or the tune's pick-up.

    A section with several bars, or a second ending, may also end inside a bar: the next section begins with the rest.
    """
    if is_full(state) or state.phase in (-1, state.filled):
        return True
    return state.bars == _SECTION_BARS or state.ending == 2


def _may_end_part(state: Local) -> bool:
    """Whether a repeated part may end here: its pass must have a whole number of bars."""
    if state.bars_left:
        return at_form_end(state)
    if state.final and state.notes < FEWEST_NOTES:
        return False
    return state.filled == (max(state.phase, 0) or bar_ticks(state.meter))


def may_open_repeat(state: Local) -> bool:
    """Whether `|:` may stand here."""
    if state.form == "part":
        return not state.fresh and state.ending == 2 and not state.final and _may_end_part(state)
    if state.form in ("between", "over"):
        return state.form == "between"
    if state.repeat == "open" or state.ending == 1:
        return False
    if state.form == "section" and not (state.fresh and state.bars == 0):
        return False
    if state.form in ("whole", "section"):
        # At the same position in the bar as the tune, so that the repeat and the tune can end together.
        here = state.filled % bar_ticks(state.meter)
        return here == state.phase and not at_form_end(state)
    return state.fresh or _may_end_section(state)


def may_close_repeat(state: Local) -> bool:
    """Whether `:|` may stand here: the repeat's last bar and its pick-up must make one bar."""
    if state.fresh or state.repeat == "closed":
        return False
    if state.form == "section":
        return at_form_end(state)
    if state.form == "part" and (state.bars_left or state.ending == 0):
        return _may_end_part(state)
    return state.filled == (max(state.phase, 0) or bar_ticks(state.meter))


def may_be_followed(state: Local) -> bool:
    """Whether another repeat may open where this repeat closes."""
    return not state.final if state.form in ("part", "section") else not at_form_end(state)


def must_close_repeat(state: Local) -> bool:
    """Whether the bar is the form's last and ends with `:|`."""
    if state.bars_left != 1:
        return False
    return state.ending == 1 or state.repeat == "open" or (state.form == "part" and state.ending == 0)


def may_begin_ending(state: Local) -> bool:
    """Whether the first variant ending may begin here."""
    return state.repeat != "closed" and state.ending == 0 and state.phase >= 0 and not state.tie


def may_end(state: Local) -> bool:
    """Whether the tune may end here."""
    return (
        state.fresh and state.notes == FEWEST_NOTES and state.repeat != "open" and state.ending != 1
        and not state.tie and state.form in ("", "over")
    )  # fmt: skip


def _passed(state: Local) -> Local:
    """The state after a bar line; if the bar line stands inside a bar, the bar continues."""
    full = bar_ticks(state.meter)
    step = state.step + ("b" if state.filled == full else "")
    return state._replace(lex="start", text="bar", filled=state.filled % full, fresh=True, step=step)


def single(state: Local) -> Local:
    """The state after `|`."""
    if state.phase < 0:
        # The tune's first bar: if it is a pick-up, the repeat ends with its complement.
        full = bar_ticks(state.meter)
        passed = _passed(state)._replace(filled=0, phase=(full - state.filled) % full)
        if not passed.step:
            return passed._replace(step="p", spare=max(state.spare - 1, 0))
        if state.form == "section":
            passed = passed._replace(bars=1)  # it is no longer at its beginning
    else:
        passed = _passed(state)
        if state.form != "part":  # the end of a part is known
            most = 1 if state.form == "section" else _SECTION_BARS  # the end of a counted section is known
            passed = passed._replace(bars=min(state.bars + 1, most))
    if passed.step:
        passed = passed._replace(
            bars_left=max(state.bars_left - 1, min(state.bars_left, 1)), spare=max(state.spare - 1, 0)
        )
    return passed


def double(state: Local) -> Local:
    """The state after `||` or `|]`."""
    passed = single(state) if state.phase < 0 else _passed(state)
    repeat = "closed" if state.repeat == "implicit" else state.repeat  # a later one would begin here
    passed = passed._replace(ending=0, bars=0, repeat=repeat)
    return _end_part(passed) if state.form == "part" or at_form_end(state) else passed


def open_repeat(state: Local) -> Local:
    """The state after `|:`."""
    if state.form == "part":
        state = _end_part(_passed(state))
    if state.phase < 0:
        state = state._replace(filled=0)
    state = _passed(state)
    if state.form == "between":
        state = state._replace(form="part", step=state.step + "o")
    return state._replace(text="glue", phase=state.filled, repeat="open", ending=0, bars=0)


def close_repeat(state: Local) -> Local:
    """The state after `:|`."""
    passed = _passed(state)._replace(phase=max(state.phase, 0), repeat="closed", bars=0)
    if state.ending == 1 or not (state.form == "part" or at_form_end(state)):
        return passed
    return _end_part(passed)


def _end_part(state: Local) -> Local:
    if state.form == "section" and not state.final:
        return state._replace(step=state.step + "eo")
    return state._replace(form="over" if state.final else "between", step=state.step + "e")


def first_ending(state: Local) -> Local:
    """The state after the number of the first ending."""
    return state._replace(
        lex="start", text="ending", ending=1, ending_phase=state.filled, step=state.step + "1"
    )


def second_ending(state: Local) -> Local:
    """The state after the number of the second ending."""
    return state._replace(
        lex="start",
        text="ending",
        ending=2,
        filled=state.ending_phase,
        fresh=False,
        repeat="closed",
        step="2",
    )
