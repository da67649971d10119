"""Turn a corpus and its statistics into one picture: keys, meters, rhythms, lengths and problems."""

from collections.abc import Mapping, Sequence
from math import ceil, isqrt
from typing import TYPE_CHECKING

from abclm.corpora.counts import Statistics, bar_count, character_count
from abclm.show.picture import FAULT, FILL, REST, TEXT, dress, format_png, new_figure, shorten
from abclm.system.words import counted
from abclm.tune import Tune

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_BARS = 12
_MOST_PROBLEMS = 7
_MOST_BINS = 40
_MOST_LETTERS = 24  # for a value next to its bar


def draw_corpus(name: str, tunes: Sequence[Tune], figures: Statistics) -> bytes:
    """Draw charts of a corpus.

    Args:
        name: name of the corpus, for the heading.
        tunes: tunes of the corpus.
        figures: result of `Corpus.statistics`.

    Returns:
        A PNG image, 1680 pixels wide and 1080 high.
    """
    figure = new_figure(14, 9)
    figure.set_layout_engine("constrained", w_pad=0.15, h_pad=0.15, wspace=0.03, hspace=0.05)
    panels = [panel for row in figure.subplots(2, 3) for panel in row]
    counts = {key: value for key, value in figures.items() if isinstance(value, dict)}
    _bars(panels[0], "Keys", counts["keys"])
    _bars(panels[1], "Meters", counts["meters"])
    _bars(panels[2], "Rhythms", counts["rhythms"])
    _histogram(panels[3], "Length in characters", [character_count(tune) for tune in tunes])
    _histogram(panels[4], "Length in full bars, as written", [bar_count(tune) for tune in tunes])
    problems = {f"left out: {kind}": count for kind, count in counts["problems"].items()}
    problems |= {f"check: {finding}": count for finding, count in counts["check"].items()}
    _bars(panels[5], "Problems, in tunes", problems, most=_MOST_PROBLEMS, colour=FAULT, above=True)
    characters = sum(character_count(tune) for tune in tunes)
    said = f"{counted(len(tunes), 'tune')}, {counted(characters, 'character')}"
    # A file may be called $x$, which must not become a formula.
    figure.suptitle(f"{shorten(name, 90)}\n{said}", fontsize=15, color=TEXT, parse_math=False)
    return format_png(figure)


def _bars(
    panel: "Axes",
    title: str,
    counts: Mapping[str, int],
    *,
    most: int = _MOST_BARS,
    colour: str = FILL,
    above: bool = False,
) -> None:
    """Draw a bar for each of the most frequent values, and one for all others together.

    Args:
        panel: the panel to draw on.
        title: title of the panel.
        counts: counts by value.
        most: number of values with a separate bar.
        colour: colour of the bars.
        above: write values above the bars, because they are long, instead of next to them.
    """
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    shown = dict(ordered[:most])
    if others := ordered[most:]:
        shown[counted(len(others), "other")] = sum(count for _, count in others)
    dress(panel, title)
    if not shown:
        _say_none(panel)
        return
    colours = [REST if label == "none" or place >= most else colour for place, label in enumerate(shown)]
    drawn = panel.barh(range(len(shown)), list(shown.values()), color=colours, height=0.36 if above else 0.72)
    panel.bar_label(drawn, fmt="{:,.0f}", padding=4, fontsize=10, color=TEXT)
    labels = [shorten(label, _MOST_LETTERS) for label in shown]
    panel.set_yticks(range(len(shown)), labels, fontsize=10, parse_math=False)
    if above:  # in the whole width of the panel, if there is too little room next to the bars
        panel.set_yticks([])
        for place, label in enumerate(shown):
            panel.text(0, place - 0.27, shorten(label, 64), fontsize=9, color=TEXT, parse_math=False)
    # Few values are at the top, with bars as thick as for many values.
    panel.set_ylim(most + 0.5, -0.9 if above else -0.5)
    panel.set_xlim(0, max(shown.values()) * 1.18)
    panel.set_xticks([])
    panel.spines[["left", "bottom"]].set_visible(False)


def _histogram(panel: "Axes", title: str, values: Sequence[int]) -> None:
    """Draw a histogram of the lengths of tunes; the longest hundredth is given as a number."""
    dress(panel, title)
    if not values:
        _say_none(panel)
        return
    ordered = sorted(values)
    end = ordered[ceil(0.99 * len(ordered)) - 1]
    begin = ordered[0]
    # One bin for each length if possible; else fewer bins for fewer tunes, so that few are empty.
    bins = min(_MOST_BINS, max(10, isqrt(4 * len(values))))
    step = 1 if end - begin < _MOST_BINS else ceil((end - begin + 1) / bins)
    # Edges between whole numbers, so that a length is in the middle of its bin.
    edges = [edge - 0.5 for edge in range(begin, end + step + 1, step)]
    panel.hist([value for value in values if value < edges[-1]], bins=edges, color=FILL)
    panel.set_ylabel("tunes", color=TEXT)
    panel.yaxis.set_major_formatter("{x:,.0f}")
    panel.locator_params(axis="y", integer=True)
    median = ordered[(len(ordered) - 1) // 2]
    panel.axvline(median, color=TEXT, linewidth=1, linestyle="--")
    said = f"median {median:,}"
    if longer := sum(value >= edges[-1] for value in values):
        said += f"\n{longer:,} longer, up to {ordered[-1]:,}"
    panel.text(0.98, 0.95, said, transform=panel.transAxes, ha="right", va="top", fontsize=10, color=TEXT)


def _say_none(panel: "Axes") -> None:
    panel.axis("off")
    panel.text(0, 0.94, "none", transform=panel.transAxes, color=TEXT, va="top", fontsize=11)
