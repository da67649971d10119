"""Write files so that what stood there before is whole until the new content is."""

import contextlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path

MIDI_SUFFIXES = (".mid", ".midi")


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file aside, in its own folder, and rename it into place.

    Args:
        path: the file to write; its folder is made where it is missing.
        data: the whole content.

    Raises:
        OSError: the folder can't be made or written, or the disk is full. What stood at
            `path` before is untouched, and nothing half-written stays behind.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, _usual_mode())
        os.replace(aside, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        if isinstance(error, OSError):
            error.filename = str(target)  # the file that was asked for, and not the one aside
        raise


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


def _usual_mode() -> int:
    """The mode a newly made file would get; `mkstemp` gives a private one."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
