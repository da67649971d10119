"""Turn an evaluation, or two sets of tunes, into one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from abclm.analysis.statistics import STATISTICS, Statistic, measure
from abclm.evaluation.comparison import Comparison
from abclm.evaluation.figures import Evaluation
from abclm.show.picture import FILL, REST, TEXT, dress, format_png, new_figure
from abclm.system.words import counted
from abclm.tune import Tune

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_BINS = 48


def draw_evaluation(evaluation: Evaluation) -> bytes:
    """Draw the bits of each tune.

    Returns:
        A PNG image, 1200 pixels wide and 480 high.
    """
    costs = evaluation.costs
    characters = costs.header_characters + costs.body_characters
    bits = (costs.header_nats + costs.body_nats) / math.log(2)
    figure = new_figure(10, 4)
    left, right = figure.subplots(1, 2)
    for panel, title, values, mean in (
        (left, "Bits per character of each tune", bits / characters, evaluation.bits_per_character),
        (right, "Bits of each tune", bits, evaluation.bits_per_tune),
    ):
        dress(panel, title, size=11)
        panel.hist(values, bins=min(_MOST_BINS, max(10, math.isqrt(4 * len(values)))), color=FILL)
        panel.axvline(mean, color=TEXT, linewidth=1, linestyle="--")
        panel.text(
            0.98, 0.95, f"all: {mean:.4g}", transform=panel.transAxes, ha="right", va="top", color=TEXT
        )
        panel.set_ylabel("tunes", color=TEXT)
    return format_png(figure)


def draw_comparison(tunes: Sequence[Tune], others: Sequence[Tune], comparison: Comparison) -> bytes:
    """Draw each statistic for generated and real tunes.

    Args:
        tunes: generated tunes.
        others: real tunes.
        comparison: the comparison of both.

    Returns:
        A PNG image, 1680 pixels wide and 1080 high.
    """
    figure = new_figure(14, 9)
    panels = [panel for row in figure.subplots(3, 4) for panel in row]
    measured = [[found for tune in given if (found := measure(tune))] for given in (others, tunes)]
    for panel, each in zip(panels, STATISTICS, strict=False):
        distance = comparison.distances[each.name]
        dress(panel, f"{each.name.replace('_', ' ')}: {distance.distance:.3f}", size=11)
        edges = _edges(each)
        for rows, colour, label in zip(measured, (REST, FILL), ("real", "generated"), strict=True):
            values = np.concatenate([row[each.name] for row in rows])
            weights = np.concatenate([np.full(len(row[each.name]), 1 / len(row[each.name])) for row in rows])
            style = {"color": colour} if label == "real" else {"histtype": "step", "edgecolor": colour}
            panel.hist(values, bins=edges, weights=weights / len(rows), label=label, linewidth=1.5, **style)
        panel.set_xlabel(each.unit, color=TEXT)
        panel.set_yticks([])
    _draw_distances(panels[-1], comparison)
    panels[0].legend(frameon=False)
    figure.suptitle(
        f"{comparison.tunes:,} generated and {counted(comparison.others, 'real tune')}, "
        f"Fréchet distance {comparison.frechet:.2f}",
        color=TEXT,
    )
    return format_png(figure)


def _draw_distances(panel: Axes, comparison: Comparison) -> None:
    """Draw the distances, and a mark at the distance by chance."""
    names = list(comparison.distances)
    dress(panel, "distances, | by chance", size=11)
    panel.barh(range(len(names)), [each.distance for each in comparison.distances.values()], color=FILL)
    panel.plot(
        [each.chance for each in comparison.distances.values()], range(len(names)), "|", color=TEXT, ms=12
    )
    panel.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    panel.invert_yaxis()


def _edges(each: Statistic) -> list[float]:
    """The edges of bins: one for each whole number, or equal parts of a range."""
    width = each.high - each.low
    if width <= _MOST_BINS and each.unit in ("semitones", "notes"):
        return [each.low - 0.5 + step for step in range(round(width) + 2)]
    bins = 32
    return [each.low + width * (step - 0.5) / bins for step in range(bins + 2)]
