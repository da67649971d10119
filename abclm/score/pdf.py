"""Turn tunes into PDF pages, and a tune into a PNG picture, by Typst.

Why Typst: pip alone can install it, it draws every glyph of verovio's SVG, contains fonts for the text (resvg omitted
titles on a machine without fonts), makes pages, and keeps the text in a PDF as text. It gets titles as data, never as
markup.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from abclm.errors import AbclmError, ConvertError
from abclm.notation.tune import Tune
from abclm.score.svg import Staves, engrave_tune, format_svg, rhythm_of, title_of

_PIXELS_PER_INCH = 200
_BOOK = """\
#let tunes = json("tunes.json")
#set document(title: tunes.at(0).title, date: none)
#set page(paper: "a4", margin: (x: 15mm, top: 15mm, bottom: 18mm), numbering: if tunes.len() > 1 { "1" })
#set text(font: "Libertinus Serif", size: 11pt)
#for tune in tunes {
  let staves = tune.pages.map(page => image(page, width: 100%))
  block(breakable: false, width: 100%, below: 8mm, {
    align(center, heading(bookmarked: true, text(size: 15pt, weight: "regular", tune.title)))
    if tune.rhythm != "" { place(dx: 3mm, dy: -6mm, emph(tune.rhythm)) }
    staves.first()
  })
  for more in staves.slice(1) { more }
}
"""
_PICTURE = """\
#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image("score.svg", width: 800pt)
"""


def format_pdf(tunes: Sequence[Tune]) -> tuple[bytes, list[tuple[Tune, AbclmError]]]:
    """Make a PDF of tunes; a tune that fits on one page is not split.

    Args:
        tunes: one or more tunes.

    Returns:
        The bytes of the file, and the tunes that could not be engraved, which are left out.

    Raises:
        ConvertError: no tune could be engraved, or the PDF could not be made.
    """
    engraved: list[tuple[Tune, Staves]] = []
    failed: list[tuple[Tune, AbclmError]] = []
    for tune in tunes:
        try:
            engraved.append((tune, engrave_tune(tune)))
        except AbclmError as error:
            failed.append((tune, error))
    if not engraved:
        raise failed[0][1] if failed else ConvertError("there is no tune to be set; give at least one")
    with tempfile.TemporaryDirectory(prefix="abclm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        entries = []
        for number, (tune, staves) in enumerate(engraved):
            files = []
            for place, page in enumerate(staves.pages):
                files.append(f"{number}-{place}.svg")
                (folder / files[-1]).write_text(page, encoding="utf-8")
            entries.append({"title": title_of(tune), "rhythm": rhythm_of(tune), "pages": files})
        (folder / "tunes.json").write_text(json.dumps(entries), encoding="utf-8")
        return _compile(folder, _BOOK, "pdf"), failed


def format_png(tune: Tune) -> bytes:
    """Draw a tune's score as a PNG picture on white, with 200 pixels per inch.

    Raises:
        ConvertError: the tune could not be engraved or drawn.
    """
    svg = format_svg(tune)
    with tempfile.TemporaryDirectory(prefix="abclm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "score.svg").write_text(svg, encoding="utf-8")
        return _compile(folder, _PICTURE, "png")


def _compile(folder: Path, source: str, kind: Literal["pdf", "png"]) -> bytes:
    """Compile a Typst source with the files in a folder."""
    try:
        import typst
    except ImportError:
        raise ConvertError("typst, which sets PDF and PNG, is not installed; pip install typst") from None
    (folder / "main.typ").write_text(source, encoding="utf-8")
    try:
        made = typst.compile(
            folder / "main.typ", root=folder, format=kind, ppi=_PIXELS_PER_INCH, ignore_system_fonts=True
        )
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ConvertError(f"the score could not be set as {kind}: {reason}") from error
    # For a picture, Typst gives a list of pages or one page.
    page = made[0] if isinstance(made, list) else made
    if not page:
        raise ConvertError(f"the score could not be set as {kind}: nothing came of it")
    return bytes(page)
