"""Turn a model of frames and options into pieces: points of the latent space, decoded and joined.

Without a recurrent network each point is drawn by itself, as Hopkins, French and Shah do. With one, each is drawn where
the network expects it after the frames before. A decoder that reads the frame before draws its keys, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from abclm.errors import ConfigError, ConvertError
from abclm.generation.pieces.written import WrittenPiece
from abclm.models.vae.config import VAEConfig
from abclm.piece import Piece
from abclm.tokenizers.pieces import as_piece_tokenizer

if TYPE_CHECKING:
    from abclm.generation.pieces.options import PieceWriting
    from abclm.models.model import Model

_WITHOUT = ("top_k", "top_p", "min_p", "typical_p")


def write_frames(lm: Model, options: PieceWriting, like: Piece | None = None) -> Iterator[WrittenPiece]:
    """Write pieces of `options.events` frames.

    Args:
        lm: a model of frames.
        options: what to write and how, with a seed; `temperature` is a factor of the deviation of points.
        like: a piece to go on from: its first `opening_tokens` frames are read and not written.

    Yields:
        `options.n` pieces in order.

    Raises:
        ConfigError: an option that ranks tokens was given.
        ConvertError: the piece to be like has no note.
    """
    if options.past:
        raise ConfigError("a model of frames draws points, not tokens; it does not have past; leave that out")
    config, tokenizer = lm.config, as_piece_tokenizer(lm.tokenizer)
    assert isinstance(config, VAEConfig)
    if given := [name for name in _WITHOUT if getattr(options, name) is not None]:
        raise ConfigError(
            f"a model of frames draws points, not tokens; it does not have {', '.join(given)}; leave that out"
        )
    past = np.zeros((config.window, config.keys), np.uint8)
    if like is not None:
        opening = tokenizer.read(like)[: options.opening_tokens]
        if not len(opening):
            raise ConvertError(f"{like.title}: holds no note; give another piece to be like")
        past = np.concatenate([past, opening])[-config.window :]
    engine = config.latent_engine(lm.weights)
    for number in range(options.n):
        random = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(number,)))
        noise = options.temperature * random.standard_normal((options.events, config.latent), np.float32)
        drawn = (random, options.temperature) if config.after else ()
        frames = (
            _after(past, noise, engine, drawn) if config.units else engine.decode(noise, past[-1], *drawn)
        )
        piece = Piece.of(tokenizer.write(frames, f"Piece {number + 1}"))
        ids = tuple(tokenizer.encode(frames).tolist())
        yield WrittenPiece(piece, number + 1, options.seed or 0, ids)


def _after(
    past: npt.NDArray[np.uint8], noise: npt.NDArray[np.float32], engine: Any, drawn: tuple[Any, ...]
) -> npt.NDArray[np.uint8]:
    """Frames after those before, each decoded from a point where the network expects it; `drawn` as `decode` takes it."""
    frames = np.concatenate([past, np.zeros((len(noise), past.shape[1]), np.uint8)])
    for place, deviation in enumerate(noise):
        mean, log_variance = engine.expected(frames[None, place : place + len(past)])
        point = mean + np.exp(log_variance / 2) * deviation
        frames[place + len(past)] = engine.decode(point, frames[place + len(past) - 1], *drawn)[0]
    return frames[len(past) :]
