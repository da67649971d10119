"""Turn tunes into scores: measures, MusicXML, SVG, PDF and PNG."""
