"""Encode pieces of files into one file of token ids, and tell the tunes to train on from those that are held out."""

from __future__ import annotations

import itertools
import mmap
import multiprocessing
import os
import re
import sys
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abclm.corpora.holdout import body_key, first_ranks, held_out_count, is_among, ranks_of, too_common
from abclm.datasets.large_pieces import Block, Encoder, Place, begin_worker, encode_into
from abclm.datasets.texts import IdFile, read_pieces
from abclm.errors import CorpusError
from abclm.tune import Tune

if TYPE_CHECKING:
    import numpy.typing as npt

BLOCK_BYTES = 2**20
IDS, TUNES = "tunes.ids", "tunes.npz"
TRAINING, HELD_OUT, REPEATED = range(3)  # where a tune is

_SLOT_BYTES = 2 * BLOCK_BYTES  # more than most pieces come to
_NUMBER_LINE = re.compile(rb"^(?:\xef\xbb\xbf)?X:|^[ \t]+X:[ \t]*\d", re.MULTILINE)
_NUMBER_OR_BLOCK = re.compile(rb"\nX:|%%begin|%%end")
_EMPTY_LINE = re.compile(rb"\n[ \t]*\r?\n|</s>[ \t]*\r?\n")


def cut_file(path: Path, read: Callable[[bytes], object] | None = None) -> Iterator[Place]:
    """Cut a file into pieces where a tune ends.

    Args:
        path: the file.
        read: gets all that is read of it meanwhile.
    """
    first = _first_number(path)
    begin = end = 0
    with path.open("rb", buffering=0) as file:
        while data := file.read(BLOCK_BYTES):
            if read:
                read(data)
            found = _last_empty_line(data) if first is None else _last_number(data)
            cut = end + found
            if found and cut > (first or 0):  # a piece without a number would be read as tunes without
                yield Place(path, begin, cut)
                begin = cut
            end += len(data)
    if begin < end:
        yield Place(path, begin, end)


def _first_number(path: Path) -> int | None:
    """Where the first line of a file with a reference number begins; None if no tune has one."""
    if not path.stat().st_size:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _NUMBER_LINE.search(data)
        return found.start() if found else None


def _last_number(data: bytes) -> int:
    """Where the last line with a reference number begins that stands in no block such as `%%begintext`; 0 if none."""
    if b"%%begin" not in data and b"%%end" not in data:
        return data.rfind(b"\nX:") + 1
    last = latest = 0
    is_open = False
    for found in _NUMBER_OR_BLOCK.finditer(data):
        if found[0] == b"\nX:":
            latest = latest if is_open else found.start() + 1
        else:
            # Before an end without a beginning, everything is in a block that began before these bytes.
            last = latest or last if found[0] == b"%%begin" else last
            is_open, latest = found[0] == b"%%begin", 0
    return latest or last


def _last_empty_line(data: bytes) -> int:
    """Where the last line begins that has an empty line before it, or what ends a tune of folk-rnn; 0 if none."""
    return max((found.end() for found in _EMPTY_LINE.finditer(data)), default=0)


