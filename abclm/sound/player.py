"""Play sound on the loudspeakers, by a program that is there."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from abclm.errors import ConvertError

VARIABLE = "ABCLM_PLAYER"
_PLAYERS: tuple[tuple[str, ...], ...] = (
    ("afplay",),
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("play", "-q"),
    ("mpv", "--really-quiet"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("powershell", "-c", "(New-Object Media.SoundPlayer $args[0]).PlaySync()"),
)


def play_sound(wav: bytes, command: Sequence[str]) -> None:
    """Play a WAV file and wait for its end.

    Args:
        wav: the file's content.
        command: a program and its arguments, as `find_player` gives them.

    Raises:
        ConvertError: the program can't be run or failed.
    """
    with tempfile.TemporaryDirectory(prefix="abclm-", ignore_cleanup_errors=True) as folder:
        path = Path(folder, "tune.wav")
        path.write_bytes(wav)
        try:
            ended = subprocess.run(
                [*command, str(path)], stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except OSError as error:
            raise ConvertError(
                f"{command[0]} can't be run ({error.strerror}); name another in {VARIABLE}"
            ) from None
    if ended.returncode:
        said = (
            " ".join(ended.stderr.decode(errors="replace").split())[:200] or f"exit code {ended.returncode}"
        )
        raise ConvertError(
            f"{command[0]} could not play the sound ({said}); name another program in {VARIABLE}"
        )


def find_player() -> list[str]:
    """Find a program that plays WAV files: the one that the variable `ABCLM_PLAYER` names, or the first that is here.

    Returns:
        The program and its arguments, without the file's name.

    Raises:
        ConvertError: there is none.
    """
    if named := os.environ.get(VARIABLE):
        return [named]
    for program, *arguments in _PLAYERS:
        if (program != "powershell" or sys.platform == "win32") and (found := shutil.which(program)):
            return [found, *arguments]
    raise ConvertError(
        f"no program that plays sound is here ({', '.join(each[0] for each in _PLAYERS[:-1])}); name one in {VARIABLE}, "
        "or write a file by abclm convert IN tune.wav"
    )
