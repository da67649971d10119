"""Turn the notes of a MIDI file's voice into what is written: a grid of beats, meters, bars, keys, letters."""
