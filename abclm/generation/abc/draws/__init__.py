"""Turn several draws of a tune into the one that is kept."""
