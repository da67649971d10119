"""A variational autoencoder of the frames of piano rolls: its config and Keras network."""
