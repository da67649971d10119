"""Read, check, normalize and transpose tunes in ABC notation, and expand their repeats; standard library only.

From the bottom up; a module imports only modules above it in this list:

    problems   problems and their places
    mended     a text -> the texts of its tunes, without what is not ABC
    fields     information fields, meters, unit note lengths, rhythms, titles
    keys       keys, modes, accidentals, transposition
    symbols    the symbols of a tune body: notes, rests, chords, bar lines and others
    pieces     one piece of music code -> its symbol
    scanner    a tune body -> symbols
    timing     symbols -> durations and pitches
    marks      a tune body -> what stands at its notes: grace notes, decorations, slurs, lyrics
    place      a canonical tune, symbol by symbol -> the place in its form
    playing    symbols -> the order in which they are heard
    tune       a text -> a Tune
    check      a Tune -> problems
    tunebook   a text -> many Tunes

`canonical` writes a tune in its canonical form, transposed if requested; `grammar` gives the symbols that may come next
in a canonical tune.
"""
