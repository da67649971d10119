"""Turn the frames of a piano roll and their reconstructions into a picture, one above the other."""

from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.errors import ConvertError
from abclm.show.picture import TEXT, Picture, format_png, new_figure, shorten

_MOST_FRAMES = 256


def draw_reconstruction(frames: npt.NDArray[Any], reconstructed: npt.NDArray[Any], title: str) -> Picture:
    """Draw frames and what a model gives back of them: time from left to right, keys from low to high.

    Args:
        frames: `(frames, keys)`; the first 256 are drawn.
        reconstructed: likewise.
        title: of the piece.

    Raises:
        ConvertError: there is no note in either.
    """
    pair = [np.asarray(each)[:_MOST_FRAMES].T for each in (frames, reconstructed)]
    sounding = np.flatnonzero((pair[0] > 0).any(axis=1) | (pair[1] > 0).any(axis=1))
    if not len(sounding):
        raise ConvertError(f"{title or 'a piece'}: there is no pitched note to draw")
    low, high = int(sounding[0]), int(sounding[-1])
    figure = new_figure(12, 5)
    brightest = max(1, int(pair[0].max()))
    for panel, values, name in zip(
        figure.subplots(2, 1)[:], pair, ("as it is", "given back by the model"), strict=True
    ):
        panel.imshow(
            values[low : high + 1], aspect="auto", origin="lower", cmap="Blues", vmin=0, vmax=brightest,
            extent=(0, values.shape[1], low - 0.5, high + 0.5), interpolation="nearest",
        )  # fmt: skip
        named = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
        panel.set_yticks(named, [f"C{pitch // 12 - 1}" for pitch in named], fontsize=10)
        panel.set_ylabel(name, color=TEXT)
    panel.set_xlabel("frames", color=TEXT)
    figure.suptitle(shorten(title, 80) or "a piece", fontsize=14, color=TEXT, parse_math=False)
    return Picture(
        format_png(figure), f"Frames of {shorten(title, 80) or 'a piece'} and their reconstructions"
    )
