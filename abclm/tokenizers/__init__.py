"""Turn what a model reads and writes into token ids and back: one file for each kind of token."""
