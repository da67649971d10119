"""Turn a tune into a picture of its notes over time, as heard: a piano roll, sixteen bars to a row."""

from collections import defaultdict
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from abclm.notation.keys import Key
from abclm.notation.symbols import Bar, Timed
from abclm.notation.timing import quarters
from abclm.notation.tune import HeardNote, Tune
from abclm.score.heading import title_of
from abclm.show.picture import FAULT, FILL, TEXT, Picture, dress, format_png, new_figure
from abclm.system.words import counted
from abclm.views.pitches import drawn_notes, is_in_key, pitch_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BARS_IN_ROW = 16
_MOST_ROWS = 8
_LINE = "#d5dade"
_OUTSIDE = "#f1f3f5"


def piano_roll(tune: Tune) -> Picture:
    """Draw a tune's notes: time from left to right, pitch from low to high, sixteen bars to a row.

    Repeats are played out. Pitches outside the scale stand on grey, and their notes are red. Of a tune of more
    than 128 bars the first 128 are drawn.

    Returns:
        A picture 1,440 pixels wide, its height by the rows and the range.

    Raises:
        ConvertError: there is no note.
    """
    notes = drawn_notes(tune)
    key = tune.setting().key
    bar = _bar_quarters(tune)
    lines = heard_bar_lines(tune)
    # A pick-up stands before the first row's first bar line.
    pickup = lines[0] if lines and lines[0] < bar else Fraction(0)
    beginnings = {pickup, *lines}
    end = max(note.onset + note.duration for note in notes)
    bars = max(1, ceil((end - pickup) / bar))
    rows = min(ceil(bars / _BARS_IN_ROW), _MOST_ROWS)
    pitches = [note.pitch for note in notes]
    low, high = min(pitches), max(pitches)
    height = min(2.4, 0.9 + 0.075 * (high - low))
    figure = new_figure(12, 0.5 + height * rows)
    for number, panel in enumerate(figure.subplots(rows, 1, squeeze=False)[:, 0]):
        start = pickup + number * _BARS_IN_ROW * bar
        stop = start + _BARS_IN_ROW * bar
        first = start if number else Fraction(0)
        dress(panel)
        _dress_row(panel, key, low, high)
        crossed = [float(line) for line in lines if first < line <= stop]
        panel.vlines(crossed, low - 0.7, high + 0.7, color=_LINE, linewidth=0.8, zorder=0.5)
        _draw_notes(panel, [note for note in notes if first <= note.onset < stop], key)
        numbered = range(number * _BARS_IN_ROW, (number + 1) * _BARS_IN_ROW, 4)
        # Where bars are of other lengths than the meter's, there is no bar line at some of these places.
        begun = {pickup + place * bar: place + 1 for place in numbered}
        shown = {
            float(when): str(count) for when, count in begun.items() if when in beginnings and when < end
        }
        panel.set_xticks(list(shown), list(shown.values()), fontsize=10)
        # Bars stand under each other, and the last row may be short.
        panel.set_xlim(float(start - pickup) - 0.05, float(stop) + 0.05)
    said = title_of(tune)[:80]
    if bars > rows * _BARS_IN_ROW:
        said += f" (the first {rows * _BARS_IN_ROW} of {counted(bars, 'bar')})"
    figure.suptitle(said, fontsize=14, color=TEXT, parse_math=False)
    return Picture(format_png(figure), f"Piano roll of {title_of(tune)}")


def heard_bar_lines(tune: Tune) -> list[Fraction]:
    """When bar lines are passed as the tune is played, in quarter notes from its beginning."""
    now, lines = 0, []
    for index, _ in tune.playback.order():
        symbol = tune.playback.symbols[index]
        if isinstance(symbol, Timed):
            now += symbol.duration  # type: ignore[assignment]
        elif isinstance(symbol, Bar) and symbol.text and now:
            lines.append(quarters(now))
    return sorted(set(lines))


def _bar_quarters(tune: Tune) -> Fraction:
    """How long a bar is; where the meter doesn't say, as long as four quarter notes."""
    length = tune.setting().meter.bar_length
    return 4 * length if length else Fraction(4)


def _dress_row(panel: "Axes", key: Key, low: int, high: int) -> None:
    """The pitches from the lowest to the highest: the tonic and the fifth by name, those outside the scale on grey."""
    for pitch in range(low, high + 1):
        if not is_in_key(pitch, key):
            panel.axhspan(pitch - 0.5, pitch + 0.5, color=_OUTSIDE, linewidth=0)
    named = [pitch for pitch in range(low, high + 1) if (pitch - key.tonic_pitch_class) % 12 in (0, 7)]
    panel.set_yticks(named, [pitch_name(pitch, key) for pitch in named], fontsize=10)
    panel.set_ylim(low - 0.7, high + 0.7)
    panel.spines[["left", "bottom"]].set_visible(False)


def _draw_notes(panel: "Axes", notes: list[HeardNote], key: Key) -> None:
    spans: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for note in notes:
        # A little shorter than it is, so that a repeated note is seen to begin again.
        spans[note.pitch].append(
            (float(note.onset), max(0.9 * float(note.duration), float(note.duration) - 0.08))
        )
    for pitch, each in spans.items():
        colour = FILL if is_in_key(pitch, key) else FAULT
        panel.broken_barh(each, (pitch - 0.4, 0.8), color=colour, linewidth=0)
