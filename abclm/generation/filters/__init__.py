"""Choose which of the likely tokens may be drawn: one file for each way."""
