"""Turn weights by name into a Keras network's and back, and drop values while it trains: what all networks share."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from abclm.errors import ModelError
from abclm.models.architecture import Network

Tensor = Any  # tensorflow is not typed

PLACES = 64
"""Places in a network that can drop values: twice as many as it has layers, and more."""


class Dropout(NamedTuple):
    """What to drop in one training step; the seed makes it the same whenever that step is run."""

    embedding: float = 0.0  # share of each sequence's embedding features, the same at all its steps
    output: float = 0.0  # share of each layer's outputs
    recurrent: float = 0.0  # share of each layer's recurrent weights, the same for the whole batch
    seed: Tensor = (0, 0)  # int32 (2,)


NO_DROPOUT = Dropout()


def drop(values: Tensor, rate: float, seed: Tensor, place: int) -> Tensor:
    """Zero a share of the values and scale up the rest; each place in the network, 0 to 63, draws its own."""
    if not rate:
        return values
    return tf.nn.experimental.stateless_dropout(values, rate, seed=[seed[0], PLACES * seed[1] + place])


def set_weights(network: Network, weights: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Give a network all its weights by name; ModelError where names or shapes are not its own."""
    variables = network.named_variables()
    if unlike := sorted(variables.keys() ^ weights.keys()):
        raise ModelError(f"weights do not fit the network: missing or unknown {', '.join(unlike)}")
    for name, variable in variables.items():
        if tuple(variable.shape) != weights[name].shape:
            raise ModelError(
                f"weights do not fit the network: {name} has shape {weights[name].shape}, "
                f"expected {tuple(variable.shape)}"
            )
        variable.assign(weights[name])


def weights_of(network: Network) -> dict[str, np.ndarray[Any, Any]]:
    """Copy a network's weights into NumPy arrays, float32, named as in a model folder."""
    return {
        name: np.array(variable.numpy(), dtype=np.float32)
        for name, variable in network.named_variables().items()
    }
