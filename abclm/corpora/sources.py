"""Turn paths, folders, globs and standard input into the contents of ABC and MIDI files."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from abclm.corpora import thesession
from abclm.errors import CorpusError
from abclm.system.files import MIDI_SUFFIXES

STANDARD_INPUT = "-"
SCORE_SUFFIXES = (".musicxml", ".xml")


@dataclass(frozen=True)
class AbcFile:
    """A file to read.

    Attributes:
        path: path as written by the user; `-` is standard input.
        is_named: whether the user named the file itself, not a folder or a glob.
        is_midi: whether to read it as MIDI.
    """

    path: str
    is_named: bool
    is_midi: bool = False

    @property
    def is_score(self) -> bool:
        """Whether it is read as MusicXML, by its suffix."""
        return self.path.lower().endswith(SCORE_SUFFIXES)

    @property
    def is_abc(self) -> bool:
        """Whether it is read as ABC: not as MIDI, MusicXML or the data of thesession.org."""
        return not (self.is_midi or self.is_score or thesession.is_dump(self.path))

    def read(self) -> bytes:
        """Read the whole file.

        Raises:
            CorpusError: the file can't be read, is empty, or should be ABC and is not text.
        """
        try:
            data = sys.stdin.buffer.read() if self.path == STANDARD_INPUT else Path(self.path).read_bytes()
        except OSError as error:
            raise CorpusError(f"{self.path}: can't be read ({error.strerror}); mend that first") from error
        if not data.strip():
            wanted = "MIDI file with notes" if self.is_midi else "file with tunes in ABC notation"
            raise CorpusError(f"{self.path}: is empty; give a {wanted}")
        if not self.is_midi and not looks_like_text(data):
            raise CorpusError(f"{self.path}: is not text; give a file with tunes in ABC notation")
        return data


def find_files(
    paths: Iterable[str | os.PathLike[str]], *, midi: bool = False, abc: bool = True
) -> list[AbcFile]:
    """Find the files of paths, each once.

    Args:
        paths: files with any suffix, folders (all `.abc` files in them and in subfolders, except hidden ones),
            globs (`**` includes subfolders), and `-` for standard input.
        midi: also find `.mid` and `.midi`; in a folder, only without an `.abc` file of the same name next to it.
        abc: False finds MIDI files alone, all of them.

    Returns:
        Files in the order of the paths; files of one folder or glob are sorted by path.

    Raises:
        CorpusError: a path matches no file.
    """
    found: dict[str, AbcFile] = {}
    for path in paths:
        text = os.fspath(path)
        files = [AbcFile(text, True)] if text == STANDARD_INPUT else list(_expand(text, midi, abc))
        if not files:
            kind = ".abc" if abc else "MIDI"
            raise CorpusError(
                f"{text}: no {kind} file is there; give a file, folder or glob that leads to one"
            )
        for file in files:
            key = file.path if file.path == STANDARD_INPUT else os.path.realpath(file.path)
            found.setdefault(key, file)
    return list(found.values())


def looks_like_text(data: bytes) -> bool:
    """Whether bytes can be text in UTF-8 or Latin-1: no NUL, and almost no other control characters."""
    head = data[:65536]
    return b"\0" not in data and len(head.translate(None, _CONTROLS)) >= 0.98 * len(head)


# Tab, line endings, form feed and the end-of-file mark of old DOS editors are text.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1a"))


def _expand(path: str, midi: bool, abc: bool) -> Iterator[AbcFile]:
    if os.path.isdir(path):
        yield from _in_folder(path, midi, abc)
    elif os.path.exists(path):
        yield AbcFile(path, True, midi and (_is_midi(path) or not abc))
    elif glob.has_magic(path):
        for name in sorted(glob.glob(path, recursive=True)):
            if os.path.isdir(name):
                yield from _in_folder(name, midi, abc)
            else:
                yield AbcFile(name, False, midi and (_is_midi(name) or not abc))
    else:
        raise CorpusError(f"{path}: there is no such file or folder; check the path")


def _in_folder(folder: str, midi: bool, abc: bool) -> Iterator[AbcFile]:
    names = [
        os.path.join(place, name)
        for place, folders, files in _walk(folder)
        for name in files
        if not name.startswith(".")
    ]
    # A tune that was generated in both formats counts once.
    stems = {os.path.splitext(name)[0] for name in names if abc and name.lower().endswith(".abc")}
    for name in sorted(names, key=lambda name: Path(name).parts):
        if abc and name.lower().endswith(".abc"):
            yield AbcFile(name, False)
        elif midi and _is_midi(name) and os.path.splitext(name)[0] not in stems:
            yield AbcFile(name, False, is_midi=True)


def _walk(folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk through a folder and its subfolders, except hidden ones."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield place, folders, files


def _is_midi(path: str) -> bool:
    return path.lower().endswith(MIDI_SUFFIXES)
