"""Turn token ids into files on the disk and back into windows of them, however many there are.

A folder holds the ids of one text as raw bytes, cut into files of bounded size, and the list of these
files with their checksums. They are read with plain reads, not mapped: what was read does not count as
memory of this process.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from abclm.errors import CorpusError

if TYPE_CHECKING:
    import numpy.typing as npt

_FILE_BYTES = 2**28
_READ_BYTES = 2**22


@dataclass(frozen=True)
class TokenFile:
    """One file of a text.

    Attributes:
        name: in its folder.
        size: bytes, which are as many ids.
        sha256: of its content.
    """

    name: str
    size: int
    sha256: str


class TokenFiles:
    """A text of token ids on the disk.

    Args:
        folder: where the files are.
        files: in the order of the text.
        checked: whether their content is compared with the checksums.

    Raises:
        CorpusError: a file is missing, or is not what was written.
    """

    def __init__(self, folder: Path, files: Sequence[TokenFile], *, checked: bool = True) -> None:
        self._files = tuple(files)
        self._ends = np.cumsum([file.size for file in files], dtype=np.int64)
        self._lock = threading.Lock()
        self._handles: list[BinaryIO] = []
        for file in files:
            path = folder / file.name
            try:
                self._handles.append(path.open("rb", buffering=0))
            except OSError as error:
                raise CorpusError(f"{path}: {error.strerror}") from None
            if checked and _sha256(self._handles[-1]) != file.sha256:
                raise CorpusError(f"{path} is not what was written")

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __del__(self) -> None:
        for handle in self._handles:
            handle.close()

    def windows(self, starts: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.uint8]:
        """Read the windows that begin at `starts`: uint8 `(windows, length)`."""
        found = np.empty((len(starts), length), np.uint8)
        with self._lock:
            for row, start in zip(found, starts, strict=True):
                self._read(int(start), row.data)
        return found

    def fingerprint(self) -> str:
        """A checksum of the text, and of how it is cut into files."""
        return hashlib.sha256("".join(file.sha256 for file in self._files).encode()).hexdigest()

    def _read(self, start: int, into: memoryview) -> None:
        while len(into):
            number = int(np.searchsorted(self._ends, start, side="right"))
            handle, file = self._handles[number], self._files[number]
            handle.seek(start - (int(self._ends[number]) - file.size))
            count = handle.readinto(into)  # type: ignore[attr-defined]
            if not count:
                raise CorpusError(f"{handle.name} was cut off while it was read; begin again with --resume")
            into, start = into[count:], start + count


class TokenWriter:
    """Writes a text of token ids as files.

    Args:
        folder: where to.
        name: what their names begin with.
        file_bytes: size of each but the last.
    """

    def __init__(self, folder: Path, name: str, file_bytes: int = _FILE_BYTES) -> None:
        self._folder, self._name, self._room = folder, name, file_bytes
        self._handle: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._size = 0
        self.files: list[TokenFile] = []

    def write(self, ids: bytes | memoryview) -> None:
        """Append ids to the text; OSError where the disk is full."""
        left = memoryview(ids)
        while len(left):
            if self._handle is None:
                self._handle = (self._folder / f"{self._name}-{len(self.files):04}.ids").open("wb")
            part = left[: self._room - self._size]
            self._handle.write(part)
            self._digest.update(part)
            self._size += len(part)
            left = left[len(part) :]
            if self._size == self._room:
                self.close()

    def __enter__(self) -> TokenWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the file that is being written."""
        if self._handle is not None:
            name = Path(self._handle.name).name
            self._handle.close()
            self.files.append(TokenFile(name, self._size, self._digest.hexdigest()))
            self._handle, self._digest, self._size = None, hashlib.sha256(), 0


def sha256_of_files(paths: Iterable[Path]) -> str:
    """The SHA-256 of files one after another, with little memory."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb", buffering=0) as file:
            _sha256(file, digest)
    return digest.hexdigest()


def _sha256(file: BinaryIO, digest: Any = None) -> str:
    digest = digest or hashlib.sha256()
    while data := file.read(_READ_BYTES):
        digest.update(data)
    return str(digest.hexdigest())
