"""Turn a tune into a score: an SVG with its title, its rhythm and its staves."""

import re
from dataclasses import dataclass
from html import escape

from abclm.errors import AbclmError
from abclm.notation.tune import Tune
from abclm.score.engraver import engrave
from abclm.score.heading import heading_of
from abclm.score.left_out import say_left_out
from abclm.score.musicxml import write_score

# A4, in the engraver's unit: tenths of a millimetre at full size.
PAGE_WIDTH = 2000
PAGE_HEIGHT = 2600
# A bar of eight notes still fits.
NARROWEST = 700
_HEAD_HEIGHT = 58
_NOTE_ID = re.compile(r'id="(n\d+(?:-\d+)?(?:\.\d+)?")')
_VIEW_BOX = re.compile(r'viewBox="0 0 (\d+) (\d+)"')
_INCIPIT_BARS = 2
_INCIPIT_WIDTH = 1200  # half of a book's page
# What is not for the first bars alone: titles, parts, tempo, words.
_NOT_IN_INCIPIT = re.compile(r"(?m)^[PQTWw]:.*\n")


@dataclass(frozen=True)
class Staves:
    """The engraved staves of a tune.

    Attributes:
        pages: each page as the text of an SVG without a title.
        sizes: width and height of each page, in pixels.
        left_out: what the score doesn't show.
    """

    pages: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    left_out: tuple[str, ...] = ()


def engrave_tune(tune: Tune, *, seed: int = 1, width: int = PAGE_WIDTH) -> Staves:
    """Engrave a tune's staves.

    Args:
        tune: any tune.
        seed: seed for identifiers; scores on one HTML page need different seeds.
        width: width of the page, `NARROWEST` to `PAGE_WIDTH`; on a narrow page, for a phone, lines of music are split.

    Raises:
        ConvertError: the tune has no canonical form or no note, or the engraver failed.
    """
    score, left_out = write_score(tune)
    splits = width < PAGE_WIDTH or "<lyric" in score  # syllables must not be pressed together
    pages = tuple(engrave(score, width=width, height=PAGE_HEIGHT, more_lines=splits, seed=seed))
    if seed != 1:  # identifiers of notes
        pages = tuple(_NOTE_ID.sub(rf'id="s{seed}\1', page) for page in pages)
    found = [_VIEW_BOX.search(page) for page in pages]
    sizes = tuple((int(box[1]), int(box[2])) for box in found if box)
    assert len(sizes) == len(pages)
    return Staves(pages, sizes, tuple(left_out))


def format_svg(tune: Tune, *, seed: int = 1) -> str:
    """Write a tune's score as one SVG file with the title, the rhythm, and the staves of all pages.

    Raises:
        ConvertError: as `engrave_tune`.
    """
    staves = engrave_tune(tune, seed=seed)
    heading = heading_of(tune)
    say_left_out(heading.title, staves.left_out)
    width = max(size[0] for size in staves.sizes)
    head = [_line(heading.title, 32, 24, width, "middle")]
    head += [
        _line(line, 32 + 20 * number, 17, width, "middle") for number, line in enumerate(heading.subtitles, 1)
    ]
    top = _HEAD_HEIGHT + 20 * len(heading.subtitles)
    if heading.rhythm:
        head.append(_line(heading.rhythm, top - 6, 15, width, "start", "italic"))
    if heading.composer:
        head.append(_line(heading.composer, top - 6, 15, width, "end", "italic"))
    height = top + sum(size[1] for size in staves.sizes)
    foot = [*heading.words, *heading.about]
    head += [_line(line, height + 18 * number, 14, width, "start") for number, line in enumerate(foot, 1)]
    return _one_svg(staves, escape(heading.title), head, top, 18 * len(foot) + 12 * bool(foot))


def _line(text: str, y: int, size: int, width: int, anchor: str, style: str = "normal") -> str:
    """A line of text; a long one is compressed to the width."""
    x = {"start": 20, "middle": width // 2, "end": width - 20}[anchor]
    fit = (
        f' textLength="{width - 40}" lengthAdjust="spacingAndGlyphs"'
        if len(text) * size * 0.45 > width - 40
        else ""
    )
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-family="Libertinus Serif, Times, serif" '
        f'font-size="{size}" font-style="{style}"{fit}>{escape(text)}</text>'
    )


def format_staves(tune: Tune, *, seed: int = 1, width: int = PAGE_WIDTH) -> str:
    """Write a tune's staves as one SVG file, for a page that shows title and rhythm itself.

    Args:
        tune: any tune.
        seed, width: see `engrave_tune`.

    Raises:
        ConvertError: as `engrave_tune`.
    """
    return _one_svg(engrave_tune(tune, seed=seed, width=width), escape(heading_of(tune).title), [], 0)


def _one_svg(staves: Staves, title: str, head: list[str], top: int, bottom: int = 0) -> str:
    """Put the pages below each other, at distances in pixels from the top and to the bottom."""
    width = max(size[0] for size in staves.sizes)
    height = top + sum(size[1] for size in staves.sizes) + bottom
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img">',
        f"<title>{title}</title>",
        *head,
    ]
    for page, size in zip(staves.pages, staves.sizes, strict=True):
        parts.append(placed(page, size, top))
        top += size[1]
    return "\n".join([*parts, "</svg>"]) + "\n"


def placed(page: str, size: tuple[int, int], top: int = 0) -> str:
    """Make an engraved page part of another SVG, at a distance in pixels from its top."""
    inner = page[page.index("<svg") :]
    return inner.replace("<svg ", f'<svg x="0" y="{top}" width="{size[0]}" height="{size[1]}" ', 1)


def engrave_incipit(tune: Tune, *, seed: int = 1) -> Staves | None:
    """Engrave the first two bars of a tune, and a pick-up before them.

    Args:
        tune: any tune.
        seed: seed for identifiers; scores on one HTML page need different seeds.

    Returns:
        The staff; None where these bars can't be engraved by themselves.
    """
    head = _NOT_IN_INCIPIT.sub("", tune.text[: tune.body_start])
    try:
        return engrave_tune(
            Tune.parse(f"{head}{tune.opening(_INCIPIT_BARS)}|\n"), seed=seed, width=_INCIPIT_WIDTH
        )
    except AbclmError:
        return None
