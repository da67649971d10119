"""Chords for a tune: its beats, a small model of which chords go with them, and the symbols in the text."""
