"""Keras networks, and the layers that make them fast."""

from abclm.networks.lstm import LSTM
from abclm.networks.model import Dropout, Network, build_network, set_weights, weights_of

__all__ = ["LSTM", "Dropout", "Network", "build_network", "set_weights", "weights_of"]
