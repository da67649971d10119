"""Say how large the variational autoencoder of Hopkins, French and Shah is, and what its loss compares.

Encoder and decoder have one hidden layer each. The paper leaves open how many units they have, how many dimensions the
latent space, and the activation: 256, 16 and ReLU here. Its frames have 128 keys (or 182, as its text says before).
"""

from dataclasses import dataclass

from abclm.errors import ConfigError
from abclm.system.options import option, problems

LOSSES = ("binary", "mse", "classes")


@dataclass(frozen=True, kw_only=True)
class VAEConfig:
    """The sizes of the network, and its loss.

    Args:
        keys: of a frame.
        hidden: units of the hidden layer of encoder and decoder.
        latent: dimensions of the latent space.
        loss: what stands beside the divergence: `binary`, the cross-entropy of keys that sound or not; `mse`, the
            squared error of loudness from 0 to 1; `classes`, the cross-entropy of the 128 velocities.

    Raises:
        ConfigError: values out of range, all of them named.

    Example:
        >>> VAEConfig().parameters()
        78496
    """

    keys: int = option(128, low=1, high=128, help="Keys of a frame.")
    hidden: int = option(256, low=1, high=16_384, help="Units of the hidden layer of encoder and decoder.")
    latent: int = option(16, low=1, high=4096, help="Dimensions of the latent space.")
    loss: str = option(
        "binary", choices=LOSSES, help="What frames and their reconstructions are compared by."
    )

    def __post_init__(self) -> None:
        if wrong := list(problems(self)):
            raise ConfigError("; ".join(wrong))

    @property
    def outputs(self) -> int:
        """Numbers that the decoder gives for a key: one, or one for each velocity."""
        return 128 if self.loss == "classes" else 1

    def parameters(self) -> int:
        """Count the weights' numbers."""
        encoder = (self.keys + 1) * self.hidden + 2 * (self.hidden + 1) * self.latent
        return encoder + (self.latent + 1) * self.hidden + (self.hidden + 1) * self.keys * self.outputs
