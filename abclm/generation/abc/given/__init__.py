"""Turn a tune that is given into what is kept of it and what is written anew."""
