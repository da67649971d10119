"""Turn files of canonical tunes into token ids on the disk, a piece at a time, however large they are.

`abclm.corpora` holds tunes in memory, some kilobytes for each. Here a tune is a piece of text between two
empty lines, and passes through: its body's hash says whether it was there before, its title's hash whether
it is held out. What stays in memory is 8 bytes a tune.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.encoded_corpus import EncodedCorpus
from abclm.errors import CorpusError, VocabularyError
from abclm.files import write_text
from abclm.notation.tunebook import decode, parse_tunebook
from abclm.token_files import TokenFile, TokenFiles, TokenWriter, sha256_of_files

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.vocabulary import Vocabulary

_BLOCK_BYTES = 2**23
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
    paths: Sequence[Path], vocabulary: Vocabulary, folder: Path, validation: float, seed: int
) -> CleanCorpus:
    """Encode files of canonical tunes into a folder, or find there what they were encoded into before.

    Of tunes with the same body the first stays. A tune is held out if the hash of the seed and its title's
    letters and digits (without a title, of its body) falls into the share that was asked for: so all tunes
    of one title stand on the same side, whatever else the files hold, and about that share is held out.

    Args:
        paths: tunebooks whose tunes are canonical.
        vocabulary: what to encode with.
        folder: written aside and renamed into place; replaced where it holds other files' tunes.
        validation: the share to hold out, from 0 to below 1.
        seed: of the split.

    Raises:
        CorpusError: no tune is left to train on.
        VocabularyError: a tune has a character that the vocabulary lacks.
        OSError: a file can't be read, or the folder not written.
    """
    checksum = sha256_of_files(paths)
    made_of = {
        "format_version": _FORMAT_VERSION,
        "sha256": checksum,
        "symbols": list(vocabulary.symbols),
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
        contents = _encode(paths, vocabulary, aside, validation, seed)
        if not contents["training"]["tunes"]:
            raise CorpusError(f"{name}: no tune is left to train on; give files in ABC notation")
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
    return _open(folder, contents, checksum, name, was_encoded=True)


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
        files = TokenFiles(folder, [TokenFile(**file) for file in contents[kind]["files"]])
        return EncodedCorpus(name, contents[kind]["tunes"], checksum, files)

    held_out = part("held_out") if contents["held_out"]["tunes"] else None
    counts = {kind: contents[kind] for kind in ("read", "repeated", "unreadable")}
    return CleanCorpus(part("training"), held_out, **counts, was_encoded=was_encoded)


def _encode(
    paths: Sequence[Path], vocabulary: Vocabulary, folder: Path, validation: float, seed: int
) -> dict[str, Any]:
    """Write the files' tunes; what the list of files says of them."""
    seen = _Seen()
    tunes = {"training": 0, "held_out": 0}
    read = unreadable = 0
    limit = int(validation * 2**64)
    newline = bytes([vocabulary.char_to_id["\n"]])
    with TokenWriter(folder, "training") as training, TokenWriter(folder, "held_out") as held_out:
        writers = {"training": training, "held_out": held_out}
        for writer in writers.values():
            writer.write(newline)  # every tune begins after one
        for block in _encoded_blocks(_blocks(paths), vocabulary, seed):
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


def _blocks(paths: Iterable[Path]) -> Iterator[bytes]:
    """Read files in pieces that end where a tune ends."""
    for path in paths:
        with path.open("rb") as file:
            rest = b""
            while data := file.read(_BLOCK_BYTES):
                data = rest + data
                cut = data.rfind(b"\nX:") + 1
                if cut:
                    yield data[:cut]
                rest = data[cut:]
            if rest:
                yield rest


@dataclass(frozen=True)
class _Block:
    """The tunes of a piece of a file: ids, and for each tune its length and the hashes of body and title."""

    ids: bytes
    lengths: npt.NDArray[np.int64]
    bodies: npt.NDArray[np.int64]
    titles: npt.NDArray[np.uint64]
    unreadable: int

    def chosen(self, is_chosen: npt.NDArray[np.bool_]) -> bytes:
        """The ids of some of the tunes."""
        if is_chosen.all():
            return self.ids
        if not is_chosen.any():
            return b""
        return np.frombuffer(self.ids, np.uint8)[np.repeat(is_chosen, self.lengths)].tobytes()


