"""Say, after any beginning of a canonical tune, which symbols may come next so that it can still become a valid tune.

The grammar is incremental and never at a dead end: a bar line may stand only where the bar is full (or is a pick-up,
or its complement before a repeat), whatever is left of a bar can always be written, and a tie, a broken rhythm, a
tuplet or a repeat opens only where it can close.

A state is a small immutable value. Equal states allow the same symbols and have the same successors, so that both
are looked up once they have been worked out.

    tables    the values of fields and lengths
    local     a place in a tune, as far as it decides which symbols may come next
    bars      where bar lines, repeats and variant endings may stand
    form      counts the parts and bars of a tune that has to have so many
    fields    the header, and fields inside the tune
    start     what may begin an event, a bar line or a field
    notes     notes and rests, ties, broken rhythm
    groups    tuplets and chords
    quoted    chord symbols
    barlines  bar lines, repeats and variant endings as they are written
    finish    the way to the end
    grammar   all of these, looked up by state
"""

from abclm.notation.grammar.form import Form
from abclm.notation.grammar.grammar import Grammar, State
from abclm.notation.grammar.tables import (
    FEWEST_NOTES,
    KEYS,
    LENGTHS,
    METERS,
    UNIT_NOTE_LENGTHS,
    can_be_filled,
)

__all__ = [
    "FEWEST_NOTES",
    "KEYS",
    "LENGTHS",
    "METERS",
    "UNIT_NOTE_LENGTHS",
    "Form",
    "Grammar",
    "State",
    "can_be_filled",
]
