"""The GRU: its config, Keras network and NumPy engine."""
