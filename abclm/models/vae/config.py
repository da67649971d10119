"""Say how large the variational autoencoder of Hopkins, French and Shah is, and what its loss compares.

Encoder and decoder have one hidden layer each. The paper leaves open how many units they have, how many dimensions the
latent space, and the activation: 256, 16 and ReLU here. Its frames have 128 keys (or 182, as its text says before).

The paper's wish, a recurrent network over the latents, is `units`: a GRU reads the means of the frames before one, and
says where its point is to be expected, a normal distribution, in the place of the same one for all frames. Both are
learned together, so that what is made smaller is still a bound of what a frame costs.

With `after` the decoder reads the frame before, too (conditional autoencoder; Sohn, Lee and Yan 2015): a frame is mostly
like the one before, and the point then says only what is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, ClassVar

import numpy as np

from abclm.errors import ConfigError, ModelError
from abclm.models.architecture import Architecture, Engine, Floats, Weights
from abclm.models.recurrent.config import draw_weight
from abclm.system.options import option
from abclm.system.words import counted

LOSSES = ("binary", "mse", "classes")
VALUES = {"binary": "binary", "mse": "unit", "classes": "velocity"}
"""What tokens of frames stand for with each loss; see `abclm.tokenizers.rolls`."""


@dataclass(frozen=True, kw_only=True)
class VAEConfig(Architecture):
    """The sizes of the network, and its loss.

    Args:
        keys: of a frame.
        hidden: units of the hidden layer of encoder and decoder.
        latent: dimensions of the latent space.
        loss: what stands beside the divergence: `binary`, the cross-entropy of keys that sound or not; `mse`, the
            squared error of loudness from 0 to 1; `classes`, the cross-entropy of the 128 velocities.
        units: of the recurrent network over the latents; 0 for none.
        window: frames that it reads.
        after: whether the decoder reads the frame before, too.
        cache: none; see `Architecture`.

    Raises:
        ConfigError: values out of range, all of them named.

    Example:
        >>> VAEConfig().parameters(2)
        78496
    """

    name: ClassVar[str] = "vae"
    token_axes: ClassVar[Mapping[str, int]] = {}

    keys: int = option(128, low=1, high=128, help="Keys of a frame.")
    hidden: int = option(256, low=1, high=16_384, help="Units of the hidden layer of encoder and decoder.")
    latent: int = option(16, low=1, high=4096, help="Dimensions of the latent space.")
    loss: str = option(
        "binary", choices=LOSSES, help="What frames and their reconstructions are compared by."
    )
    units: int = option(
        0, low=0, high=16_384, help="Units of the recurrent network over the latents; 0 for none."
    )
    window: int = option(32, low=1, high=4096, help="Number of frames that the recurrent network reads.")
    after: bool = option(False, help="Let the decoder read the frame before, too.")

    @classmethod
    def recipe(cls, of_pieces: bool) -> dict[str, Any]:
        """See `Architecture.recipe`."""
        return {"batch_size": 128}

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values."""
        yield from super().problems()
        if self.cache:
            yield "a model of frames has no cache of passages; leave it out"

    @property
    def outputs(self) -> int:
        """Numbers that the decoder gives for a key: one, or one for each velocity."""
        return 128 if self.loss == "classes" else 1

    @property
    def window_length(self) -> int:
        """The tokens of the frames before that are read; 0 where none are."""
        return self.keys * (self.window if self.units else int(self.after))

    @property
    def tokens_ahead(self) -> int:
        """A frame's tokens, which are given back at once."""
        return self.keys

    def weight_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """Name each weight, after the Keras weight it comes from, and give its shape.

        Raises:
            ConfigError: the tokens of frames have other values than the loss compares.
        """
        wanted = 2 if self.loss == "binary" else 128
        if vocabulary_size != wanted:
            raise ConfigError(
                f"the loss {self.loss} compares keys of {wanted} values, the tokens have {vocabulary_size:,}; take "
                f"tokens of rolls with values {VALUES[self.loss]}"
            )
        layers = {
            "encoder": (self.keys, self.hidden),
            "mean": (self.hidden, self.latent),
            "log_variance": (self.hidden, self.latent),
            "decoder": (self.latent, self.hidden),
            "frame": (self.hidden, self.keys * self.outputs),
        }
        if self.units:
            layers["prior"] = (self.units, 2 * self.latent)
        shapes: dict[str, tuple[int, ...]] = {}
        for name, shape in layers.items():
            shapes |= {f"{name}/kernel": shape, f"{name}/bias": shape[1:]}
        if self.units:
            shapes["gru/kernel"] = (self.latent, 3 * self.units)
            shapes["gru/recurrent_kernel"] = (self.units, 3 * self.units)
            shapes["gru/bias"] = (2, 3 * self.units)
        if self.after:
            shapes["before/kernel"] = (self.keys, self.keys * self.outputs)
        return shapes

    def initial_weights(self, vocabulary_size: int, seed: int) -> dict[str, Floats]:
        """Draw untrained weights as Keras' layers do by default; `seed` is an integer from 0."""
        if type(seed) is not int or seed < 0:
            raise ConfigError(f"seed is an integer from 0; received {seed!r}")
        generator = np.random.default_rng(seed)
        return {
            name: draw_weight(name.rpartition("/")[2], shape, generator)
            for name, shape in self.weight_shapes(vocabulary_size).items()
        }

    def engine(self, weights: Weights) -> Engine:
        """There is none that writes token by token; see `latent_engine`.

        Raises:
            ModelError: always.
        """
        raise ModelError("a model of frames writes whole frames; use generate_pieces or abclm.LatentModel")

    def latent_engine(self, weights: Weights) -> Any:
        """Make what encodes and decodes frames with these weights: a `LatentEngine`."""
        return resolve_name("abclm.models.vae.numpy_engine:LatentEngine")(self, weights)

    def network(
        self, vocabulary_size: int, weights: Weights | None = None, precision: str = "float32"
    ) -> Any:
        """Make the Keras network, a `VAENetwork`; ConfigError for a precision other than float32."""
        from abclm.models.keras_network import set_weights

        if precision != "float32":
            raise ConfigError("this architecture trains in float32; leave out precision")
        network = resolve_name("abclm.models.vae.network:VAENetwork")(self)
        if weights is not None:
            set_weights(network, weights)
        return network

    def describe(self) -> str:
        """The network in some words."""
        over = (
            f", a GRU of {self.units:,} units over the latents of {counted(self.window, 'frame')}"
            if self.units
            else ""
        )
        over += ", whose decoder reads the frame before" if self.after else ""
        network = "the variational autoencoder of Hopkins, French and Shah"
        return f"{network}, {self.latent} dimensions, loss {self.loss}{over}"
