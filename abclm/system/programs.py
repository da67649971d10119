"""Find the programs that conversions need, and run one of them within limits.

A program gets no shell, no input, a private folder to work in, and limits on its time, its memory and
the files that it writes, since the text that it reads may come from anywhere.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from abclm.errors import ConvertError

_MAX_OUTPUT_BYTES = 1_000_000
# The modules that set limits exist on Unix only, and `prlimit` on Linux only.
_LIMITS_WORK = sys.platform == "linux"


@dataclass(frozen=True)
class Finished:
    """How a program ended.

    Args:
        returncode: its exit code, or minus the signal that ended it.
        output: the first million bytes of what it wrote to standard output and standard error.
    """

    returncode: int
    output: bytes

    @property
    def crashed(self) -> bool:
        """True where a signal (or, on Windows, an exception) ended it."""
        return self.returncode < 0 or self.returncode > 0xFFFF


def find_abc_program(name: str, variable: str) -> Path:
    """Find `abc2midi` or a program that comes with it.

    Args:
        name: the program's name, without a suffix.
        variable: the environment variable with which a user names one of their own.

    Returns:
        Its absolute path: what the variable says, else the one in symusic's wheel, else the one on `PATH`.

    Raises:
        ConvertError: the variable names no file, or there is no such program.
    """
    named = os.environ.get(variable)
    if named:
        found = named if os.path.isfile(named) else shutil.which(named)
        if not found:
            raise ConvertError(f"{variable} is {named!r}, which is no program; name {name} there or unset it")
        return Path(found).absolute()
    bundled = _bundled(name)
    if bundled:
        return bundled
    found = shutil.which(name)
    if not found:
        raise ConvertError(f"{name} was not found; pip install symusic, or set {variable} to its path")
    return Path(found).absolute()


def _bundled(name: str) -> Path | None:
    """Find a program in symusic's wheel; importing symusic would load its whole library."""
    spec = importlib.util.find_spec("symusic")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, "bin", f"{name}.exe" if os.name == "nt" else name)
        if path.is_file():
            return path.absolute()
    return None


def made_executable(program: Path, folder: Path) -> Path:
    """Give a program that may be run: itself, or a copy in a private folder where its mode forbids it.

    Some installers lose the mode of the files in a wheel, and site-packages may not be ours to mend.
    """
    if os.access(program, os.X_OK) or not program.is_file():
        return program
    copy = folder / f"program-{program.name}"
    shutil.copyfile(program, copy)
    copy.chmod(0o700)
    return copy


def run_program(
    command: list[str],
    folder: Path,
    *,
    timeout_seconds: float,
    memory_bytes: int = 1 << 30,
    file_bytes: int = 1 << 28,
) -> Finished:
    """Run a program to its end.

    Args:
        command: the program's absolute path, then its arguments.
        folder: where it works; it gets a file `said` with what the program printed.
        timeout_seconds: how long it may take.
        memory_bytes: how much address space it may take (Linux).
        file_bytes: how large a file it may write (Linux).

    Raises:
        ConvertError: it could not be started, or it took too long and was ended.
    """
    name = Path(command[0]).name
    said = folder / "said"
    with said.open("wb") as output:
        try:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        except OSError as error:
            raise ConvertError(f"{command[0]} could not be started: {error.strerror or error}") from error
        try:
            limit_process(process.pid, memory_bytes, file_bytes)
            returncode = process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise ConvertError(f"{name} took longer than {timeout_seconds:g} s and was stopped") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    with said.open("rb") as written:
        return Finished(returncode, written.read(_MAX_OUTPUT_BYTES))


def printable(words: str) -> str:
    """Take out of a program's words what could drive a terminal, and what is longer than anyone reads."""
    return "".join(character if character.isprintable() else "?" for character in words[:200])


def limit_process(pid: int, memory_bytes: int, file_bytes: int) -> None:
    """Set limits on a process that has just started; it may have ended already."""
    if not _LIMITS_WORK:
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        for kind, limit in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_FSIZE, file_bytes)):
            resource.prlimit(pid, kind, (limit, limit))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
