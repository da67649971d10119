"""Pieces of notes, events or lowest keys: token ids from the decoder to music that can be heard."""
