"""Measure models and what they write; only `bulk` needs TensorFlow."""
