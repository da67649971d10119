"""Turn tunes into pictures of how long each pitch sounds: of one tune its pitches, of many their scale degrees."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from abclm.errors import ConvertError, NotationError
from abclm.notation.keys import FLAT_NAMES, LETTERS, SEMITONES, SHARP_NAMES, Key, make_key, parse_key
from abclm.notation.tune import HeardNote, Tune
from abclm.score.heading import title_of
from abclm.show.picture import FAULT, FILL, REST, TEXT, Picture, dress, format_png, new_figure, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DEGREES = ("1", "♭2", "2", "♭3", "3", "4", "♯4", "5", "♭6", "6", "♭7", "7")
_MODE_NAMES = {"": "major", "m": "minor", "dor": "dorian", "phr": "phrygian", "lyd": "lydian",
               "mix": "mixolydian", "loc": "locrian"}  # fmt: skip
_MOST_MODES = 4
_SHARES = "% of the time"


def pitch_histogram(tune: Tune) -> Picture:
    """Draw how much of a tune's time each pitch sounds, as heard, from the lowest to the highest.

    Returns:
        A picture 1,080 pixels wide and 420 high.

    Raises:
        ConvertError: as `drawn_notes`.
    """
    notes = drawn_notes(tune)
    key = tune.setting().key
    seconds = _weights((note.pitch for note in notes), notes)
    low, high = min(seconds), max(seconds)
    figure = new_figure(9, 3.5)
    panel = figure.subplots()
    dress(panel, f"Pitches of {title_of(tune)[:60]}")
    colours = [FILL if is_in_key(pitch, key) else FAULT for pitch in seconds]
    panel.bar(list(seconds), _percent(list(seconds.values())), color=colours, width=0.8)
    size = 10 if len(seconds) <= 24 else 6
    panel.set_xticks(sorted(seconds), [pitch_name(pitch, key) for pitch in sorted(seconds)], fontsize=size)
    for label, pitch in zip(panel.get_xticklabels(), sorted(seconds), strict=True):
        label.set_fontweight("bold" if pitch % 12 == key.tonic_pitch_class else "normal")
        label.set_rotation(0 if len(seconds) <= 40 else 90)
    panel.set_xlim(low - 0.8, high + 0.8)
    panel.set_ylabel(_SHARES, color=TEXT)
    _legend(panel, shorten(key.text, 20), any(colour == FAULT for colour in colours))
    return Picture(format_png(figure), f"Pitches of {title_of(tune)}")


def pitch_class_histogram(tunes: Iterable[Tune], name: str) -> Picture:
    """Draw how much of their time tunes spend on each degree of the scale, for the commonest modes.

    Args:
        tunes: any number; those without a note, or with a key that can't be read, are passed over.
        name: of all of them, for the heading.

    Returns:
        A picture 1,680 pixels wide and 480 high.
    """
    shares: dict[str, list[Sequence[float]]] = defaultdict(list)
    for tune in tunes:
        try:
            key, notes = parse_key(tune.key), drawn_notes(tune)
        except (NotationError, ConvertError):
            continue
        classes = _weights(((note.pitch - key.tonic_pitch_class) % 12 for note in notes), notes)
        shares[key.mode].append(_percent([classes.get(degree, 0.0) for degree in range(12)]))
    modes = sorted(shares, key=lambda mode: -len(shares[mode]))[:_MOST_MODES]
    figure = new_figure(14, 4)
    panels = figure.subplots(1, _MOST_MODES, sharey=True)
    for panel, mode in zip(panels, modes, strict=False):
        tonic = make_key("C", mode)
        count = len(shares[mode])
        dress(panel, f"{_MODE_NAMES[mode]}, {count:,} tune{'s' if count > 1 else ''}", size=14)
        colours = [FILL if is_in_key(degree, tonic) else REST for degree in range(12)]
        # Each tune counts as much as any other.
        means = [sum(column) / len(column) for column in zip(*shares[mode], strict=True)]
        panel.bar(range(12), means, color=colours, width=0.8)
        panel.set_xticks(range(12), _DEGREES, fontsize=12)
    for panel in panels[len(modes) :]:
        panel.axis("off")
    panels[0].set_ylabel(_SHARES, color=TEXT)
    figure.suptitle(f"{shorten(name, 90)}\ndegrees of the scale", fontsize=13, color=TEXT, parse_math=False)
    return Picture(format_png(figure), f"Degrees of the scale in {shorten(name, 90)}")


def drawn_notes(tune: Tune) -> list[HeardNote]:
    """A tune's notes as heard, at least one.

    Raises:
        ConvertError: there is none.
    """
    notes = tune.notes()
    if not notes:
        raise ConvertError("the tune has no note to draw; check its ABC")
    return notes


def is_in_key(pitch: int, key: Key) -> bool:
    """Whether a pitch, in any octave, is in the scale that a key signature gives."""
    return pitch % 12 in {
        (SEMITONES[letter] + sign) % 12 for letter, sign in zip(LETTERS, key.signature, strict=True)
    }


def pitch_name(pitch: int, key: Key) -> str:
    """The name of a MIDI pitch with its octave, as the key spells it; 60 is C4.

    Example:
        >>> pitch_name(61, parse_key("D")), pitch_name(70, parse_key("F"))
        ('C♯4', 'B♭4')
    """
    names = FLAT_NAMES if key.sharps < 0 else SHARP_NAMES
    return f"{names[pitch % 12]}{pitch // 12 - 1}".replace("#", "♯").replace("b", "♭")


def _weights(places: Iterable[int], notes: Sequence[HeardNote]) -> dict[int, float]:
    """For each place how long its notes sound, in quarter notes."""
    sums: dict[int, float] = defaultdict(float)
    for place, note in zip(places, notes, strict=True):
        sums[place] += float(note.duration)
    return dict(sums)


def _percent(values: Sequence[float]) -> list[float]:
    return [100 * value / (sum(values) or 1) for value in values]


def _legend(panel: "Axes", key: str, has_accidentals: bool) -> None:
    said = f"bold: the tonic of {key}" + ("\nred: not in its scale" if has_accidentals else "")
    panel.text(
        1, 0.98, said, transform=panel.transAxes, ha="right", va="top", fontsize=9, color=TEXT,
        parse_math=False,
    )  # fmt: skip
