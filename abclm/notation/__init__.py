"""ABC notation: read, check, normalise, transpose and play out tunes, with the standard library alone.

From the bottom up; a module imports only what stands above it:

    problems   what is wrong, and where
    fields     information fields, meters, unit note lengths, rhythms, titles
    keys       keys, modes, accidentals, transposition
    symbols    notes, rests, chords, bar lines and whatever else a body is made of
    pieces     one piece of music code -> its symbol
    music      a tune body -> symbols
    timing     symbols -> durations and pitches
    playback   the order in which symbols are heard
    tune       a text -> a Tune
    tunebook   a text -> many
    check      a Tune -> problems
    spelling   accidentals, letters and octaves of notes; keys; chord symbols
    lengths    lengths of notes
    layout     bar lines, spaces and newlines
    writer     a Tune -> a canonical body
    normalize  a Tune -> its canonical form, as it stands or transposed

`grammar` says what may come next in a canonical tune.
"""

from abclm.notation.problems import Problem
from abclm.notation.tune import HeardNote, Tune, WrittenBar
from abclm.notation.tunebook import Tunebook, format_tunebook, read_tunebook, split_tunebook

__all__ = [
    "HeardNote",
    "Problem",
    "Tune",
    "Tunebook",
    "WrittenBar",
    "format_tunebook",
    "read_tunebook",
    "split_tunebook",
]
