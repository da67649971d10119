"""Turn MIDI files into sound."""
