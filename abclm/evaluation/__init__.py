"""Turn models and their tunes into figures; only `bulk` needs TensorFlow."""
