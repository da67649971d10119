"""Turn tunes into facts: bars in common, copies, forms, statistics."""
