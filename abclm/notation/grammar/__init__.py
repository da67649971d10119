"""Find the symbols that may follow any beginning of a canonical tune, so that it can become a valid tune.

The grammar is incremental and has no dead ends. A bar line needs a full bar (or a pick-up, or its complement before a
repeat). Notes can fill any rest of a bar. A tie, a broken rhythm, a tuplet or a repeat may begin only if it can be
completed.

A state is a small immutable value. Equal states have the same allowed symbols and the same successors, so both are
computed once and then looked up.

    tables    the values of fields and lengths
    local     the part of a state that determines which symbols may come next
    bars      the places of bar lines, repeats and variant endings
    form      counts the parts and bars of a tune with a given form
    fields    the header, and fields inside the tune
    start     the first symbol of an event, a bar line or a field
    notes     notes and rests, ties, broken rhythm
    groups    tuplets and chords
    quoted    chord symbols
    barlines  bar lines, repeats and variant endings as they are written
    tidy      symbols that are left out of the tunes that are written
    finish    a short way to the end of the tune
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
