"""Turn corpora into token ids, windows and batches to train on."""
