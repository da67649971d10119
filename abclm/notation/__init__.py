"""ABC notation: read, check, normalise, transpose and play out tunes, with the standard library alone.

From the bottom up; a module imports only what stands above it:

    problems   what is wrong, and where
    fields     information fields, meters, unit note lengths, rhythms, titles
    keys       keys, modes, accidentals, transposition
    symbols    notes, rests, chords, bar lines and whatever else a body is made of
    pieces     one piece of music code -> its symbol
    scanner    a tune body -> symbols
    timing     symbols -> durations and pitches
    playback   the order in which symbols are heard
    tune       a text -> a Tune
    check      a Tune -> problems
    tunebook   a text -> many

`canonical` writes a tune in its canonical form, as it stands or transposed; `grammar` says what may come next in
a canonical tune.
"""
