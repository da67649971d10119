"""Turn MusicXML into pages of SVG by verovio, in a separate process, because it can crash, hang or use too much memory.

A tune that ends the process causes an error; the next tune gets a new process (see `abclm.system.worker`).
"""

import importlib.util
import re
from functools import cache

from abclm.errors import ConvertError
from abclm.system.worker import Worker, WorkerCrashError

_PROGRAM = "from abclm.score.engraver_worker import main; main()"
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
    # Only accidentals in chord symbols use letters of verovio's music font; replace them by letters of any font.
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
        width: width of a page, in tenths of a millimetre at full size.
        height: maximum height of a page, in the same unit.
        more_lines: whether to split lines of music that are too long for a narrow page; otherwise they are
            compressed.
        seed: seed for the identifiers in the SVG, 1 or more; scores on one HTML page need different seeds.
        timeout_seconds: time limit.

    Returns:
        Each page as the text of an SVG file.

    Raises:
        ConvertError: verovio can't read it, crashed, or took too long; or it is not installed.
    """
    breaks = "smart" if more_lines else "line"
    options = _OPTIONS | {"pageWidth": width, "pageHeight": height, "breaks": breaks, "xmlIdSeed": seed}
    if importlib.util.find_spec("verovio") is None:
        raise ConvertError("verovio, which engraves scores, is not installed; pip install verovio")
    try:
        answer, _ = _worker().ask({"musicxml": musicxml, "options": options}, timeout_seconds)
    except TimeoutError:
        raise ConvertError(f"engraving took longer than {timeout_seconds:g} s and was stopped") from None
    except WorkerCrashError as error:
        raise ConvertError(f"the engraver crashed ({error.returncode}) on this tune; check its ABC") from None
    if "error" in answer:
        raise ConvertError(f"the score can't be engraved: {answer['error']}")
    if not any('class="measure"' in page for page in answer["pages"]):
        raise ConvertError("the score can't be engraved: verovio found no measure in it")
    return [_SIGN_IN_TEXT.sub(_plain_sign, page) for page in answer["pages"]]


def _plain_sign(found: re.Match[str]) -> str:
    return f'font-size="405px">{_SIGNS[found[1]]}'


@cache
def _worker() -> Worker:
    return Worker(_PROGRAM, memory_bytes=_MEMORY_BYTES, file_bytes=_FILE_BYTES)
