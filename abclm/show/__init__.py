"""HTML and pictures that any part of the package shows itself with."""
