"""Turn what is asked of a tune into ABC text that keeps to the grammar."""
