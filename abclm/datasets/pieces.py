"""Turn MIDI pieces into one text of token ids for training and one to measure on, split by piece or by place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.corpora.origin import Origin
from abclm.corpora.pieces import Pieces
from abclm.datasets.encoded import EncodedCorpus
from abclm.errors import ConfigError, CorpusError, VocabularyError
from abclm.system.options import documented, option, problems
from abclm.system.words import counted
from abclm.tokenizers.pieces import PieceTokenizer
from abclm.tokenizers.rolls import KEYS, RollTokenizer
from abclm.tokenizers.tokenizer import TOKENIZERS

SPLITS = ("piece", "last", "random")


@documented
@dataclass(frozen=True, kw_only=True)
class PieceOptions:
    """How MIDI pieces are read, and which of their tokens are held out.

    Raises:
        ConfigError: values out of range, all of them named.
    """

    meter: str | None = option(None, unset="any", example="4/4", help="Use only pieces in this meter.")
    instrument: str | None = option(
        None, unset="all", example="piano", help="Use only the notes of this instrument and its relatives."
    )
    threshold: int = option(1, low=1, help="Notes and chords that occur less often have no token.")
    rare: str = option(
        "drop", choices=("drop", "map"), help="Leave such notes and chords out, or put the nearest ones in their place."
    )  # fmt: skip
    rests: bool = option(False, help="Have a token for silence of a sixteenth note or more.")
    steps_per_quarter: int | None = option(
        None,
        low=1,
        high=96,
        unset="12 for events, 4 for lowest and rolls",
        help="Steps of the grid in a quarter note.",
    )
    split: str = option(
        "piece", choices=SPLITS,
        help="What to hold out: whole pieces, the last part of the text, or tokens drawn anywhere, whose pieces are "
        "trained on.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if wrong := list(problems(self)):
            raise ConfigError("; ".join(wrong))

    def tokenizer(self, kind: str, pieces: Pieces, values: str = "binary") -> PieceTokenizer[Any]:
        """Make the tokenizer of a kind for these pieces.

        Args:
            kind: its name.
            pieces: what it is to have tokens for.
            values: what the tokens of frames stand for; see `RollTokenizer`.

        Raises:
            VocabularyError: there is no such kind of tokens of pieces, or there would be none or too many tokens.
        """
        found = TOKENIZERS.find(kind)
        if not issubclass(found, PieceTokenizer):
            raise VocabularyError(
                f"{kind!r} are no tokens of MIDI pieces; give notes, events, lowest or rolls"
            )
        if kind == "notes":
            named = found.fit(pieces, least=self.threshold, rare=self.rare, rests=self.rests)
            if len(named) < 2 and pieces.pieces:
                raise VocabularyError(
                    f"no note or chord occurs as often as {counted(self.threshold, 'time')}; "
                    "give a lower threshold, or more pieces"
                )
            return named
        settings: dict[str, Any] = {"values": values} if kind == "rolls" else {}
        if self.steps_per_quarter is not None:
            settings["steps_per_quarter"] = self.steps_per_quarter
        return found.fit(pieces, **settings)


def encode_pieces(pieces: Pieces, tokenizer: PieceTokenizer[Any]) -> EncodedCorpus:
    """Encode pieces one after another, with the token between them; of rolls, the first token of each frame is a target.

    Raises:
        CorpusError: there are none.
        VocabularyError: the tokenizer can't tell pieces apart.
    """
    if not pieces.pieces:
        raise CorpusError(f"{pieces.name}: there is no piece to train on or to measure; give more")
    has_frames = isinstance(tokenizer, RollTokenizer)
    if has_frames:  # a key that does not sound stands between pieces
        encoded = [
            np.append(tokenizer.encode(tokenizer.read(piece)), tokenizer.dtype.type(0)) for piece in pieces
        ]
    else:
        encoded = [tokenizer.encode_piece(tokenizer.read(piece))[1:] for piece in pieces]
    text = np.concatenate([np.array([0 if has_frames else tokenizer.start], tokenizer.dtype), *encoded])
    ends = 1 + np.cumsum([len(piece) for piece in encoded], dtype=np.int64)
    begins = np.append(1, ends[:-1])
    frames = [np.arange(begin, end - 1, KEYS) for begin, end in zip(begins, ends, strict=True)]
    return EncodedCorpus(
        pieces.name,
        pieces.checksum,
        text,
        ends,
        hashlib.sha256(text.data).hexdigest(),
        origin=pieces.origin,
        targets=np.concatenate(frames) if has_frames else None,
    )


def split_pieces(
    pieces: Pieces,
    tokenizer: PieceTokenizer[Any],
    split: str,
    validation: float,
    seed: int,
    *,
    has_windows: bool,
) -> tuple[EncodedCorpus, EncodedCorpus | None]:
    """Encode pieces for training and for measuring.

    Args:
        pieces: all of them.
        tokenizer: what to encode with.
        split: `piece` holds out whole pieces; `last` the end of the text of all pieces, as a Keras validation split of
            windows does; `random` tokens anywhere: how well a network predicts in pieces that it knows.
        validation: the share to hold out; 0 for nothing.
        seed: of the split, but for `last`.
        has_windows: whether the network predicts one place of a window.

    Raises:
        ConfigError: a random split for a network that predicts after each token: it would be trained on all of them.
        CorpusError: too little is left.
    """
    if split == "piece" or not validation:
        training, held_out = pieces.split(validation, seed)
        return encode_pieces(training, tokenizer), encode_pieces(held_out, tokenizer) if held_out else None
    whole = encode_pieces(pieces, tokenizer)
    origin = [
        whole.origin.then("split", split=split, validation=validation, seed=seed, side=side)
        for side in ("training", "validation")
    ]
    count = round(validation * whole.characters)
    if not 0 < count < whole.characters:
        raise CorpusError(
            f"{pieces.name}: {counted(whole.characters, 'token')} can't be split at {validation}; give more pieces"
        )
    if split == "last" and whole.targets is None:
        cut = len(whole.text) - count
        first = _part(whole, 0, cut)
        rest = _part(whole, cut - 1, len(whole.text))
        return replace(first, origin=origin[0]), replace(rest, origin=origin[1])
    places = np.arange(1, len(whole.text)) if whole.targets is None else whole.targets
    if split == "last":
        return _only(whole, places[:-count], origin[0]), _only(whole, places[-count:], origin[1])
    if not has_windows:
        raise ConfigError(
            "split random is for networks that predict the next token of a window; this one predicts every token of its "
            "text, and would be trained on those held out: take split piece or last"
        )
    order = np.random.default_rng([seed, whole.characters]).permutation(places)
    return _only(whole, np.sort(order[count:]), origin[0]), _only(whole, np.sort(order[:count]), origin[1])


def _only(whole: EncodedCorpus, places: npt.NDArray[np.int64], origin: Origin) -> EncodedCorpus:
    """The same text with fewer targets."""
    digest = hashlib.sha256(whole.fingerprint.encode() + places.tobytes()).hexdigest()
    return replace(whole, targets=places, fingerprint=digest, origin=origin)


def _part(whole: EncodedCorpus, start: int, stop: int) -> EncodedCorpus:
    """A part of a text; what stands first is read and not predicted."""
    text = whole.text[np.arange(start, stop)]
    ends = whole.ends[(whole.ends > start + 1) & (whole.ends < stop)] - start
    return replace(
        whole,
        text=text,
        ends=np.append(ends, len(text)),
        fingerprint=hashlib.sha256(text.tobytes()).hexdigest(),
    )


def pieces_of(corpus: EncodedCorpus) -> Iterator[tuple[Any, Any]]:
    """Give the ids of each piece, what stands before it included, and which of them are targets."""
    is_target = np.ones(len(corpus.text), bool)
    if corpus.targets is not None:
        is_target[:] = False
        is_target[corpus.targets] = True
    for begin, end in zip(corpus.begins.tolist(), corpus.ends.tolist(), strict=True):
        yield corpus.text[np.arange(begin - 1, end)], is_target[begin:end]
