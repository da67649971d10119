"""ABC notation: read, check, normalise and play out tunes, with the standard library alone."""
