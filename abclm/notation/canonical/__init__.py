"""Write a tune in its canonical form, which has one spelling for everything and only what is heard.

From the bottom up; a module imports only modules above it in this list:

    spelling       accidentals, letters and octaves of notes; keys; chord symbols
    lengths        lengths of notes
    layout         bar lines, spaces and newlines
    symbol_writer  notes, rests, tuplets and fields
    writer         a Tune -> a canonical body
    proof          whether a canonical body has only one reading
    normalize      a Tune -> its canonical form, transposed if requested

The canonical form has no grace notes, decorations or words.
"""

FORM_VERSION = 2
"""Rises when the canonical text of real tunes changes. It stands in what a model's metadata say of its training."""
