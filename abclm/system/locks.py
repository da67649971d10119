"""Hold a folder for one process, by a lock of the system that ends with the process, however it ends."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

LOCK = ".lock"

_log = logging.getLogger(__name__)


class Locked(Exception):
    """Another process, or another part of this one, holds the folder.

    Args:
        holder: its process id, as far as it is known.
    """

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(
            f"process {holder} holds the folder" if holder else "another process holds the folder"
        )


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold a folder while the `with` block lasts.

    A file `.lock` stands in it as long, which holds the process id. It is the lock that counts: what a killed
    process has left is taken over. Where the file system has no locks, a warning says so.

    Args:
        folder: made where it is missing; where it is empty at the end, it is removed again.

    Raises:
        Locked: it is held already.
        OSError: the folder can't be made or written.
    """
    existed = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    descriptor = _take(path)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if sys.platform == "win32":  # where an open file can't be removed
                os.close(descriptor)
                path.unlink()
            else:
                path.unlink()
                os.close(descriptor)
        if not existed:
            with contextlib.suppress(OSError):
                folder.rmdir()  # does nothing to a folder with something in it


def _take(path: Path) -> int:
    """Open and lock a file, the one that stands there still once it is locked; its descriptor."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _lock(descriptor):
                raise Locked(os.read(descriptor, 20).decode("ascii", errors="replace").strip())
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    os.truncate(descriptor, 0)
                    os.write(descriptor, f"{os.getpid()}\n".encode())
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # whoever held it before has removed it meanwhile


if sys.platform == "win32":
    import msvcrt

    _BEHIND_THE_TEXT = 1 << 20  # what is locked there can't be read by others

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _BEHIND_THE_TEXT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            _log.warning("two runs in one folder can't be told apart here (%s)", error.strerror)
        return True
