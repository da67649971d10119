"""Hold the shipped models, a model folder each; nothing here is imported."""
