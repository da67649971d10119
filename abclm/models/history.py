"""Turn what training measured of itself into a table, and into a picture of its curves."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeGuard

from abclm.show.html import image, text
from abclm.show.picture import FAULT, FILL, REST, TEXT, dress, format_png, new_figure
from abclm.system.words import counted

_HELD_OUT = "validation_bits_per_character"
_SHOWN = (("epoch", "d"), ("steps", ",d"), ("bits_per_character", ".3f"), (_HELD_OUT, ".3f"))
_MOST_ROWS = 20


class _Printer(Protocol):
    """What IPython gives a value that prints itself."""

    def text(self, words: str) -> None: ...


class History(list[dict[str, Any]]):
    """The entries of a model's history; at the end of a notebook's cell its curves are shown.

    Example:
        >>> history = History([{"epoch": 1, "steps": 7, "bits_per_character": 4.25}])
        >>> history[-1]["steps"], len(history)
        (7, 1)
    """

    def _repr_html_(self) -> str:
        curves = image(draw_history(self), "png", f"Bits per character over the steps. {self._summary()}")
        return f"<div>{curves}<p>{text(self._summary())}</p></div>"

    def _repr_pretty_(self, printer: _Printer, cycle: bool) -> None:
        printer.text(self._table())

    def _summary(self) -> str:
        measured = _points(self, "bits_per_character")
        if not measured:
            return "Nothing was measured yet."
        epochs = counted(len(self), "epoch")
        said = f"{epochs}, {counted(max(step for step, _ in measured), 'step')}"
        if held_out := _points(self, _HELD_OUT):
            step, bits = min(held_out, key=lambda point: point[1])
            said += (
                f"; at best {bits:.3f} bits per character on held-out tunes, after {counted(step, 'step')}"
            )
        return f"{said}."

    def _table(self) -> str:
        """The latest epochs in columns, then the summary."""
        rows = [[name.replace("_", " ") for name, _ in _SHOWN]]
        for entry in self[-_MOST_ROWS:]:
            rows.append([_format(entry, name, form) for name, form in _SHOWN])
        widths = [max(len(row[column]) for row in rows) for column in range(len(_SHOWN))]
        lines = ["  ".join(map(str.rjust, row, widths)) for row in rows] if self else []
        return "\n".join([*lines, self._summary()])


def format_history(history: Sequence[Mapping[str, Any]]) -> str:
    """Format a history as comma-separated values, with the names of the figures in the first line."""
    table = io.StringIO()
    names = list(dict.fromkeys(name for entry in history for name in entry))
    writer = csv.DictWriter(table, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return table.getvalue()


def draw_history(history: Sequence[Mapping[str, Any]], curve: Sequence[tuple[int, float]] = ()) -> bytes:
    """Draw bits per character over the steps.

    Args:
        history: an entry for each epoch; what is no figure in it is passed over.
        curve: steps and losses in nats per character, more often than once an epoch, where they are known.

    Returns:
        A PNG image, 1,080 pixels wide and 660 high.
    """
    figure = new_figure(9, 5.5)
    panel = figure.subplots()
    dress(panel)
    if curve:
        losses = [loss / math.log(2) for _, loss in curve]
        steps = [step for step, _ in curve]
        panel.plot(steps, losses, color=REST, linewidth=1, label="training, as it went")
    if trained := _points(history, "bits_per_character"):
        panel.plot(
            *zip(*trained, strict=True), "o-", color=FILL, markersize=3, label="training, mean of an epoch"
        )
    if held_out := _points(history, _HELD_OUT):
        panel.plot(*zip(*held_out, strict=True), "o-", color=FAULT, markersize=3, label="held-out tunes")
        step, bits = min(held_out, key=lambda point: point[1])
        panel.annotate(
            f"{bits:.3f}",
            (step, bits),
            textcoords="offset points",
            xytext=(0, -14),
            ha="center",
            color=FAULT,
        )
    panel.set_xlabel("steps", color=TEXT)
    panel.set_ylabel("bits per character", color=TEXT)
    panel.margins(y=0.1)  # room for the number below the lowest point
    if curve or trained or held_out:
        panel.legend(frameon=False, labelcolor=TEXT)
    return format_png(figure)


def _points(history: Sequence[Mapping[str, Any]], name: str) -> list[tuple[int, float]]:
    """Steps and a figure, of the entries that have both; a file's entries may be anything."""
    entries = [each for each in history if isinstance(each, Mapping)]
    pairs = [(each.get("steps"), each.get(name)) for each in entries]
    return [(int(step), float(value)) for step, value in pairs if _is_number(step) and _is_number(value)]


def _format(entry: object, name: str, form: str) -> str:
    value = entry.get(name) if isinstance(entry, Mapping) else None
    return format(int(value) if form.endswith("d") else float(value), form) if _is_number(value) else ""


def _is_number(value: Any) -> TypeGuard[float]:
    """Whether it is a number that can be drawn: finite, and no larger than any count of steps."""
    try:
        return not isinstance(value, bool) and -1e15 < value < 1e15
    except TypeError:
        return False
