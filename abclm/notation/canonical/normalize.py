"""Turn any tune into its canonical form: one spelling for everything, and nothing in it that is not heard."""

from typing import TypeVar

from abclm.errors import NotationError
from abclm.notation.canonical.writer import Writer
from abclm.notation.fields import RHYTHMS, canonical_title, parse_meter, parse_unit_note_length
from abclm.notation.keys import parse_key, transpose_key
from abclm.notation.tune import Tune

AnyTune = TypeVar("AnyTune", bound=Tune)


def normalize(tune: AnyTune, *, chord_symbols: bool = False) -> AnyTune:
    r"""Bring a tune to the canonical form.

    The form keeps what is heard: notes, rests, chords, broken rhythm, tuplets, ties, bar lines, repeats, variant
    endings, changes of key, meter and unit note length, and one newline a line of music. Slurs, grace notes,
    decorations, annotations, words and comments go; a part sequence is written out; of several voices the
    first stays.

    Args:
        tune: any tune.
        chord_symbols: whether chord symbols such as `"G7"` stay.

    Returns:
        The canonical tune; its text has only the 83 symbols and ends with one empty line.

    Raises:
        NotationError: the tune has no notes, or a key or meter that can't be read.

    Example:
        >>> print(normalize(Tune.parse("X:7\nT:A  Scale\nM:4/4\nL:1/4\nK:G Major\n~G (AB) {d}c | d e/2f/2 g2 ||")))
        X:1
        T:A Scale
        M:4/4
        L:1/4
        K:G
        G AB c|d e/f/ g2|]
        <BLANKLINE>
        <BLANKLINE>
    """
    return _canonical(tune, chord_symbols, semitones=0)


def transpose(tune: AnyTune, semitones: int, *, chord_symbols: bool = True) -> AnyTune:
    r"""Move a tune by semitones and respell it for its new key.

    The key is the one with the fewest sharps or flats; notes of the key need no accidental, and of two
    spellings of any other note the simpler is taken.

    Args:
        tune: any tune.
        semitones: up, or down where negative; at most four octaves.
        chord_symbols: whether chord symbols stay; they move along.

    Returns:
        The canonical tune whose every note is that many semitones away.

    Raises:
        NotationError: as `normalize`, or a note would leave the range of MIDI.

    Example:
        >>> transpose(Tune.parse("X:1\nL:1/4\nK:G\nG^GAf|]\n"), 2).body
        'A^ABg|]\n\n'
    """
    if not -48 <= semitones <= 48:
        raise NotationError(f"transposing by {semitones} semitones; give -48 to 48")
    return _canonical(tune, chord_symbols, semitones)


def _canonical(tune: AnyTune, chord_symbols: bool, semitones: int) -> AnyTune:
    key = transpose_key(parse_key(tune.key), semitones) if semitones else parse_key(tune.key)
    setting = tune.setting()
    title = next(filter(None, map(canonical_title, tune.titles)), "")
    meter = None if tune.meter is None else parse_meter(tune.meter).text
    if tune.unit_note_length is not None:
        parse_unit_note_length(tune.unit_note_length)
    fields = {
        "X": "1",
        "T": title,
        "R": _rhythm(tune.stated_rhythm, setting.meter.text),
        "M": meter,
        "L": f"{setting.unit.numerator}/{setting.unit.denominator}",
        "K": key.text,
    }
    header = "".join(f"{letter}:{value}\n" for letter, value in fields.items() if value)
    writer = Writer(tune, chord_symbols, semitones)
    # What `Tune.parse` would read.
    canonical = type(tune)(
        text=f"{header}{writer.write()}\n\n",
        reference_number=1,
        titles=(title,) if title else (),
        rhythm=fields["R"],
        meter=meter,
        unit_note_length=fields["L"],
        key=key.text,
        body_start=len(header),
    )
    if writer.doubtful:
        _prove(canonical, writer)
    return canonical


def _prove(canonical: Tune, writer: Writer) -> None:
    """Make sure that a tune whose repeats don't match has become one that can be read in one way only."""
    semitones = writer.speller.semitones
    wanted = [(onset, pitch + semitones, duration) for onset, pitch, duration in writer.playback.heard()]
    again = Writer(canonical, writer.chord_symbols, semitones=0)
    same_notes = wanted == canonical.playback.heard() == again.playback.heard()
    if not same_notes or again.write() != canonical.body.rstrip("\n"):
        raise NotationError(
            "its repeats and variant endings can be read in more than one way; mark each beginning and end"
        )


def _rhythm(rhythm: str | None, meter: str) -> str | None:
    """The rhythm, where it goes with the meter: a jig in 9/8 is a slip jig, and a reel in 6/8 is none."""
    if rhythm == "jig" and meter == "9/8":
        return "slip jig"
    return rhythm if meter in RHYTHMS.get(rhythm or "", ()) else None
