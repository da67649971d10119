"""Turn any tune into its canonical form, which has one spelling for everything and only what is heard."""

from typing import TypeVar

from abclm.errors import NotationError
from abclm.notation.canonical.proof import is_doubtful, prove
from abclm.notation.canonical.writer import Writer
from abclm.notation.fields import RHYTHMS, canonical_title, parse_meter, parse_unit_note_length
from abclm.notation.keys import parse_key
from abclm.notation.tune import Tune

AnyTune = TypeVar("AnyTune", bound=Tune)


def normalize(tune: AnyTune, *, chord_symbols: bool = False, keep_tempo: bool = False) -> AnyTune:
    r"""Convert a tune to the canonical form.

    The form keeps notes, rests, chords, broken rhythm, tuplets, ties, bar lines, repeats, variant endings, changes of
    key, meter and unit note length, and one newline for each line of music. It removes slurs, grace notes,
    decorations, annotations, words and comments. It writes out a part sequence, and keeps only the first of several
    voices.

    Args:
        tune: any tune.
        chord_symbols: whether to keep chord symbols such as `"G7"`.
        keep_tempo: whether to keep the tempo (`Q:`), as a length and beats a minute.

    Returns:
        The canonical tune. Without tempo, its text contains only the 83 symbols and ends with one empty line.

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
    return _canonical(tune, chord_symbols, semitones=0, keep_tempo=keep_tempo)


def transpose(tune: AnyTune, semitones: int, *, chord_symbols: bool = True) -> AnyTune:
    r"""Transpose a tune and respell it for its new key.

    The new key is the one with the fewest sharps or flats. Notes of the key have no accidental; other notes have
    the simpler of two spellings.

    Args:
        tune: any tune.
        semitones: number of semitones up, or down if negative; at most four octaves.
        chord_symbols: whether to keep chord symbols, which are transposed too.

    Returns:
        The transposed tune in canonical form.

    Raises:
        NotationError: as in `normalize`, or a note would leave the range of MIDI.

    Example:
        >>> transpose(Tune.parse("X:1\nL:1/4\nK:G\nG^GAf|]\n"), 2).body
        'A^ABg|]\n\n'
    """
    if not -48 <= semitones <= 48:
        raise NotationError(f"transposing by {semitones} semitones; give -48 to 48")
    return _canonical(tune, chord_symbols, semitones)


def _canonical(tune: AnyTune, chord_symbols: bool, semitones: int, keep_tempo: bool = False) -> AnyTune:
    parse_key(tune.key)  # raises an error for what is no key
    setting = tune.setting()
    title = next(filter(None, map(canonical_title, tune.titles)), "")
    meter = None if tune.meter is None else parse_meter(tune.meter).text
    if tune.unit_note_length is not None:
        parse_unit_note_length(tune.unit_note_length)
    writer = Writer(tune, chord_symbols, semitones, keep_tempo)
    tempo = tune.stated_tempo if keep_tempo else None
    key = writer.speller.written_key
    fields = {
        "X": "1",
        "T": title,
        "R": _rhythm(tune.stated_rhythm, setting.meter.text),
        "M": meter,
        "L": f"{setting.unit.numerator}/{setting.unit.denominator}",
        "Q": tempo,
        "K": key.text,
    }
    header = "".join(f"{letter}:{value}\n" for letter, value in fields.items() if value)
    # The fields that `Tune.parse` would read.
    canonical = type(tune)(
        text=f"{header}{writer.write()}\n\n",
        reference_number=1,
        titles=(title,) if title else (),
        rhythm=fields["R"],
        meter=meter,
        unit_note_length=fields["L"],
        key=key.text,
        body_start=len(header),
        tempo=tempo,
    )
    if is_doubtful(writer):
        prove(canonical, writer)
    return canonical


def _rhythm(rhythm: str | None, meter: str) -> str | None:
    """The rhythm, if it fits the meter: a jig in 9/8 becomes a slip jig, and a reel in 6/8 loses its rhythm."""
    if rhythm == "jig" and meter == "9/8":
        return "slip jig"
    return rhythm if meter in RHYTHMS.get(rhythm or "", ()) else None
