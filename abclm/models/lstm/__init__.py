"""Embedding, LSTM layers, dense softmax: config, Keras network and NumPy engine of Cohn's architecture."""
