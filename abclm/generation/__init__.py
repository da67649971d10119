"""Turn a model and what is asked of it into tunes, on NumPy alone."""
