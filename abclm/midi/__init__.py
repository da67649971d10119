"""Turn tunes into MIDI files, as they are played, and MIDI files into tunes."""
