"""Turn tunes into what is looked at: notebook cells, pages of HTML, piano rolls, pitch histograms."""
