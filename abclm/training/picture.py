"""Turn a run's history into a table and a picture of its loss curves, beside the model."""

from __future__ import annotations

import csv
import io
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from abclm.files import write_bytes, write_text

TABLE = "history.csv"
PICTURE = "history.png"

_TRAINING = "#a9b4bf"
_EPOCH = "#3b6ea5"
_HELD_OUT = "#b3563c"
_TEXT = "#333333"

_log = logging.getLogger(__name__)


def write_history(
    folder: Path, history: Sequence[Mapping[str, Any]], curve: Sequence[tuple[int, float]], draw: bool
) -> None:
    """Write `history.csv`, a line for each epoch, and where asked `history.png`.

    What goes wrong is logged: a picture is no reason to lose a run.
    """
    try:
        write_text(folder / TABLE, format_history(history))
        if draw:
            write_bytes(folder / PICTURE, draw_history(history, curve))
    except OSError as error:
        _log.warning("%s: %s; the run goes on", error.filename, error.strerror)


def format_history(history: Sequence[Mapping[str, Any]]) -> str:
    """Format a history as comma-separated values, with the names of the figures in the first line."""
    table = io.StringIO()
    names = list(dict.fromkeys(name for entry in history for name in entry))
    writer = csv.DictWriter(table, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return table.getvalue()


def draw_history(history: Sequence[Mapping[str, Any]], curve: Sequence[tuple[int, float]]) -> bytes:
    """Draw bits per character over the steps.

    Args:
        history: an entry for each epoch.
        curve: steps and losses in nats per character, more often than once an epoch.

    Returns:
        A PNG image, 1,080 pixels wide and 660 high.
    """
    # Loading it takes longer than all the rest, and only this needs it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), dpi=120, layout="constrained", facecolor="white")
    panel = figure.subplots()
    losses = [loss / math.log(2) for _, loss in curve]
    panel.plot(
        [step for step, _ in curve], losses, color=_TRAINING, linewidth=1, label="training, as it went"
    )
    steps = [entry["steps"] for entry in history]
    panel.plot(
        steps, [entry["bits_per_character"] for entry in history], "o-",
        color=_EPOCH, markersize=3, label="training, mean of an epoch",
    )  # fmt: skip
    measured = "validation_bits_per_character"
    held_out = [(entry["steps"], float(entry[measured])) for entry in history if measured in entry]
    if held_out:
        panel.plot(*zip(*held_out, strict=True), "o-", color=_HELD_OUT, markersize=3, label="held-out tunes")
        step, bits = min(held_out, key=lambda point: point[1])
        panel.annotate(
            f"{bits:.3f}",
            (step, bits),
            textcoords="offset points",
            xytext=(0, -14),
            ha="center",
            color=_HELD_OUT,
        )
    panel.set_xlabel("steps", color=_TEXT)
    panel.set_ylabel("bits per character", color=_TEXT)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(colors=_TEXT)
    panel.legend(frameon=False, labelcolor=_TEXT)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()
