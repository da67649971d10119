"""Turn pieces into points of a latent space and points into pieces: the public `LatentModel`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.errors import ConfigError, ModelError
from abclm.language_model import LanguageModel
from abclm.models.vae.config import VAEConfig
from abclm.piece import Piece
from abclm.show.picture import Picture
from abclm.tokenizers.pieces import as_piece_tokenizer

Floats = npt.NDArray[np.float32]


@dataclass(eq=False, repr=False)
class LatentModel(LanguageModel):
    """A model of the frames of piano rolls, a variational autoencoder: `LanguageModel` with a latent space.

    Its fields and its other methods (`fit`, `generate_pieces`, `save`, `load`) are those of `LanguageModel`.

    Raises:
        ModelError: the model is of another architecture.

    Example:
        >>> from abclm.tokenizers.rolls import RollTokenizer
        >>> lm = LatentModel.create(VAEConfig(latent=2, hidden=8), RollTokenizer(), seed=1)
        >>> lm.sample(5, seed=1).shape
        (5, 2)
    """

    def __post_init__(self) -> None:
        if not isinstance(self.config, VAEConfig):
            raise ModelError(
                f"a LatentModel has the architecture vae, this model has {self.config.name}; load it with abclm.load"
            )
        super().__post_init__()

    def sample(self, n: int, *, seed: int | None = None, temperature: float = 1.0) -> Floats:
        """Draw points from the normal distribution that the latent space has before a piece is known.

        Args:
            n: how many.
            seed: an integer from 0; None for points that are others each time.
            temperature: a factor of their deviation.

        Returns:
            float32 `(n, latent)`.
        """
        if n < 1 or temperature < 0:
            raise ConfigError(f"n is from 1 and temperature from 0; received {n} and {temperature}")
        random = np.random.default_rng(seed)
        points: Floats = np.float32(temperature) * random.standard_normal(
            (n, self._config.latent), np.float32
        )
        return points

    def encode(self, piece: Piece) -> Floats:
        """Encode a piece's frames: the means of their points, float32 `(frames, latent)`."""
        frames = as_piece_tokenizer(self.tokenizer).read(piece)
        means: Floats = self._engine().encode(frames)[0]
        return means

    def decode(self, points: npt.ArrayLike, title: str = "") -> Piece:
        """Decode points into the likeliest frames, and join these to a piece.

        Args:
            points: `(frames, latent)`.
            title: of the piece.

        Raises:
            ConfigError: they are of another size.
        """
        found = np.asarray(points, np.float32)
        if found.ndim != 2 or found.shape[1] != self._config.latent:
            raise ConfigError(f"points are (frames, {self._config.latent}); received {found.shape}")
        frames = self._engine().decode(found)
        return Piece.of(as_piece_tokenizer(self.tokenizer).write(frames, title))

    def reconstruct(self, piece: Piece) -> Piece:
        """Encode a piece and decode it again, each frame where the decoder reads one after the real one before it."""
        tokenizer = as_piece_tokenizer(self.tokenizer)
        frames = self._engine().reconstruct(tokenizer.read(piece))
        return Piece.of(tokenizer.write(frames, piece.title))

    def compare(self, piece: Piece) -> Picture:
        """Draw a piece's frames beside their reconstructions."""
        from abclm.views.frames import draw_reconstruction

        tokenizer = as_piece_tokenizer(self.tokenizer)
        frames = tokenizer.read(piece)
        return draw_reconstruction(frames, self._engine().reconstruct(frames), piece.title)

    @property
    def _config(self) -> VAEConfig:
        assert isinstance(self.config, VAEConfig)
        return self.config

    def _engine(self) -> Any:
        return self._config.latent_engine(self.weights)
