"""A place in a tune, as far as it decides which symbols may come next."""

from typing import NamedTuple

from abclm.notation.grammar.tables import FEWEST_NOTES, bar_ticks, finest_ticks


class Local(NamedTuple):
    """A place in a tune; what can make no difference to what may follow is not in it.

    Attributes:
        lex: what is being written: `header`, `start` (something may begin), `signs`, `note`, `length`, `done` (an
            event is complete), `tied`, `broken`, `bar`, `tuplet`, `chord`, `quoted`, `bracket`, `field`,
            `forced`, `end`.
        text: of it, so far.
        rhythm, meter, unit: values of the header, or of a later field.
        changed: whether the meter is that of a later field.
        filled: ticks of the bar that are taken, those that a tuplet or a broken rhythm has claimed included.
        fresh: whether nothing has been written since a bar line.
        phase: ticks of the bar that are taken where the repeat begins; -1 while the first bar is open.
        repeat: `implicit` from the start of the tune, `open`, or `closed`.
        ending: 0, or the variant ending that is being written.
        ending_phase: ticks of the bar that are taken where the endings begin.
        tie: the event that has to come next, accidentals left out.
        event: the event being written: of a note its case and octave marks, as `A,` or `a`, of a chord its text; `z`
            for a rest, `""` for what can't be tied. Which note it is matters behind a tie alone; `State` has it.
        exact: ticks of the written length that the next event must have; 0 where it is free.
        q, left: of a tuplet, the time it takes and the notes still to come.
        last: ticks of the written length of the event before, where a broken rhythm may follow it.
        broken: whether the next event is the second of a broken rhythm.
        alone: whether nothing but the letter of one note stands on the line: with a colon behind it, it would be
            an information field.
        bars: full ones since the section began, up to 3.
        notes: struck so far, up to `FEWEST_NOTES`.
        chord_symbols: whether there may be any.
        form: `""` where any form will do; `part` inside a part that has to be repeated, `between` such parts; `whole`
            inside a tune whose bars are counted; `over` behind the last bar line of a form.
        final: whether no part follows this one.
        bars_left: of a part or tune whose bars are counted, those to come, the one that is being written included,
            up to 3; 0 where they aren't counted.
        spare: full bars that the form has behind this one, up to 10; 0 where enough notes have been struck.
        step: what the last symbol passed, letter by letter: `t` a tie, `p` a pick-up, `b` a bar, `e` the end of
            a part, `o` the opening of one, `1` and `2` the beginning of an ending. It is taken note of and taken off.
    """

    lex: str = "header"
    text: str = ""
    rhythm: str = ""
    meter: str = ""
    unit: str = ""
    changed: bool = False
    filled: int = 0
    fresh: bool = True
    phase: int = -1
    repeat: str = "implicit"
    ending: int = 0
    ending_phase: int = 0
    tie: str = ""
    event: str = ""
    exact: int = 0
    q: int = 0
    left: int = 0
    last: int = 0
    broken: bool = False
    alone: bool = True
    bars: int = 0
    notes: int = 0
    chord_symbols: bool = False
    form: str = ""
    final: bool = False
    bars_left: int = 0
    spare: int = 0
    step: str = ""


def note_kind(note: str) -> str:
    """What of a note decides what may follow it: its case and its octave marks."""
    return ("A" if note[0].isupper() else "a") + note[1:]


def bar_end(state: Local) -> int:
    """Ticks that the bar has; the last of a form that begins with a pick-up is its complement."""
    if state.bars_left == 1 and state.phase > 0:
        return state.phase
    return bar_ticks(state.meter)


def room(state: Local) -> int:
    """Ticks of the bar that are free."""
    return bar_end(state) - state.filled


def at_form_end(state: Local) -> bool:
    """Whether the last of the bars that are counted is complete."""
    return state.bars_left == 1 and not state.fresh and state.filled == bar_end(state)


def is_tight(state: Local) -> bool:
    """Whether a form is so close to its end that notes alone may come until enough have been struck.

    Otherwise there is a bar to spare, so that whatever is written in this one there is room enough behind it.
    """
    if not state.bars_left:
        return False
    return FEWEST_NOTES - state.notes > max(state.spare - 1, 0) * slots(state)


def slots(state: Local) -> int:
    """How many of the shortest notes a bar holds."""
    return bar_ticks(state.meter) // finest(state)


def finest(state: Local) -> int:
    """Ticks of the shortest length."""
    return finest_ticks(state.unit)
