"""Turn tunes into files: one table of formats, and what writes a file by its suffix."""
