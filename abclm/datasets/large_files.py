"""Turn files of canonical tunes into token ids on the disk, a piece at a time, however large they are.

`abclm.corpora.corpus` holds tunes in memory, some kilobytes for each. Here a tune is a piece of text between two
empty lines, and passes through: its body's hash says whether it was there before, its title's hash whether
it is held out. What stays in memory is 16 to 32 bytes a tune.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import mmap
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.large_pieces import Block, Place, begin_worker, encode_block, encode_into
from abclm.datasets.token_files import TokenFile, TokenFiles, TokenWriter, sha256_of_files
from abclm.errors import CorpusError
from abclm.system.files import write_text

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.tokenizers.characters import CharacterTokenizer

_BLOCK_BYTES = 2**20
_SLOT_BYTES = 2 * _BLOCK_BYTES  # more than most pieces come to
_LIST = "files.json"
_FORMAT_VERSION = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CleanCorpus:
    """What files of canonical tunes have become.

    Attributes:
        training: the tunes to train on.
        held_out: the tunes to measure on; None where none are held out.
        read: how many tunes the files have.
        repeated: how many of them have a body that an earlier one has.
        unreadable: how many could not be read.
        was_encoded: whether they were encoded now, or found encoded.
    """

    training: EncodedCorpus
    held_out: EncodedCorpus | None
    read: int
    repeated: int
    unreadable: int
    was_encoded: bool


def encode_files(
    paths: Sequence[Path], tokenizer: CharacterTokenizer, folder: Path, validation: float, seed: int
) -> CleanCorpus:
    """Encode files of canonical tunes into a folder, or find there what they were encoded into before.

    Of tunes with the same body the first stays. A tune is held out if the hash of the seed and its title's
    letters and digits (without a title, of its body) falls into the share that was asked for: so all tunes
    of one title stand on the same side, whatever else the files hold, and about that share is held out.

    Args:
        paths: tunebooks whose tunes are canonical.
        tokenizer: what to encode with.
        folder: written aside and renamed into place; replaced where it holds other files' tunes.
        validation: the share to hold out, from 0 to below 1.
        seed: of the split.

    Raises:
        CorpusError: no tune is left to train on.
        VocabularyError: a tune has a character that the vocabulary lacks.
        OSError: a file can't be read, or the folder not written.
    """
    made_of = {
        "format_version": _FORMAT_VERSION,
        "sha256": sha256_of_files(paths) if folder.exists() else "",
        "symbols": list(tokenizer.symbols),
        "validation": validation,
        "seed": seed,
    }
    names = [os.fspath(path) for path in paths]
    name = ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"
    found = _find(folder, made_of, name)
    if found:
        return found
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".saving-", dir=folder.parent))
    try:
        digest = hashlib.sha256()
        contents = _encode(_places(paths, digest), tokenizer, aside, validation, seed)
        if not contents["training"]["tunes"]:
            raise CorpusError(f"{name}: no tune is left to train on; give files in ABC notation")
        made_of["sha256"] = digest.hexdigest()
        write_text(aside / _LIST, json.dumps({"made_of": made_of, **contents}, indent=1) + "\n")
        if found := _find(folder, made_of, name):  # another worker was faster
            shutil.rmtree(aside)
            return found
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        if isinstance(error, OSError) and (not error.filename or str(aside) in str(error.filename)):
            error.filename = str(folder)  # and not a file aside, of which the user knows nothing
        raise
    return _open(folder, contents, digest.hexdigest(), name, was_encoded=True)


def _find(folder: Path, made_of: dict[str, Any], name: str) -> CleanCorpus | None:
    try:
        contents = json.loads((folder / _LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if contents.get("made_of") != made_of:
        return None
    try:
        return _open(folder, contents, made_of["sha256"], name, was_encoded=False)
    except CorpusError as error:
        _log.warning("%s; encoding again", error)
        return None


def _open(folder: Path, contents: dict[str, Any], checksum: str, name: str, was_encoded: bool) -> CleanCorpus:
    def part(kind: str) -> EncodedCorpus:
        described = [TokenFile(**file) for file in contents[kind]["files"]]
        files = TokenFiles(folder, described, checked=not was_encoded)
        return EncodedCorpus(name, contents[kind]["tunes"], checksum, files)

    held_out = part("held_out") if contents["held_out"]["tunes"] else None
    counts = {kind: contents[kind] for kind in ("read", "repeated", "unreadable")}
    return CleanCorpus(part("training"), held_out, **counts, was_encoded=was_encoded)


def _encode(
    places: Iterator[Place], tokenizer: CharacterTokenizer, folder: Path, validation: float, seed: int
) -> dict[str, Any]:
    """Write the tunes of pieces of files; what the list of files says of them."""
    seen = _Seen()
    tunes = {"training": 0, "held_out": 0}
    read = unreadable = 0
    limit = int(validation * 2**64)
    start = bytes([tokenizer.start])
    with TokenWriter(folder, "training") as training, TokenWriter(folder, "held_out") as held_out:
        writers = {"training": training, "held_out": held_out}
        for writer in writers.values():
            writer.write(start)  # every tune begins after one
        for block in _encoded_blocks(places, tokenizer, seed):
            is_new = seen.add(block.bodies)
            is_held_out = block.titles < limit
            read += len(is_new)
            unreadable += block.unreadable
            for kind, is_chosen in (("training", is_new & ~is_held_out), ("held_out", is_new & is_held_out)):
                tunes[kind] += int(is_chosen.sum())
                writers[kind].write(block.chosen(is_chosen))
    return {
        "read": read + unreadable,
        "repeated": read - sum(tunes.values()),
        "unreadable": unreadable,
        **{
            kind: {"tunes": tunes[kind], "files": [asdict(file) for file in writer.files]}
            for kind, writer in writers.items()
        },
    }


def _places(paths: Iterable[Path], digest: hashlib._Hash) -> Iterator[Place]:
    """Cut files into pieces where a tune ends; what they hold goes into a digest meanwhile."""
    for path in paths:
        begin = end = 0
        with path.open("rb", buffering=0) as file:
            while data := file.read(_BLOCK_BYTES):
                digest.update(data)
                cut = end + data.rfind(b"\nX:") + 1
                if cut > end:
                    yield Place(path, begin, cut)
                    begin = cut
                end += len(data)
        if begin < end:
            yield Place(path, begin, end)


def _encoded_blocks(places: Iterator[Place], tokenizer: CharacterTokenizer, seed: int) -> Iterator[Block]:
    """Encode pieces, in their order, on all cores where there are several pieces."""
    begin = list(itertools.islice(places, 2))
    places = itertools.chain(begin, places)
    workers = os.cpu_count() or 1
    # A process that TensorFlow runs in can't be forked safely, and other ways to start one run the user's
    # program anew.
    if len(begin) < 2 or workers == 1 or sys.platform != "linux" or "tensorflow" in sys.modules:
        yield from (encode_block(place, tokenizer, seed) for place in places)
        return
    slots = [mmap.mmap(-1, _SLOT_BYTES) for _ in range(4 * workers)]  # the ids pass through these
    free, waiting = deque(range(len(slots))), deque[tuple[int, Future[Block]]]()
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("fork"), begin_worker, (slots, tokenizer, seed)
    ) as pool:
        while True:
            for place in itertools.islice(places, len(free)):  # and not the whole file at once
                slot = free.popleft()
                waiting.append((slot, pool.submit(encode_into, slot, place)))
            if not waiting:
                return
            slot, future = waiting.popleft()
            block = future.result()
            yield block if block.ids else replace(block, ids=memoryview(slots[slot])[: block.lengths.sum()])
            free.append(slot)


class _Seen:
    """The hashes of the bodies so far, each in the first free place from that which its last bits name."""

    _FREE = 0

    def __init__(self) -> None:
        self._table = np.full(2**16, self._FREE, np.int64)
        self._count = 0

    def add(self, hashes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Take in hashes; whether each is new, the first of equal ones counting."""
        different, first = np.unique(np.where(hashes == self._FREE, 1, hashes), return_index=True)
        while 2 * (self._count + len(different)) > len(self._table):
            known = self._table[self._table != self._FREE]
            self._table = np.full(2 * len(self._table), self._FREE, np.int64)
            self._put(known)
        is_new = self._put(different)
        self._count += int(is_new.sum())
        found = np.zeros(len(hashes), np.bool_)
        found[first[is_new]] = True
        return found

    def _put(self, different: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Take in hashes of which no two are equal; whether each is new."""
        is_new = np.zeros(len(different), np.bool_)
        left = np.arange(len(different))
        places = different % len(self._table)
        while len(left):
            is_free = self._table[places] == self._FREE
            self._table[places[is_free]] = different[left[is_free]]  # of several for one place one gets it
            is_there = self._table[places] == different[left]
            is_new[left[is_there & is_free]] = True
            left, places = left[~is_there], (places[~is_there] + 1) % len(self._table)
        return is_new
