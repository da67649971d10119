"""What networks of recurrent layers share: Embedding → recurrent layers → Dense."""
