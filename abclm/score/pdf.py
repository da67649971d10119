"""Turn tunes into PDF pages, and a tune into a PNG picture, by Typst.

Why Typst: pip alone can install it, it draws every glyph of verovio's SVG, contains fonts for the text (resvg omitted
titles on a machine without fonts), makes pages, and keeps the text in a PDF as text. It gets titles as data, never as
markup.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from abclm.errors import AbclmError, ConvertError
from abclm.notation.tune import Tune
from abclm.score.heading import heading_of
from abclm.score.left_out import say_left_out
from abclm.score.svg import PAGE_WIDTH, Staves, engrave_incipit, engrave_tune, format_svg
from abclm.system.words import counted

Progress = Callable[[int, int], object]

_PIXELS_PER_INCH = 200
_BOOK_WIDTH = 2500  # in the engraver's unit; so that three tunes fit on a page
_MOST_WITHOUT_INDEX = 3
_BOOK = """\
#let book = json("tunes.json")
#let tunes = book.tunes
#set document(title: book.title, date: none)
#set page(paper: "a4", margin: (x: 15mm, top: 13mm, bottom: 15mm), numbering: if tunes.len() > 1 { "1" })
#set text(font: "Libertinus Serif", size: 11pt)
#if book.index {
  align(center, text(size: 22pt, book.title))
  v(6mm)
  if book.incipits {
    columns(2, for (number, tune) in tunes.enumerate() {
      let target = label("tune-" + str(number))
      block(breakable: false, width: 100%, below: 4mm, link(target, {
        grid(columns: (1fr, auto), column-gutter: 2mm, tune.title, context counter(page).at(target).first())
        if tune.incipit != none { image(tune.incipit, width: 100%) }
      }))
    })
  } else { columns(2, outline(title: none)) }
  pagebreak()
}
#for (number, tune) in tunes.enumerate() {
  let staves = tune.pages.map(page => image(page, width: 100%))
  let below = block(inset: (x: 3mm), text(size: 9.5pt, tune.below.join(linebreak())))
  block(breakable: false, width: 100%, above: 8mm, below: 4mm, {
    let title = heading(bookmarked: true, text(size: 15pt, weight: "regular", tune.title))
    align(center, [#title #label("tune-" + str(number))])
    for line in tune.subtitles { align(center, block(above: 1.5mm, below: 1.5mm, line)) }
    if tune.rhythm != "" or tune.composer != "" {
      block(above: 1mm, below: 1mm, inset: (x: 3mm), grid(
        columns: (1fr, 1fr), emph(tune.rhythm), align(right, emph(tune.composer)),
      ))
    }
    staves.first()
    if tune.below.len() > 0 and staves.len() == 1 { below }
  })
  for more in staves.slice(1) { more }
  if tune.below.len() > 0 and staves.len() > 1 { below }
}
"""
_PICTURE = """\
#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image("score.svg", width: 800pt)
"""


def format_pdf(
    tunes: Sequence[Tune],
    *,
    title: str | None = None,
    incipits: bool | None = None,
    progress: Progress | None = None,
) -> tuple[bytes, list[tuple[Tune, AbclmError]]]:
    """Make a PDF of tunes; a tune that fits on one page is not split. A book of more than three begins with an index.

    Args:
        tunes: one or more tunes.
        title: of a book of several tunes; else it says how many there are.
        incipits: whether to begin any book with an index that has the first bars of each tune.
        progress: called before each tune with the number of those that are done, and that of all.

    Returns:
        The bytes of the file, and the tunes that could not be engraved, which are left out.

    Raises:
        ConvertError: no tune could be engraved, or the PDF could not be made.
    """
    engraved: list[tuple[Tune, Staves]] = []
    failed: list[tuple[Tune, AbclmError]] = []
    for number, tune in enumerate(tunes):
        if progress:
            progress(number, len(tunes))
        try:
            engraved.append((tune, engrave_tune(tune, width=PAGE_WIDTH if len(tunes) == 1 else _BOOK_WIDTH)))
        except AbclmError as error:
            failed.append((tune, error))
    if not engraved:
        raise failed[0][1] if failed else ConvertError("there is no tune to be set; give at least one")
    first = heading_of(engraved[0][0]).title
    name = first if len(engraved) == 1 else title or counted(len(engraved), "tune")
    say_left_out(name, (each for _, staves in engraved for each in staves.left_out))
    with tempfile.TemporaryDirectory(prefix="abclm-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        entries = [
            _entry(folder, number, tune, staves, with_incipit=bool(incipits))
            for number, (tune, staves) in enumerate(engraved)
        ]
        has_index = len(entries) > (1 if incipits else _MOST_WITHOUT_INDEX)
        book = {"title": name, "tunes": entries, "index": has_index, "incipits": bool(incipits)}
        (folder / "tunes.json").write_text(json.dumps(book), encoding="utf-8")
        return _compile(folder, _BOOK, "pdf"), failed


def _entry(folder: Path, number: int, tune: Tune, staves: Staves, *, with_incipit: bool) -> dict[str, object]:
    """What Typst is given of a tune; the pictures are written into the folder."""
    heading = heading_of(tune)
    pictures = {f"{number}-{place}.svg": page for place, page in enumerate(staves.pages)}
    first_bars = engrave_incipit(tune) if with_incipit else None
    incipit = f"{number}-incipit.svg" if first_bars else None
    below = [*heading.words, *heading.about]
    entry = {**asdict(heading), "pages": [*pictures], "below": below, "incipit": incipit}
    if first_bars:
        pictures[f"{incipit}"] = first_bars.pages[0]
    for name, content in pictures.items():
        (folder / name).write_text(content, encoding="utf-8")
    return entry


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
