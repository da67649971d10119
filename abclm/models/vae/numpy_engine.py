"""Turn frames into points of a latent space and back, with NumPy alone: what a trained `VAENetwork` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from abclm.models.architecture import Floats, Weights
    from abclm.models.vae.config import VAEConfig

_LOUDEST = np.float32(127)


class LatentEngine:
    """A variational autoencoder that encodes and decodes.

    Args:
        config: the sizes.
        weights: named as in a model folder.
    """

    def __init__(self, config: VAEConfig, weights: Weights) -> None:
        self._config, self._weights = config, dict(weights)

    def encode(self, frames: npt.NDArray[Any]) -> tuple[Floats, Floats]:
        """Mean and logarithm of the variance of each frame's point, float32 `(..., latent)`.

        Args:
            frames: tokens `(..., keys)`.
        """
        hidden = np.maximum(self._dense("encoder", self._read(frames)), 0)
        return self._dense("mean", hidden), self._dense("log_variance", hidden)

    def decode(
        self,
        latents: npt.NDArray[Any],
        before: npt.NDArray[np.uint8] | None = None,
        random: np.random.Generator | None = None,
        temperature: float = 1.0,
    ) -> npt.NDArray[np.uint8]:
        """The likeliest frames at points, or with `after` frames drawn there, tokens `(frames, keys)`.

        Args:
            latents: `(frames, latent)`.
            before: for a network with `after`, the frame before the first, `(keys,)`, each later one being the one that
                was decoded; None for silence.
            random: for a network with `after` and another loss than `mse`, draws each key by its probability, since the
                likeliest frame after silence is silence, and so on; None for the likeliest frames.
            temperature: of what is drawn; 0 for the likeliest.
        """
        hidden = np.maximum(self._dense("decoder", np.asarray(latents, np.float32)), 0)
        logits = self._dense("frame", hidden)
        if not self._config.after:
            return self._frames(logits)
        frames = np.zeros((len(logits), self._config.keys), np.uint8)
        last = np.zeros(self._config.keys, np.uint8) if before is None else before
        for place, row in enumerate(logits):
            row = row + self._read(last) @ self._weights["before/kernel"]
            if random is not None and self._config.loss != "mse":  # to take the highest of these is to draw
                draw = random.logistic if self._config.loss == "binary" else random.gumbel
                row = row + np.float32(temperature) * draw(size=row.shape).astype(np.float32)
            last = self._frames(row[None])[0]
            frames[place] = last
        return frames

    def reconstruct(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The likeliest frames at the points of frames, each with `after` behind the real one before it.

        Args:
            frames: of a piece, tokens `(frames, keys)`.
        """
        points = self.encode(frames)[0]
        if not self._config.after:
            return self.decode(points)
        before = np.concatenate([np.zeros_like(frames[:1]), frames])
        each = [self.decode(points[place : place + 1], before[place]) for place in range(len(frames))]
        return np.concatenate(each) if each else frames

    def _frames(self, logits: Floats) -> npt.NDArray[np.uint8]:
        """The likeliest tokens, `(frames, keys)`."""
        if self._config.loss == "classes":
            logits = logits.reshape(-1, self._config.keys, 128).argmax(axis=-1)
        elif self._config.loss == "mse":
            logits = np.round(_LOUDEST / (1 + np.exp(-logits)))
        return (logits if self._config.loss != "binary" else logits > 0).astype(np.uint8)

    def expected(self, past: npt.NDArray[Any]) -> tuple[Floats, Floats]:
        """Where the points of the next frames are expected: mean and logarithm of the variance, `(batch, latent)`.

        Args:
            past: tokens of the frames before, `(batch, window, keys)`; without a recurrent network only their number
                counts.
        """
        config = self._config
        if not config.units:
            zeros = np.zeros((len(past), config.latent), np.float32)
            return zeros, zeros
        bias, recurrent = self._weights["gru/bias"], self._weights["gru/recurrent_kernel"]
        inputs = self.encode(past)[0] @ self._weights["gru/kernel"] + bias[0]  # (batch, window, 3 * units)
        state = np.zeros((len(past), config.units), np.float32)
        for time in range(inputs.shape[1]):  # the equations of abclm.models.gru.numpy_engine
            own, carried = inputs[:, time], state @ recurrent + bias[1]
            update, reset = (
                1 / (1 + np.exp(-(own + carried)[:, part * config.units : (part + 1) * config.units]))
                for part in (0, 1)
            )
            candidate = np.tanh(own[:, 2 * config.units :] + reset * carried[:, 2 * config.units :])
            state = update * state + (1 - update) * candidate
        found = self._dense("prior", state)
        return found[:, : config.latent], found[:, config.latent :]

    def _read(self, frames: npt.NDArray[Any]) -> Floats:
        """What the network reads of tokens: whether keys sound, or loudness from 0 to 1."""
        read = np.asarray(frames, np.float32)
        return (read > 0).astype(np.float32) if self._config.loss == "binary" else read / _LOUDEST

    def _dense(self, name: str, values: Floats) -> Floats:
        found: Floats = values @ self._weights[f"{name}/kernel"] + self._weights[f"{name}/bias"]
        return found
