"""Turn a piece of a file of tunes into token ids, and into the hashes that tell its tunes apart."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abclm.corpora.holdout import keys_of, ranks_of
from abclm.errors import NotationError, VocabularyError
from abclm.notation.tunebook import decode, parse_tunebook
from abclm.tokenizers.characters import whole_tune
from abclm.tune import Tune

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.tokenizers.characters import CharacterTokenizer


@dataclass(frozen=True)
class Place:
    """Where in a file a piece of it is: bytes from its beginning."""

    path: Path
    begin: int
    end: int

    def read(self) -> bytes:
        """Read these bytes."""
        with self.path.open("rb") as file:
            file.seek(self.begin)
            return file.read(self.end - self.begin)


@dataclass(frozen=True)
class Block:
    """The tunes of a piece of a file.

    Attributes:
        ids: of all tunes, one after another; as bytes.
        lengths: how many each tune has.
        bodies: the hash of each body, in this process and its forks.
        ranks: by which tunes are held out (`abclm.corpora.holdout`).
        unusable: how many more tunes there are that can't be read or have no canonical form.
    """

    ids: bytes | memoryview
    lengths: npt.NDArray[np.int64]
    bodies: npt.NDArray[np.int64]
    ranks: npt.NDArray[np.uint64]
    unusable: int


@dataclass(frozen=True)
class Encoder:
    """What every piece is encoded by.

    Attributes:
        tokenizer: gives the ids.
        seed: of the split.
        clean: whether the tunes are canonical and taken as they are; else they are normalised.
    """

    tokenizer: CharacterTokenizer
    seed: int
    clean: bool

    def encode(self, place: Place) -> Block:
        """Encode the tunes of a piece of a file.

        Raises:
            VocabularyError: a tune has a character that the vocabulary lacks.
            OSError: the file can't be read.
        """
        block = place.read()
        tunes, unusable = (_regular_tunes(block) if self.clean else None), 0
        if tunes is None:
            tunes, unusable = _other_tunes(block, self.clean)
        try:
            ids = self.tokenizer.encode(tunes.text)
        except VocabularyError as error:
            raise VocabularyError(f"a tune that is to be taken as it is: {error}") from None
        return Block(
            ids=ids.tobytes(),
            lengths=tunes.lengths,
            bodies=np.array([hash(body) for body in tunes.bodies], np.int64),
            ranks=ranks_of(keys_of(tunes.titles, tunes.bodies), self.seed),
            unusable=unusable,
        )


_HEAD = re.compile(rb"X:[0-9]+(?=\n(?:T:(.*))?)")

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # of malloc.h

_worker: tuple[Sequence[mmap.mmap], Encoder]  # of this process, where it is one


def begin_worker(slots: Sequence[mmap.mmap], encoder: Encoder) -> None:
    """Give a worker process what `encode_into` needs: memory that it shares with its parent, and the rest."""
    global _worker
    _worker = slots, encoder
    # What a piece took is kept for the next: getting it from the system anew takes a third of the time.
    with contextlib.suppress(AttributeError):  # a C library without this call
        for parameter, megabytes in ((_M_MMAP_THRESHOLD, 256), (_M_TRIM_THRESHOLD, 256), (_M_TOP_PAD, 16)):
            ctypes.CDLL(None).mallopt(parameter, megabytes * 2**20)


def encode_into(slot: int, place: Place) -> Block:
    """Encode the tunes of a piece of a file in a worker process; the ids go into shared memory if they fit."""
    slots, encoder = _worker
    block = encoder.encode(place)
    if len(block.ids) > len(slots[slot]):
        return block
    slots[slot][: len(block.ids)] = block.ids
    return replace(block, ids=b"")


@dataclass(frozen=True)
class _Tunes:
    """The tunes of a piece of a file.

    Attributes:
        text: of all, each with the empty line that ends it.
        lengths: characters of each in it.
        titles: of all, a line for each.
        bodies: one for each, without spaces.
    """

    text: str
    lengths: npt.NDArray[np.int64]
    titles: str
    bodies: list[bytes]


def _regular_tunes(block: bytes) -> _Tunes | None:
    """The tunes of a piece that is written as `abclm` writes tunebooks; None where it is not, in any respect.

    What a line is can be told by its first two characters, so all lines are looked at together.
    """
    if (
        not block.startswith(b"X:")
        or any(each in block for each in (b"\r", b"%", b"\t"))
        or not block.isascii()
    ):
        return None
    block = block.rstrip(b"\n") + b"\n\n"
    codes = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))  # of lines
    starts = np.concatenate([[0], ends[:-1] + 1])
    first, second = codes[starts], codes[np.minimum(starts + 1, len(codes) - 1)]
    empty = np.flatnonzero(first == ord("\n"))
    if (first == ord(" ")).any() or (codes[ends[empty - 1] - 1] == ord(" ")).any():
        return None  # an empty line that is not empty, or a space before one
    is_field = second == ord(":")
    heads = np.flatnonzero((first == ord("X")) & is_field)
    if len(empty) != len(heads) or (empty[:-1] + 1 != heads[1:]).any():
        return None
    keys = np.append(np.flatnonzero((first == ord("K")) & is_field), len(starts))
    key = keys[np.searchsorted(keys, heads)]
    if (key + 1 >= empty).any():
        return None
    is_title = (first == ord("T")) & is_field
    has_title = is_title[heads + 1]
    in_headers = np.concatenate([[0], np.cumsum(is_title)])
    if (~has_title & (in_headers[key] > in_headers[heads])).any():
        return None
    _, *parts = _HEAD.split(block)  # by turns a title, or None, and the rest of a tune
    titles, rests = parts[::2], parts[1::2]
    if len(rests) != len(heads):
        return None  # a number that is none, or a title like a tune's first line
    begins, ends_of_bodies = starts[key + 1].tolist(), starts[empty].tolist()
    bodies = [block[begin:end] for begin, end in zip(begins, ends_of_bodies, strict=True)]
    return _Tunes(
        # A tunebook counts its tunes from 1; the model always sees X:1.
        text=f"X:1{b'X:1'.join(rests).decode()}",
        lengths=ends[empty] + 1 - ends[heads] + len("X:1"),
        titles=b"\n".join([title or b"" for title in titles]).decode(),
        bodies=[body.translate(None, b" \n") for body in bodies],
    )


def _other_tunes(block: bytes, clean: bool) -> tuple[_Tunes, int]:
    """The tunes of a piece that is written in any way, and how many more are of no use."""
    book = parse_tunebook(decode(block))
    unusable, tunes = len(book.problems), []
    for tune in map(Tune.of, book.tunes):
        try:
            tunes.append(Tune.parse(re.sub(r"\AX:\d+", "X:1", tune.text)) if clean else tune.normalize())
        except NotationError:
            unusable += 1
    texts = [whole_tune(tune.text) for tune in tunes]
    found = _Tunes(
        text="".join(texts),
        lengths=np.array([len(text) for text in texts], np.int64),
        titles="\n".join([tune.title for tune in tunes]),
        bodies=["".join(tune.body.split()).encode() for tune in tunes],
    )
    return found, unusable