def _encoded_blocks(blocks: Iterator[bytes], vocabulary: Vocabulary, seed: int) -> Iterator[_Block]:
    """Encode pieces, in their order, on all cores where there are several pieces."""
    begin = list(itertools.islice(blocks, 2))
    blocks = itertools.chain(begin, blocks)
    workers = os.cpu_count() or 1
    # A process that TensorFlow runs in can't be forked safely, and other ways to start one run the user's
    # program anew.
    if len(begin) < 2 or workers == 1 or sys.platform != "linux" or "tensorflow" in sys.modules:
        yield from (_encode_block(block, vocabulary, seed) for block in blocks)
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
        waiting: deque[Future[_Block]] = deque()
        for block in blocks:
            waiting.append(pool.submit(_encode_block, block, vocabulary, seed))
            if len(waiting) > workers + 1:  # and not the whole file at once
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _encode_block(block: bytes, vocabulary: Vocabulary, seed: int) -> _Block:
    """Encode the tunes of a piece of a file."""
    rows, unreadable = _regular_tunes(block), 0
    if rows is None:
        rows, unreadable = _other_tunes(block)
    salt = b"%d:" % seed
    hash_of = hashlib.blake2b
    bodies: list[int] = []
    titles: list[bytes] = []
    for _, title, body in rows:
        notes = body.translate(None, b" \n")
        bodies.append(hash(notes))  # of this process and those forked from it
        key = title.translate(_LOWER, _NO_TITLE) or b"\n" + notes
        titles.append(hash_of(salt + key, digest_size=8).digest())
    texts = [text for text, _, _ in rows]
    try:
        ids = vocabulary.encode(b"".join(texts).decode("utf-8")).tobytes()
    except VocabularyError as error:
        raise VocabularyError(f"a tune that is to be taken as it is: {error}") from None
    return _Block(
        ids=ids,
        lengths=np.array([len(text) for text in texts], np.int64),
        bodies=np.array(bodies, np.int64),
        titles=np.frombuffer(b"".join(titles), "<u8"),
        unreadable=unreadable,
    )


_LOWER = bytes(ord(chr(code).lower()) if code < 128 else code for code in range(256))
_NO_TITLE = bytes(code for code in range(128) if not chr(code).isalnum())

_Row = tuple[bytes, bytes, bytes]  # a tune with the empty line at its end, its title, its body


def _regular_tunes(block: bytes) -> list[_Row] | None:
    """The tunes of a piece that is written as `abclm` writes tunebooks; None where it is not, in any respect."""
    if not block.startswith(b"X:") or b"\r" in block or b"%" in block:
        return None
    block = block.rstrip(b"\n") + b"\n\n"
    codes = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(codes[:-2] == ord("\n"))  # of lines
    first, second = codes[ends + 1], codes[ends + 2]
    if np.isin(first, list(b" \t")).any() or (codes[ends[first == ord("\n")] - 1] == ord(" ")).any():
        return None  # an empty line that is not empty, or a space before one
    pieces = block[:-2].split(b"\n\n")
    if np.count_nonzero((first == ord("X")) & (second == ord(":"))) != len(pieces) - 1:
        return None
    rows = []
    for piece in pieces:
        number_end = piece.find(b"\n")
        key = piece.find(b"\nK:", number_end)
        body = piece.find(b"\n", key + 3)
        if key < 0 or body < 0 or not piece[2:number_end].isdigit():
            return None
        title = b""
        if piece.startswith(b"T:", number_end + 1):
            title = piece[number_end + 3 : piece.find(b"\n", number_end + 3)]
        elif piece.find(b"\nT:", number_end, key) >= 0:
            return None
        rows.append((b"X:1" + piece[number_end:] + b"\n\n", title, piece[body:]))
    return rows


def _other_tunes(block: bytes) -> tuple[list[_Row], int]:
    """The tunes of a piece that is written in any way, and how many more could not be read."""
    book = parse_tunebook(decode(block))
    rows = []
    for tune in book.tunes:
        # A tunebook counts its tunes from 1; the model always sees X:1.
        text = re.sub(r"\AX:\d+", "X:1", tune.text).rstrip() + "\n\n"
        rows.append((text.encode(), tune.title.encode(), tune.body.encode()))
    return rows, len(book.problems)


class _Seen:
    """The hashes of the bodies so far: 8 bytes each, sorted, in arrays each twice as long as the next."""

    def __init__(self) -> None:
        self._sorted: list[npt.NDArray[np.int64]] = []

    def add(self, hashes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Take in hashes; whether each is new, the first of equal ones counting."""
        different, first = np.unique(hashes, return_index=True)
        is_new = np.ones(len(different), np.bool_)
        for known in self._sorted:
            places = np.minimum(np.searchsorted(known, different), len(known) - 1)
            is_new &= known[places] != different
        found = np.zeros(len(hashes), np.bool_)
        found[first[is_new]] = True
        if is_new.any():
            self._sorted.append(different[is_new])
        while len(self._sorted) > 1 and len(self._sorted[-2]) < 2 * len(self._sorted[-1]):
            last = self._sorted.pop()
            self._sorted[-1] = np.sort(np.concatenate([self._sorted[-1], last]))
        return found
