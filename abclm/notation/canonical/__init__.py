"""Write a tune in its canonical form: one spelling for everything, and nothing that is not heard.

From the bottom up; a module imports only what stands above it:

    spelling   accidentals, letters and octaves of notes; keys; chord symbols
    lengths    lengths of notes
    layout     bar lines, spaces and newlines
    writer     a Tune -> a canonical body
    normalize  a Tune -> its canonical form, as it stands or transposed

Grace notes, decorations and words are left out.
"""

FORM_VERSION = 1
"""Rises when the canonical text of real tunes changes. It stands in what a model's metadata say of its training."""
