"""Turn names, files and folders into corpora of tunes, and corpora into counts and pictures."""
