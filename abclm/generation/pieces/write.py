"""Turn a model of MIDI pieces and options into pieces: from nothing, or on from the opening of a piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.errors import ConvertError, ModelError, VocabularyError
from abclm.generation.constraint import Constraint, Mask
from abclm.generation.decoder import Decoder
from abclm.generation.draft import Draft
from abclm.generation.pieces.frames import write_frames
from abclm.generation.pieces.past import PastEngine
from abclm.generation.pieces.written import WrittenPiece
from abclm.generation.sampling import Sampler
from abclm.models.recall import Cache
from abclm.models.vae.config import VAEConfig
from abclm.piece import Piece
from abclm.tokenizers.notes import NoteTokenizer
from abclm.tokenizers.pieces import PieceTokenizer, as_piece_tokenizer, checked_ids

if TYPE_CHECKING:
    from abclm.generation.pieces.options import PieceWriting
    from abclm.models.architecture import Engine
    from abclm.models.model import Model

Opening = tuple[int, ...]

TRAINING = "training"
"""To go on from a place of the pieces that the model was trained on."""

PAST_OF_LIKE = 0.5
"""Weight of a piece's own past where it goes on from another; docs/other-systems.md says what it is worth."""


def write_pieces(lm: Model, options: PieceWriting, like: Piece | str | None = None) -> Iterator[WrittenPiece]:
    """Write pieces, `batch_size` at a time.

    Args:
        lm: a model of notes, events, lowest keys or frames.
        options: what to write and how. A piece depends on the seed and its place among the pieces.
        like: a piece to go on from: the model reads its first `opening_tokens` tokens, which are not written; or
            `TRAINING`, for another passage of the training pieces each time.

    Yields:
        `options.n` pieces in order, each as soon as it and those before it are written.

    Raises:
        ModelError: the model is of something else, or has no token to write.
        ConvertError: the piece to be like has nothing that the model has tokens for.
        ConfigError: an option was given that a model of frames does not have.
    """
    options, tokenizer = options.with_seed(), as_piece_tokenizer(lm.tokenizer)
    if isinstance(lm.config, VAEConfig):
        if isinstance(like, str):
            raise ModelError(
                "a model of frames keeps no passage of its training pieces; give a piece to be like"
            )
        yield from write_frames(lm, options, like)
        return
    if len(tokenizer) < 2:
        raise ModelError("the model has no token to write; train it on pieces, or with a lower threshold")
    openings: list[Opening] = [()]
    if like is not None:
        openings = _passages(lm) if isinstance(like, str) else [_opening(tokenizer, like)]

    def next_draft() -> _PieceDraft | None:
        number = next(numbers, None)
        if number is None:
            return None
        random = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(number,)))
        opening = openings[random.integers(len(openings)) if len(openings) > 1 else 0]
        opening = opening[: options.opening_tokens]
        constraint = Continuation(opening, len(tokenizer), tokenizer.start)
        cache = Cache(lm.config.cache, begin=0) if lm.config.cache else None
        return _PieceDraft(constraint, random, len(opening) + options.events, cache, number)

    numbers = iter(range(options.n))
    first = [draft for draft in (next_draft() for _ in range(options.batch_size)) if draft]
    engine: Engine = lm.engine()
    past = options.past
    if past is None:
        past = PAST_OF_LIKE if like is not None and isinstance(tokenizer, NoteTokenizer) else 0.0
    if past:
        engine = PastEngine(engine, len(tokenizer), tokenizer.start, past)
    decoder = Decoder(engine, tokenizer.start, Sampler.of(options), first)
    written: dict[int, WrittenPiece] = {}
    given = 0
    for ended in decoder.run(next_draft):
        for draft in ended:
            ids = tuple(draft.ids[-options.events :])
            piece = tokenizer.write(tokenizer.decode(ids), f"Piece {draft.number + 1}")
            written[draft.number] = WrittenPiece(Piece.of(piece), draft.number + 1, options.seed or 0, ids)
        while given in written:
            yield written.pop(given)
            given += 1


class Continuation(Constraint):
    """Leads a piece through its opening, then leaves it to the model; the token between pieces is never written.

    Args:
        opening: the ids that come first.
        tokens: how many there are.
        between: the id between pieces.
    """

    __slots__ = ("_free", "_opening", "_place", "ended")

    def __init__(self, opening: tuple[int, ...], tokens: int, between: int) -> None:
        self.ended = False
        self._opening, self._place = opening, 0
        self._free = bytes(np.arange(tokens) != between)

    def allowed(self) -> Mask:
        """Return which ids may come next."""
        if self._place >= len(self._opening):
            return self._free
        return bytes(np.arange(len(self._free)) == self._opening[self._place])

    def advance(self, token_id: int) -> None:
        """Take note of an id that was written."""
        self._place += 1


class _PieceDraft(Draft):
    """A piece as it is written, with its place among those asked for, from 0."""

    __slots__ = ("number",)

    def __init__(
        self,
        constraint: Constraint,
        random: np.random.Generator,
        length: int,
        cache: Cache | None,
        number: int,
    ) -> None:
        super().__init__(constraint, random, length, cache)
        self.number = number


def _opening(tokenizer: PieceTokenizer[Any], like: Piece) -> Opening:
    ids = tokenizer.encode(tokenizer.read(like))
    if not len(ids):
        raise ConvertError(
            f"{like.title}: holds nothing that the model has tokens for; give another piece to be like"
        )
    return tuple(ids.tolist())


def _passages(lm: Model) -> list[Opening]:
    """The passages of its training pieces that a model has kept."""
    found = lm.metadata.get("training", {}).get("openings")
    if not found:
        raise ModelError(
            "the model has kept no passage of its training pieces; train it again, or give a piece to be like"
        )
    try:
        checked_ids(np.concatenate(found), len(lm.tokenizer))
        return [tuple(map(int, each)) for each in found]
    except (TypeError, ValueError, VocabularyError):
        raise ModelError(
            "the passages in the model's metadata are no lists of its token ids; copy the model again"
        ) from None
