"""Turn matplotlib figures, all in one style, into PNG pictures for notebooks and files."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from abclm.errors import ConfigError
from abclm.system.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILL = "#3b6ea5"
FAULT = "#b3563c"
REST = "#a9b4bf"
TEXT = "#333333"


@dataclass(frozen=True)
class Picture:
    """A PNG picture, which a notebook shows at the end of a cell.

    Attributes:
        png: the bytes of the file.
        description: text for readers who can't see the picture.

    Example:
        >>> Picture(b"...", "Piano roll of The Lost Badger")
        Picture(description='Piano roll of The Lost Badger')
    """

    png: bytes = field(repr=False)
    description: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture into a .png file.

        Raises:
            ConfigError: the name does not end in .png.
            OSError: the file can't be written.
        """
        if Path(path).suffix.lower() != ".png":
            raise ConfigError(f"a picture is saved as .png; received {os.fspath(path)!r}")
        write_bytes(path, self.png)

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        return self.png, {"alt": self.description}


def new_figure(width: float, height: float) -> Figure:
    """An empty figure on white; width and height are in units of 120 pixels."""
    # Importing matplotlib takes long, and only drawing needs it.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=120, layout="constrained", facecolor="white")


def dress(panel: Axes, title: str = "", size: int = 12) -> None:
    """Give a panel the common style, and a title that is text, never a formula."""
    panel.set_title(title, fontsize=size, color=TEXT, loc="left", fontweight="bold", parse_math=False)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(colors=TEXT, length=0)


def format_png(figure: Figure) -> bytes:
    """Draw a figure as the bytes of a PNG file."""
    image = io.BytesIO()
    with warnings.catch_warnings():
        # If the font lacks a letter of a title, a box is enough.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(image, format="png")
    return image.getvalue()


def shorten(words: str, length: int) -> str:
    """Shorten words that are too long, and remove characters that fonts and files can't contain."""
    words = words.encode("utf-8", errors="replace").decode()
    return words if len(words) <= length else f"{words[: length - 1]}…"
