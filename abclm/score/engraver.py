"""Turn MusicXML into pages of SVG by verovio, in a process of its own that may crash, hang or take too much memory.

The process is started with the first score and stays for the next ones, as starting it takes longer than engraving a
tune. A tune that ends it is an error, and the next tune gets a new one.
"""

import atexit
import contextlib
import importlib.util
import os
import re
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

from abclm.errors import ConvertError
from abclm.score.engraver_worker import receive, send
from abclm.system.programs import limit_process

_MEMORY_BYTES = 2 << 30
_FILE_BYTES = 1 << 20
# Its letters are those of its page's measures: 210 wide are 21 cm at a scale of 100.
_OPTIONS = {
    "inputFrom": "musicxml",
    "scale": 40,
    "adjustPageHeight": True,
    "header": "none",
    "footer": "none",
    "pageMarginTop": 20,
    "pageMarginBottom": 20,
    "pageMarginLeft": 50,
    "pageMarginRight": 50,
    "spacingSystem": 6,
    "svgViewBox": True,
    "svgRemoveXlink": True,
    # Only the signs in chord symbols are letters of its music font; they become letters of any font.
    "smuflTextFont": "none",
}
_SIGN_IN_TEXT = re.compile('font-family="Leipzig" font-size="[0-9]+px">([\uea64-\uea66])')
_SIGNS = {"\uea64": "♭", "\uea65": "♮", "\uea66": "♯"}


def engrave(
    musicxml: str,
    *,
    width: int = 2000,
    height: int = 2600,
    more_lines: bool = False,
    seed: int = 1,
    timeout_seconds: float = 30.0,
) -> list[str]:
    """Engrave a score.

    Args:
        musicxml: the text of a MusicXML file.
        width: of a page, in tenths of a millimetre at full size.
        height: what a page has at most.
        more_lines: whether lines of music that a narrow page has no room for become several; else they are
            squeezed.
        seed: for the identifiers in the SVG, 1 or more; scores on one page of HTML need different ones.
        timeout_seconds: how long it may take.

    Returns:
        Each page as the text of an SVG file.

    Raises:
        ConvertError: verovio can't read it, crashed, or took too long; or it is not installed.
    """
    breaks = "smart" if more_lines else "line"
    options = _OPTIONS | {"pageWidth": width, "pageHeight": height, "breaks": breaks, "xmlIdSeed": seed}
    answer = _worker().ask({"musicxml": musicxml, "options": options}, timeout_seconds)
    if "error" in answer:
        raise ConvertError(f"the score can't be engraved: {answer['error']}")
    if not any('class="measure"' in page for page in answer["pages"]):
        raise ConvertError("the score can't be engraved: verovio found no measure in it")
    return [_SIGN_IN_TEXT.sub(_plain_sign, page) for page in answer["pages"]]


def _plain_sign(found: re.Match[str]) -> str:
    return f'font-size="405px">{_SIGNS[found[1]]}'


class _Worker:
    """The process, and how it is asked."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.owner = 0
        self.lock = threading.Lock()
        atexit.register(self.stop)

    def ask(self, request: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        """Send one request and wait for its answer; whatever goes wrong, the next request can be sent."""
        with self.lock:
            process = self.running()
            answers: list[dict[str, Any] | None] = []
            # A thread, as reading from a pipe has no time limit that works on every system.
            waiting = threading.Thread(target=_exchange, args=(process, request, answers), daemon=True)
            waiting.start()
            waiting.join(timeout_seconds)
            if waiting.is_alive():
                self.stop()
                waiting.join()
                raise ConvertError(f"engraving took longer than {timeout_seconds:g} s and was stopped")
            answer = answers[0] if answers else None
            if answer is None:
                code = self.stop()
                raise ConvertError(f"the engraver crashed ({code}) on this tune; check its ABC")
            return answer

    def running(self) -> subprocess.Popen[bytes]:
        """The process, started where there is none, or where it belongs to the process that forked this one."""
        if self.process is not None and self.owner == os.getpid() and self.process.poll() is None:
            return self.process
        self.stop()
        if importlib.util.find_spec("verovio") is None:
            raise ConvertError("verovio, which engraves scores, is not installed; pip install verovio")
        program = Path(__file__).with_name("engraver_worker.py")
        self.process = subprocess.Popen(
            # -P: the modules beside the program are not for it to import.
            [sys.executable, "-P", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.owner = os.getpid()
        limit_process(self.process.pid, _MEMORY_BYTES, _FILE_BYTES)
        return self.process

    def stop(self) -> int | None:
        """End the process; give its exit code."""
        process, self.process = self.process, None
        if process is None or self.owner != os.getpid():
            return None
        process.kill()  # nothing, where it has ended by itself
        code = process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                assert stream is not None
                stream.close()
        return code


def _exchange(
    process: subprocess.Popen[bytes], request: dict[str, Any], answers: list[dict[str, Any] | None]
) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    # A process that ends while it is written to or read from gives no answer.
    with contextlib.suppress(OSError, ValueError):
        send(process.stdin, request)  # type: ignore[arg-type]
        answers.append(receive(process.stdout))  # type: ignore[arg-type]


@cache
def _worker() -> _Worker:
    return _Worker()
