"""Play sound on the loudspeakers, by a program that is there."""

import os
import shutil
import subprocess
import sys
import tempfile
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


def play_sound(wav: bytes) -> None:
    """Play a WAV file and wait for its end.

    Args:
        wav: the file's content.

    Raises:
        ConvertError: no program that plays sound was found, or it failed.
    """
    command = _find_player()
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


def _find_player() -> list[str]:
    if named := os.environ.get(VARIABLE):
        return [named]
    for program, *arguments in _PLAYERS:
        if (program != "powershell" or sys.platform == "win32") and (found := shutil.which(program)):
            return [found, *arguments]
    raise ConvertError(
        f"no program that plays sound is here ({', '.join(each[0] for each in _PLAYERS[:-1])}); name one in {VARIABLE}, "
        "or write a file by abclm convert IN tune.wav"
    )
