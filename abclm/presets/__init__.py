"""The shipped models, each in a model folder; there is no code here."""
