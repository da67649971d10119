"""Turn text, figures and pictures into HTML for notebooks, with all values escaped."""

import base64
from collections.abc import Iterable, Sequence
from html import escape

from abclm.show.picture import shorten

_MOST_LETTERS = 120


def text(value: object) -> str:
    """Write any value as text, shortened if it is too long for a line; whole numbers have commas.

    Example:
        >>> text("<b>Reel</b>"), text(12345)
        ('&lt;b&gt;Reel&lt;/b&gt;', '12,345')
    """
    plain = f"{value:,}" if type(value) is int else " ".join(str(value).split())
    return escape(shorten(plain, _MOST_LETTERS))


def facts(rows: Iterable[tuple[str, object]]) -> str:
    """A table with a name and a value in each row."""
    written = (
        f'<tr><th style="text-align:left">{text(name)}</th><td style="text-align:left">{text(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table><tbody>{''.join(written)}</tbody></table>"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a heading over each column; None becomes an empty cell."""
    head = "".join(f'<th style="text-align:left">{text(heading)}</th>' for heading in headings)
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:left">{"" if cell is None else text(cell)}</td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def image(data: bytes, kind: str, description: str) -> str:
    """A picture inside the page. An SVG in an image can't run scripts, and its names don't conflict with others.

    Args:
        data: the bytes of the file.
        kind: such as `png` or `svg+xml`.
        description: text for readers who can't see the picture.
    """
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return f'<img src="{source}" alt="{text(description)}" style="max-width:100%;height:auto">'
