"""Networks of Keras layers one after another, that read a window of tokens: those of four papers."""