def encode_places(
    name: str, places: Iterator[Place], encoder: Encoder, folder: Path, validation: float
) -> dict[str, int]:
    """Encode the tunes of pieces of files, and say which side each is on.

    Args:
        name: what the files are called in messages.
        places: the pieces, in order.
        encoder: what to encode with.
        folder: where `IDS` and `TUNES` are written.
        validation: the share to hold out, from 0 to below 1.

    Returns:
        How many tunes were read, are repeated and can't be used, and the checksum of the ids.

    Raises:
        CorpusError: no tune is left to train on.
        VocabularyError: a tune has a character that the vocabulary lacks.
        OSError: a file can't be read or written.
    """
    blocks: list[Block] = []
    crc = 0
    with (folder / IDS).open("wb") as file:
        start = np.array([encoder.tokenizer.start], encoder.tokenizer.dtype).tobytes()
        for ids, block in itertools.chain([(start, None)], _encoded_blocks(places, encoder)):
            file.write(ids)
            crc = zlib.crc32(ids, crc)
            if block is not None:
                blocks.append(block)
    unusable = sum(block.unusable for block in blocks)
    if not any(len(block.lengths) for block in blocks):
        raise CorpusError(f"{name}: no tune is left to train on; abclm corpus clean --all says why")
    lengths, bodies, ranks = (
        np.concatenate([getattr(block, name) for block in blocks]) for name in ("lengths", "bodies", "ranks")
    )
    blocks.clear()
    is_kept = _first_of_each(bodies)
    sides = np.full(len(lengths), REPEATED, np.uint8)
    with (folder / IDS).open("rb") as file:
        text = IdFile(file, encoder.tokenizer.dtype)
        begins = 1 + np.cumsum(lengths) - lengths
        is_held_out = _held_out(text, begins[is_kept], lengths[is_kept], ranks[is_kept], encoder, validation)
    sides[is_kept] = np.where(is_held_out, HELD_OUT, TRAINING)
    np.savez(folder / TUNES, lengths=lengths.astype(np.uint32), sides=sides)
    return {
        "read": len(lengths) + unusable,
        "repeated": int((~is_kept).sum()),
        "unusable": unusable,
        "crc32": crc,
    }


def _held_out(
    text: IdFile,
    begins: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    ranks: npt.NDArray[np.uint64],
    encoder: Encoder,
    validation: float,
) -> npt.NDArray[np.bool_]:
    """Which of the tunes are held out, as `abclm.corpora.holdout.choose` would choose."""
    count = held_out_count(len(ranks), validation)
    common = too_common(ranks, count) if count else np.empty(0, np.int64)
    for part in np.array_split(common, len(common) // 10_000 + 1):
        pieces = read_pieces(text, begins[part], begins[part] + lengths[part]) if len(part) else []
        tunes = [Tune.parse(encoder.tokenizer.decode(piece)) for piece in pieces]
        ranks[part] = ranks_of([body_key("".join(tune.body.split())) for tune in tunes], encoder.seed)
    return first_ranks(ranks, count)


def _first_of_each(hashes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of the hashes no earlier one is equal to."""
    different, counts = np.unique(hashes, return_counts=True)
    repeated = np.flatnonzero(is_among(hashes, different[counts > 1]))
    is_first = np.ones(len(hashes), np.bool_)
    is_first[repeated] = False
    is_first[repeated[np.unique(hashes[repeated], return_index=True)[1]]] = True
    return is_first


def _encoded_blocks(places: Iterator[Place], encoder: Encoder) -> Iterator[tuple[bytes | memoryview, Block]]:
    """Encode pieces, in their order, on all cores where there are several pieces; their ids, and all else."""
    begin = list(itertools.islice(places, 2))
    places = itertools.chain(begin, places)
    workers = os.cpu_count() or 1
    # A process that TensorFlow runs in can't be forked safely, and other ways to start one run the user's
    # program anew.
    if len(begin) < 2 or workers == 1 or sys.platform != "linux" or "tensorflow" in sys.modules:
        for place in places:
            block = encoder.encode(place)
            yield block.ids, replace(block, ids=b"")
        return
    slots = [mmap.mmap(-1, _SLOT_BYTES) for _ in range(4 * workers)]  # the ids pass through these
    free, waiting = deque(range(len(slots))), deque[tuple[int, Future[Block]]]()
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("fork"), begin_worker, (slots, encoder)
    ) as pool:
        while True:
            for place in itertools.islice(places, len(free)):  # and not the whole file at once
                slot = free.popleft()
                waiting.append((slot, pool.submit(encode_into, slot, place)))
            if not waiting:
                return
            slot, future = waiting.popleft()
            block = future.result()
            size = int(block.lengths.sum()) * encoder.tokenizer.dtype.itemsize
            yield block.ids or memoryview(slots[slot])[:size], replace(block, ids=b"")
            free.append(slot)
