"""The part of a state that determines which symbols may come next."""

from typing import Any, NamedTuple, Self

from abclm.notation.grammar.tables import FEWEST_NOTES, bar_ticks, finest_ticks


class _Fields(NamedTuple):
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


_AT = {name: at for at, name in enumerate(_Fields._fields)}


class Local(_Fields):
    """A place in a tune, reduced to what affects the following symbols.

    Attributes:
        lex: the element in progress: `header`, `start` (something may begin), `signs`, `note`, `length`, `done` (an
            event is complete), `tied`, `broken`, `bar`, `tuplet`, `chord`, `quoted`, `bracket`, `field`,
            `forced`, `end`.
        text: the text of this element so far.
        rhythm, meter, unit: values of the header, or of a later field.
        changed: whether the meter comes from a later field.
        filled: filled ticks of the bar, including those reserved for a tuplet or a broken rhythm.
        fresh: whether nothing follows the last bar line yet.
        phase: filled ticks of the bar where the repeat begins; -1 in the first bar.
        repeat: `implicit` from the start of the tune, `open`, or `closed`.
        ending: the number of the current variant ending, or 0.
        ending_phase: filled ticks of the bar where the endings begin.
        tie: the event that must come next, without accidentals.
        event: the current event: the case and octave marks of a note, such as `A,` or `a`, and `A` for any with a
            length; the text of a chord; `z` for a rest; `""` if it can't be tied. What note it is matters only after a
            tie; `State` has it.
        exact: required ticks of the next event's written length; 0 if it is free.
        q, left: the time of a tuplet, and its remaining notes.
        last: ticks of the written length of the previous event, if a broken rhythm may follow it.
        broken: whether the next event is the second of a broken rhythm.
        alone: whether the line contains only the letter of one note: with a colon after it, it would be an
            information field.
        bars: full bars since the section began, up to 3, or up to 1 if its bars are counted.
        notes: notes so far (tied notes count once), up to `FEWEST_NOTES`.
        chord_symbols: whether chord symbols are allowed.
        form: `""` without a form; `part` inside a repeated part, `between` between such parts; `whole` inside a tune
            with counted bars; `section` inside a section with counted bars; `over` after the last bar line of a form.
        final: whether this is the last part; of counted bars only from the last but one on.
        bars_left: remaining bars of a part or tune with counted bars, including the current bar, up to 3; 0 if bars
            are not counted.
        spare: full bars of the form after this bar, up to 4; 0 if the tune has enough notes.
        step: what the last symbol completed or began, letter by letter: `t` a tie, `p` a pick-up, `b` a bar, `e` the
            end of a part, `o` the beginning of a part, `1` and `2` an ending. `Grammar` reads it and clears it.
    """

    __slots__ = ()

    def _replace(self, **changes: Any) -> Self:
        """The same with other values: as that of named tuples, and several times as fast."""
        values = list(self)
        for name, value in changes.items():
            values[_AT[name]] = value
        return tuple.__new__(type(self), values)


def note_kind(note: str) -> str:
    """The part of a note that affects the following symbols: its case and its octave marks."""
    return ("A" if note[0].isupper() else "a") + note[1:]


def bar_end(state: Local) -> int:
    """The length of the bar in ticks; the last bar of a form with a pick-up is its complement."""
    if state.bars_left == 1 and state.phase > 0:
        return state.phase
    return bar_ticks(state.meter)


def room(state: Local) -> int:
    """The free ticks of the bar."""
    return bar_end(state) - state.filled


def at_form_end(state: Local) -> bool:
    """Whether the last of the counted bars is complete."""
    return state.bars_left == 1 and not state.fresh and state.filled == bar_end(state)


def is_tight(state: Local) -> bool:
    """Whether a form is so close to its end that only notes may come until there are enough notes.

    Otherwise a bar is spare, so that there is enough room after this bar, whatever it contains.
    """
    if not state.bars_left:
        return False
    return FEWEST_NOTES - state.notes > max(state.spare - 1, 0) * slots(state)


def slots(state: Local) -> int:
    """The number of the shortest notes in a bar."""
    return bar_ticks(state.meter) // finest(state)


def finest(state: Local) -> int:
    """The shortest length in ticks."""
    return finest_ticks(state.unit)
