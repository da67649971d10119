"""Write folders so that what stood there before is whole until the new content is."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_ASIDE = ".saving-"


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Write a folder aside, in the folder that `path` is to stand in, and rename it into place.

    What a process that was killed has left aside there is removed first.

    Args:
        path: where no folder stands yet. The folder that it is to stand in is made where it is missing.

    Yields:
        An empty folder, which becomes `path` where the `with` block ends without an error, and else is removed.

    Raises:
        OSError: the folder can't be made or renamed, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{_ASIDE}*"):
        shutil.rmtree(left, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=path.parent))
    try:
        yield aside
        aside.rename(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make a rename outlast a power cut, where the system has a way to."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
