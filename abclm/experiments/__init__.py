"""Compare settings of networks and training."""
