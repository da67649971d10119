"""Turn frames of piano rolls into points of a latent space and back: a variational autoencoder (Kingma & Welling 2014).

With the encoder's mean m and logarithm of the variance v of a frame x, a point z = m + exp(v / 2) ε, and the decoder's
reconstruction of x from z, the loss of a frame is

    what the reconstruction costs, summed over keys, + KL,    KL = ½ Σ (w - v + (exp(v) + (m - n)²) / exp(w) - 1)

with the mean n and the logarithm of the variance w that are expected: 0 and 0, or what the recurrent network says.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import keras
import tensorflow as tf

from abclm.models.vae.config import VAEConfig

Tensor = Any  # tensorflow is not typed

_LOUDEST = 127


@keras.saving.register_keras_serializable(package="abclm")
class VAENetwork(keras.Model):  # type: ignore[misc]
    """Frames in, reconstructions out. Frames are velocities from 0 to 127, `(batch, keys)`, whatever the loss.

    Args:
        config: the sizes.
        options: those of `keras.Model`.
    """

    def __init__(self, config: VAEConfig, **options: Any) -> None:
        super().__init__(**options)
        self.config = config
        self.encoder = keras.layers.Dense(config.hidden, activation="relu", name="encoder")
        self.mean = keras.layers.Dense(config.latent, name="mean")
        self.log_variance = keras.layers.Dense(config.latent, name="log_variance")
        self.decoder = keras.layers.Dense(config.hidden, activation="relu", name="decoder")
        self.output_layer = keras.layers.Dense(config.keys * config.outputs, name="frame")
        widths = [
            (self.encoder, config.keys), (self.mean, config.hidden), (self.log_variance, config.hidden),
            (self.decoder, config.latent), (self.output_layer, config.hidden),
        ]  # fmt: skip
        if config.units:
            self.gru = keras.layers.GRU(config.units, name="gru")
            self.gru.build((None, None, config.latent))
            self.prior = keras.layers.Dense(2 * config.latent, name="prior")
            widths.append((self.prior, config.units))
        for layer, width in widths:
            layer.build((None, width))
        self._dense = [layer for layer, _ in widths]
        if config.after:
            self.before = keras.layers.Dense(config.keys * config.outputs, use_bias=False, name="before")
            self.before.build((None, config.keys))
        self.built = True

    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of each frame's point, `(..., latent)`."""
        hidden = self.encoder(self._read(frames))
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, latents: Tensor, past: Tensor = None) -> Tensor:
        """What the decoder says of points: logits `(batch, keys)`, with `classes` `(batch, keys, 128)`.

        Args:
            latents: the points, `(batch, latent)`.
            past: for a network with `after`, tokens of the frames before, `(batch, frames * keys)`; None for silence.
        """
        logits = self.output_layer(self.decoder(latents))
        if self.config.after and past is not None:
            logits += self.before(self._read(past[:, -self.config.keys :]))
        return tf.reshape(logits, [-1, self.config.keys, 128]) if self.config.loss == "classes" else logits

    def frames(self, logits: Tensor) -> Tensor:
        """The likeliest velocities, integers `(batch, keys)`; with `binary` 0 and 1."""
        if self.config.loss == "classes":
            return tf.argmax(logits, axis=-1, output_type=tf.int32)
        if self.config.loss == "mse":
            return tf.cast(tf.round(_LOUDEST * tf.sigmoid(logits)), tf.int32)
        return tf.cast(logits > 0, tf.int32)

    def call(self, frames: Tensor, training: bool = False) -> Tensor:
        """What the decoder says of the frames' means."""
        return self.decode(self.encode(frames)[0])

    def expected(self, past: Tensor) -> tuple[Tensor, Tensor]:
        """Where the point of the next frame is expected: mean and logarithm of the variance, `(batch, latent)`.

        Args:
            past: the tokens of the frames before, `(batch, window * keys)`.
        """
        frames = tf.reshape(past, [tf.shape(past)[0], self.config.window, self.config.keys])
        mean, log_variance = tf.split(self.prior(self.gru(self.encode(frames)[0])), 2, axis=1)
        return mean, log_variance

    def losses_of(
        self, frames: Tensor, seed: Sequence[int] | Tensor, past: Tensor = None
    ) -> tuple[Tensor, Tensor]:
        """What frames cost.

        Args:
            frames: `(batch, keys)`.
            seed: of the points that are drawn, two integers; the same seed draws the same.
            past: for a network with `units` or `after`, tokens of the frames before, `(batch, frames * keys)`.

        Returns:
            The cost of the reconstruction and the divergence, each `(batch,)`, in nats but for `mse`, of which it is
            what a normal distribution of variance ½ costs, less a constant.
        """
        mean, log_variance = self.encode(frames)
        noise = tf.random.stateless_normal(tf.shape(mean), seed)
        logits = self.decode(mean + tf.exp(log_variance / 2) * noise, past)
        wanted, spread = (
            self.expected(past) if self.config.units else (tf.zeros_like(mean), tf.zeros_like(mean))
        )
        distance = (tf.exp(log_variance) + (mean - wanted) ** 2) * tf.exp(-spread)
        divergence = tf.reduce_sum(spread - log_variance + distance - 1, axis=1) / 2
        return tf.reduce_sum(self._costs(frames, logits), axis=1), divergence

    def exact(self, frames: Tensor, past: Tensor = None) -> Tensor:
        """Whether all keys that sound in a frame, and no others, sound in its reconstruction: booleans `(batch,)`."""
        found = self.frames(self.decode(self.encode(frames)[0], past)) > 0
        return tf.reduce_all(found == (tf.cast(frames, tf.int32) > 0), axis=1)

    def named_variables(self) -> dict[str, Any]:
        """The variables under the names that they have in a model folder."""
        found = {
            f"{layer.name}/{part}": getattr(layer, part)
            for layer in self._dense
            for part in ("kernel", "bias")
        }
        if self.config.units:
            parts = ("kernel", "recurrent_kernel", "bias")
            found |= {f"gru/{part}": getattr(self.gru.cell, part) for part in parts}
        if self.config.after:
            found["before/kernel"] = self.before.kernel
        return found

    def get_config(self) -> dict[str, Any]:
        """What Keras needs to make the network again."""
        return {**super().get_config(), "config": asdict(self.config)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "VAENetwork":
        """Make the network again of what `get_config` gave."""
        return cls(**{**config, "config": VAEConfig.from_settings(config["config"])})

    def _read(self, frames: Tensor) -> Tensor:
        """What the encoder reads, and `binary` and `mse` compare with: whether keys sound, or loudness from 0 to 1."""
        if self.config.loss == "binary":
            return tf.cast(tf.cast(frames, tf.int32) > 0, tf.float32)
        return tf.cast(frames, tf.float32) / _LOUDEST

    def _costs(self, frames: Tensor, logits: Tensor) -> Tensor:
        if self.config.loss == "classes":
            return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(frames, tf.int32), logits)
        wanted = self._read(frames)
        if self.config.loss == "mse":
            return (wanted - tf.sigmoid(logits)) ** 2
        return tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits)
