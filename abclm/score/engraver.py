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
    # The letters of a browser may be wider than verovio's.
    "lyricSize": 3.4,
    "lyricWordSpace": 3.0,
    "svgViewBox": True,
    "svgRemoveXlink": True,
    # Only accidentals in chord symbols use letters of verovio's music font; replace them by letters of any font.
    "smuflTextFont": "none",
}
_SIGN_IN_TEXT = re.compile('font-family="Leipzig" font-size="[0-9]+px">([\uea64-\uea66])')
# The note of a metronome mark, too, which is drawn in its place.
_NOTE_IN_TEXT = re.compile(
    r'(<text x="(\d+)" y="(\d+)"[^>]*>(?:\s*<tspan[^>]*>)*?\s*)<tspan font-family="Leipzig" font-size="\d+px">'
    r"([\ueca2-\ueca9])( ?\uecb7)?"
)
_FLAGS = {"\ueca7": 1, "\ueca9": 2}
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
    return [_NOTE_IN_TEXT.sub(_drawn_note, _SIGN_IN_TEXT.sub(_plain_sign, page)) for page in answer["pages"]]


def _plain_sign(found: re.Match[str]) -> str:
    return f'font-size="405px">{_SIGNS[found[1]]}'


def _drawn_note(found: re.Match[str]) -> str:
    """Draw a note, in hundredths of the page's unit, and leave room for it in the text."""
    before, x, y, sign, dot = found[1], int(found[2]), int(found[3]), found[4], found[5]
    hollow = sign in "\ueca2\ueca3"
    lines = "" if sign == "\ueca2" else f"M{x + 205} {y - 85}V{y - 520}"
    for flag in range(_FLAGS.get(sign, 0)):
        lines += f"M{x + 205} {y - 510 + 110 * flag}c20 110 150 110 90 260"
    drawn = (
        f'<ellipse cx="{x + 110}" cy="{y - 75}" rx="100" ry="72" transform="rotate(-22 {x + 110} {y - 75})" '
        f'stroke-width="{30 if hollow else 0}" fill="{"none" if hollow else "currentColor"}"/>'
        f'<path d="{lines}" fill="none" stroke-width="26"/>'
    )
    if dot:
        drawn += f'<circle cx="{x + 310}" cy="{y - 60}" r="34"/>'
    room = "\u2003" if dot else "\u2002"
    return f'{drawn}{before}<tspan font-size="405px">{room}'


@cache
def _worker() -> Worker:
    return Worker(_PROGRAM, memory_bytes=_MEMORY_BYTES, file_bytes=_FILE_BYTES)
