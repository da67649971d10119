"""Turn a piece of a file of canonical tunes into token ids, and into the hashes that tell its tunes apart."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abclm.errors import VocabularyError
from abclm.notation.tunebook import decode, parse_tunebook

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
    """The tunes of a piece of a file: ids, and for each tune its length and the hashes of body and title."""

    ids: bytes | memoryview
    lengths: npt.NDArray[np.int64]
    bodies: npt.NDArray[np.int64]
    titles: npt.NDArray[np.uint64]
    unreadable: int

    def chosen(self, is_chosen: npt.NDArray[np.bool_]) -> bytes | memoryview:
        """The ids of some of the tunes."""
        if is_chosen.all():
            return self.ids
        changes = np.flatnonzero(np.diff(is_chosen, prepend=False, append=False))
        ends = np.concatenate([[0], np.cumsum(self.lengths)])[changes].tolist()
        return b"".join(self.ids[begin:end] for begin, end in zip(ends[::2], ends[1::2], strict=True))


def encode_block(place: Place, tokenizer: CharacterTokenizer, seed: int) -> Block:
    """Encode the tunes of a piece of a file.

    Raises:
        VocabularyError: a tune has a character that the vocabulary lacks.
        OSError: the file can't be read.
    """
    block = place.read()
    tunes, unreadable = _regular_tunes(block), 0
    if tunes is None:
        tunes, unreadable = _other_tunes(block)
    try:
        ids = tokenizer.encode(tunes.text.decode("utf-8")).tobytes()
    except VocabularyError as error:
        raise VocabularyError(f"a tune that is to be taken as it is: {error}") from None
    return Block(
        ids=ids,
        lengths=tunes.lengths,
        bodies=np.array(tunes.bodies, np.int64),
        titles=_spread(np.array([zlib.crc32(key) for key in tunes.keys], np.uint64), seed),
        unreadable=unreadable,
    )


_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # of malloc.h

_worker: tuple[Sequence[mmap.mmap], CharacterTokenizer, int]  # of this process, where it is one


def begin_worker(slots: Sequence[mmap.mmap], tokenizer: CharacterTokenizer, seed: int) -> None:
    """Give a worker process what `encode_into` needs: memory that it shares with its parent, and the rest."""
    global _worker
    _worker = slots, tokenizer, seed
    # What a piece took is kept for the next: getting it from the system anew takes a third of the time.
    with contextlib.suppress(AttributeError):  # a C library without this call
        for parameter, megabytes in ((_M_MMAP_THRESHOLD, 256), (_M_TRIM_THRESHOLD, 256), (_M_TOP_PAD, 16)):
            ctypes.CDLL(None).mallopt(parameter, megabytes * 2**20)


def encode_into(slot: int, place: Place) -> Block:
    """Encode the tunes of a piece of a file in a worker process; the ids go into shared memory if they fit."""
    slots, tokenizer, seed = _worker
    block = encode_block(place, tokenizer, seed)
    if len(block.ids) > len(slots[slot]):
        return block
    slots[slot][: len(block.ids)] = block.ids
    return replace(block, ids=b"")


def _spread(numbers: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Spread 32-bit numbers over 64 bits, otherwise for each seed.

    The steps of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
    """
    numbers = numbers + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


_LOWER = bytes(ord(chr(code).lower()) if code < 128 else code for code in range(256))
_MOST_DIGITS = 12  # of a tune's number
_NO_TITLE = bytes(code for code in range(128) if not chr(code).isalnum() and code != ord("\n"))


@dataclass(frozen=True)
class _Tunes:
    """The tunes of a piece of a file.

    Attributes:
        text: of all, each with the empty line at its end.
        lengths: characters of each in it.
        bodies: the hash of each one's notes, in this process and its forks.
        keys: what each is held out by: its title's letters and digits, else its notes.
    """

    text: bytes
    lengths: npt.NDArray[np.int64]
    bodies: list[int]
    keys: list[bytes]


def _keys(titles: list[bytes], notes_of: Callable[[int], bytes]) -> list[bytes]:
    """What tunes are held out by."""
    plain = b"\n".join(titles).translate(_LOWER, _NO_TITLE).split(b"\n") if titles else []
    return [title or b"\n" + notes_of(place) for place, title in enumerate(plain)]


def _regular_tunes(block: bytes) -> _Tunes | None:
    """The tunes of a piece that is written as `abclm` writes tunebooks; None where it is not, in any respect.

    What a line is can be told by its first two characters, so all lines are looked at together.
    """
    if not block.startswith(b"X:") or b"\r" in block or b"%" in block or not block.isascii():
        return None
    if block.endswith(b"\n\n\n") or not block.endswith(b"\n\n"):
        block = block.rstrip(b"\n") + b"\n\n"
    codes = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))  # of lines
    starts = np.concatenate([[0], ends[:-1] + 1])
    first, second = codes[starts], codes[np.minimum(starts + 1, len(codes) - 1)]
    is_empty = first == ord("\n")
    empty = np.flatnonzero(is_empty)
    if np.isin(first, list(b" \t")).any() or (codes[ends[empty - 1] - 1] == ord(" ")).any():
        return None  # an empty line that is not empty, or a space before one
    is_field = second == ord(":")
    heads = np.flatnonzero((first == ord("X")) & is_field)
    if len(empty) != len(heads) or (empty[:-1] + 1 != heads[1:]).any():
        return None
    number_ends = ends[heads]
    widths = number_ends - starts[heads] - 2
    if (
        widths.min() < 1
        or widths.max() > _MOST_DIGITS
        or any(
            not np.isin(codes[starts[heads[widths > place]] + 2 + place], list(b"0123456789")).all()
            for place in range(int(widths.max()))
        )
    ):
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

    is_kept = np.ones(len(block), np.bool_)
    for place in range(1, int(widths.max())):
        is_kept[starts[heads[widths > place]] + 2 + place] = False
    numbered = codes.copy()
    numbered[starts[heads] + 2] = ord("1")  # a tunebook counts its tunes from 1; the model always sees X:1

    notes = block.translate(None, b" \n")
    spaces = np.flatnonzero(codes == ord(" "))
    lines = np.stack([key + 1, empty])
    begins, stops = (starts[lines] - lines - np.searchsorted(spaces, starts[lines])).tolist()
    title_begins = np.where(has_title, starts[heads + 1] + 2, 0).tolist()
    title_ends = np.where(has_title, ends[heads + 1], 0).tolist()
    return _Tunes(
        text=numbered[is_kept].tobytes(),
        lengths=ends[empty] + 1 - number_ends + len("X:1"),
        bodies=[hash(notes[begin:stop]) for begin, stop in zip(begins, stops, strict=True)],
        keys=_keys(
            [block[begin:end] for begin, end in zip(title_begins, title_ends, strict=True)],
            lambda place: notes[begins[place] : stops[place]],
        ),
    )


def _other_tunes(block: bytes) -> tuple[_Tunes, int]:
    """The tunes of a piece that is written in any way, and how many more could not be read."""
    book = parse_tunebook(decode(block))
    texts = [re.sub(r"\AX:\d+", "X:1", tune.text).rstrip() + "\n\n" for tune in book.tunes]
    notes = [tune.body.encode().translate(None, b" \n") for tune in book.tunes]
    tunes = _Tunes(
        text="".join(texts).encode(),
        lengths=np.array([len(text) for text in texts], np.int64),
        bodies=[hash(body) for body in notes],
        keys=_keys([tune.title.encode() for tune in book.tunes], notes.__getitem__),
    )
    return tunes, len(book.problems)
