"""Find the order in which the symbols of a tune are heard.

From the bottom up; a module imports only modules above it in this list:

    passages   bar lines -> what is played how often
    jumps      D.C., D.S., fine and coda -> what is played after them
    playback   a body -> the order of its symbols, and its notes as heard
    ornaments  a note with its marks -> the notes that a player plays for it
"""
