"""Language models as data: config, weights, folder. One folder for each architecture."""
