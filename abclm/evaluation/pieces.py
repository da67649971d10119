"""Turn a model of MIDI pieces and held-out pieces into figures: what a token or a frame costs, how often it is right."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.pieces import pieces_of
from abclm.datasets.window_feed import windows_in_order
from abclm.errors import ConfigError
from abclm.generation.pieces.past import mix_past
from abclm.models.model import Model
from abclm.models.recall import mix, recall
from abclm.models.vae.config import VAEConfig

Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class PieceEvaluation:
    """How well a model predicts pieces that it has not seen; each is read by itself.

    Attributes:
        unit: `token`, or `frame` of a model of frames.
        nats: the mean nats of one: −ln p of the token, with the model's cache, if it has one, and the piece's past, if it
            was asked for; of a frame a bound of it.
        accuracy: the share of tokens to which the model gave the highest probability; of frames that it gives back
            exactly, all keys.
        pieces: how many there are.
        units: how many tokens or frames.
        reconstruction: of frames, the nats of the reconstruction alone; the rest is the divergence.
    """

    unit: str
    nats: float
    accuracy: float
    pieces: int
    units: int
    reconstruction: float | None = None

    @property
    def bits(self) -> float:
        """The same in bits."""
        return self.nats / math.log(2)

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        figures = {name: value for name, value in asdict(self).items() if value is not None}
        return {**figures, "bits": self.bits, "perplexity": math.exp(self.nats)}


def evaluate_pieces(lm: Model, corpus: EncodedCorpus, past: float = 0.0) -> PieceEvaluation:
    """Measure a model of pieces on what `abclm.datasets.pieces` encodes with its tokenizer; the targets count.

    Args:
        lm: the model.
        corpus: the pieces.
        past: weight of the counts of each piece so far, from 0 to below 1; see `abclm.generation.pieces.past`.

    Raises:
        ConfigError: a model of frames, which has no tokens to count, was asked to go by the past.
    """
    if isinstance(lm.config, VAEConfig):
        if past:
            raise ConfigError(
                "a model of frames draws points, not tokens; it does not have past; leave that out"
            )
        return _evaluate_frames(lm, lm.config, corpus)
    engine = lm.config.exact_engine(lm.read_weights())
    nats, right = 0.0, 0
    for ids, is_target in pieces_of(corpus):
        logits = engine.logits(ids[:-1]).astype(np.float64)
        mix(logits, *recall(ids[:-1], lm.config.cache))
        if past:
            mix_past(logits, ids[:-1], lm.tokenizer.start, past)
        logits -= logits.max(axis=1, keepdims=True)
        wanted = ids[1:].astype(np.int64)
        costs = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), wanted]
        nats += float(costs[is_target].sum())
        right += int((logits.argmax(axis=1) == wanted)[is_target].sum())
    count = corpus.characters
    return PieceEvaluation(
        unit="token", nats=nats / count, accuracy=right / count, pieces=corpus.tunes, units=count
    )


def _evaluate_frames(lm: Model, config: VAEConfig, corpus: EncodedCorpus) -> PieceEvaluation:
    network = config.network(len(lm.tokenizer), lm.read_weights())
    totals = np.zeros(3)
    for past, frames, _ in windows_in_order(corpus, config.window_length, config.keys):
        cost, divergence = network.losses_of(frames, (0, 0), past)
        for place, values in enumerate((cost, divergence, network.exact(frames, past))):
            totals[place] += np.asarray(values, np.float64).sum()
    count = corpus.characters
    reconstruction, divergence, accuracy = (totals / count).tolist()
    return PieceEvaluation(
        unit="frame", nats=reconstruction + divergence, accuracy=accuracy, pieces=corpus.tunes, units=count,
        reconstruction=reconstruction,
    )  # fmt: skip


def count_keys(training: EncodedCorpus, held_out: EncodedCorpus, keys: int = 128) -> dict[str, float]:
    """Measure counts of keys on the split that a model of binary frames is measured on.

    Each key of a frame is predicted by itself, by how often it sounds (`keys`), or by how often it does after a frame
    in which it did, and after one in which it did not (`keys after themselves`); one is added to each count.

    Returns:
        Nats of a frame, by name.

    Raises:
        ConfigError: frames are not binary.
    """
    counts = np.ones((2, 2, keys))  # whether it sounded, whether it sounds
    for frames, before in _pairs(training, keys):
        for was in (0, 1):
            for sounds in (0, 1):
                counts[was, sounds] += ((before == was) & (frames == sounds)).sum(axis=0)
    nats = np.zeros(2)
    alone = -np.log(counts.sum(axis=0) / counts.sum(axis=(0, 1)))
    after = -np.log(counts / counts.sum(axis=1, keepdims=True))
    places = np.arange(keys)
    for frames, before in _pairs(held_out, keys):
        is_on, was_on = frames.astype(np.int64), before.astype(np.int64)
        nats += [alone[is_on, places].sum(), after[was_on, is_on, places].sum()]
    return dict(zip(("keys", "keys after themselves"), (nats / held_out.characters).tolist(), strict=True))


def _pairs(corpus: EncodedCorpus, keys: int) -> Iterator[tuple[Bits, Bits]]:
    """Frames and those before them, some hundreds at a time, `(frames, keys)`."""
    for before, frames, _ in windows_in_order(corpus, keys, keys):
        if frames.max() > 1:
            raise ConfigError(
                "counts of keys are for binary frames, those of the loss binary; leave them out"
            )
        yield frames > 0, before > 0
