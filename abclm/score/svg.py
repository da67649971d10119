"""Turn a tune into a score: an SVG with its title, its rhythm and its staves."""

import re
from dataclasses import dataclass
from html import escape

from abclm.notation.tune import Tune
from abclm.score.engraver import engrave
from abclm.score.musicxml import clean, format_musicxml

# A4, in the engraver's unit: tenths of a millimetre at full size.
PAGE_WIDTH = 2000
PAGE_HEIGHT = 2600
# A bar of eight notes still fits.
NARROWEST = 700
_MOST_TITLE = 200
_HEAD_HEIGHT = 58
_VIEW_BOX = re.compile(r'viewBox="0 0 (\d+) (\d+)"')


@dataclass(frozen=True)
class Staves:
    """The engraved staves of a tune.

    Attributes:
        pages: each page as the text of an SVG without a title.
        sizes: width and height of each page, in pixels.
    """

    pages: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]


def engrave_tune(tune: Tune, *, seed: int = 1, width: int = PAGE_WIDTH) -> Staves:
    """Engrave a tune's staves.

    Args:
        tune: any tune.
        seed: seed for identifiers; scores on one HTML page need different seeds.
        width: width of the page, `NARROWEST` to `PAGE_WIDTH`; on a narrow page, for a phone, lines of music are split.

    Raises:
        ConvertError: the tune has no canonical form or no note, or the engraver failed.
    """
    narrow = width < PAGE_WIDTH
    pages = tuple(
        engrave(format_musicxml(tune), width=width, height=PAGE_HEIGHT, more_lines=narrow, seed=seed)
    )
    found = [_VIEW_BOX.search(page) for page in pages]
    sizes = tuple((int(box[1]), int(box[2])) for box in found if box)
    assert len(sizes) == len(pages)
    return Staves(pages, sizes)


def title_of(tune: Tune) -> str:
    """A tune's title for display, or a substitute; at most 200 characters, without control characters."""
    title = " ".join(clean(tune.title).split())
    return (title[: _MOST_TITLE - 1] + "…" if len(title) > _MOST_TITLE else title) or "Untitled"


def rhythm_of(tune: Tune) -> str:
    """A tune's rhythm for display, or an empty string."""
    return " ".join(clean(tune.rhythm or "").split())[:_MOST_TITLE]


def format_svg(tune: Tune, *, seed: int = 1) -> str:
    """Write a tune's score as one SVG file with the title, the rhythm, and the staves of all pages.

    Raises:
        ConvertError: as `engrave_tune`.
    """
    staves = engrave_tune(tune, seed=seed)
    width = max(size[0] for size in staves.sizes)
    title, rhythm = escape(title_of(tune)), escape(rhythm_of(tune))
    # Compress a long title to the width.
    fit = f' textLength="{width - 40}" lengthAdjust="spacingAndGlyphs"' if len(title_of(tune)) > 65 else ""
    head = [
        f'<text x="{width // 2}" y="32" text-anchor="middle" font-family="Libertinus Serif, Times, serif" '
        f'font-size="24"{fit}>{title}</text>',
        f'<text x="20" y="52" font-family="Libertinus Serif, Times, serif" font-size="15" '
        f'font-style="italic">{rhythm}</text>',
    ]
    return _one_svg(staves, title, head, _HEAD_HEIGHT)


def format_staves(tune: Tune, *, seed: int = 1, width: int = PAGE_WIDTH) -> str:
    """Write a tune's staves as one SVG file, for a page that shows title and rhythm itself.

    Args:
        tune: any tune.
        seed, width: see `engrave_tune`.

    Raises:
        ConvertError: as `engrave_tune`.
    """
    return _one_svg(engrave_tune(tune, seed=seed, width=width), escape(title_of(tune)), [], 0)


def _one_svg(staves: Staves, title: str, head: list[str], top: int) -> str:
    """Put the pages below each other, at a distance in pixels from the top."""
    width = max(size[0] for size in staves.sizes)
    height = top + sum(size[1] for size in staves.sizes)
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
