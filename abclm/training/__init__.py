"""Turn a model and tunes into a model that predicts such tunes better, on one worker or many."""
