"""Write files so that what stood there before is whole until the new content is."""

import contextlib
import os
import re
import stat
import tempfile
import unicodedata
from pathlib import Path

MIDI_SUFFIXES = (".mid", ".midi")
_MOST_LINKS = 40  # as many as Linux follows


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file aside, in its own folder, and rename it into place.

    A link is followed: the file that it leads to is written. What is no regular file (a device, a pipe, an open file
    such as `/dev/stdout` or the `>(command)` of a shell) is written to.

    Args:
        path: the file to write; its folder is made where it is missing. A file that stands there gives its
            permissions to the new one.
        data: the whole content.

    Raises:
        OSError: the folder can't be made or written, or the disk is full. What stood in a regular file at
            `path` before is untouched, and nothing half-written stays behind.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    before = _status(target)
    if before is None or (stat.S_ISREG(before.st_mode) and not _is_open_file(target)):
        try:
            _write_aside(Path(os.path.realpath(target)), data, before)
        except OSError as error:
            error.filename = str(target)  # the file that was asked for, and not the one aside
            raise
    else:
        # Added to the end: what a shell has sent to an open file before (`>> file`) stays.
        with open(target, "ab") as file:
            file.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a UTF-8 text file with `\\n` line ends, aside and renamed into place (see `write_bytes`)."""
    write_bytes(path, text.encode("utf-8"))


def file_name(title: str, number: int | None = None) -> str:
    """Make a file name, without suffix, from a tune's title.

    Args:
        title: any text; letters and digits stay, everything else becomes a hyphen.
        number: appended where several files share a title.

    Returns:
        1 to 60 ASCII letters, digits and hyphens, then the number: never a path, never hidden,
        never a name that Windows keeps for a device.

    Example:
        >>> file_name("../Père O'Connor", 2)
        'pere-oconnor-2'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain.lower().replace("'", "")).strip("-")[:60].strip("-")
    if not stem or re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", stem):
        stem = f"tune-{stem}".strip("-")
    return stem if number is None else f"{stem}-{number}"


def _write_aside(target: Path, data: bytes, before: os.stat_result | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)  # where a link leads to nothing yet
    descriptor, aside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if before is not None and hasattr(os, "chown"):
            with contextlib.suppress(OSError):  # only a privileged user can give a file away
                os.chown(aside, before.st_uid, before.st_gid)
        os.chmod(aside, _usual_mode() if before is None else before.st_mode & 0o777)
        os.replace(aside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise


def _status(path: Path) -> os.stat_result | None:
    """What a path leads to; None where that is nothing yet."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _is_open_file(path: Path) -> bool:
    """Whether a path, or a link that it leads through, names an open file by its number: `/dev/stdout`, `/dev/fd/63`."""
    for _ in range(_MOST_LINKS):
        parent = os.path.realpath(path.parent)
        if parent == "/dev/fd" or re.fullmatch(r"/proc/\d+(/task/\d+)?/fd", parent):
            return True
        if not path.is_symlink():
            return False
        path = Path(parent, os.readlink(path))
    return False


def _usual_mode() -> int:
    """The mode a newly made file would get; `mkstemp` gives a private one."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
