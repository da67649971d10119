"""Turn a score of one staff in MusicXML into a tune, by music21's reader.

Kept are notes, rests, chords, ties, tuplets, chord symbols, repeats and numbered endings, changes of key and meter. Grace
notes, words and marks are left out.
"""

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from abclm.errors import ConvertError, NotationError
from abclm.notation.fields import canonical_title
from abclm.notation.keys import ACCIDENTALS, LETTERS, SIGNS, Key, make_key
from abclm.notation.tune import Tune
from abclm.system.words import counted

SUFFIXES = (".musicxml", ".xml", ".mxl")
_EIGHTHS = 2  # in a quarter note, which music21 counts in
_MODES = {
    "minor": "m", "aeolian": "m", "dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix",
    "locrian": "loc",
}  # fmt: skip
_BARS = {"final": "|]", "double": "||", "light-light": "||", "light-heavy": "|]"}
_KNOWN_SIGNS = set(ACCIDENTALS.values())


def musicxml_to_tune(source: str, data: bytes) -> Tune:
    """Read a score.

    Args:
        source: the file's name, for its suffix, for messages, and for the title of a score without one.
        data: what it holds.

    Raises:
        ConvertError: it is no MusicXML, has no staff or several, or several voices in a measure, or no note.
    """
    from music21 import converter, stream

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"score{Path(source).suffix.lower()}")
        path.write_bytes(data)
        try:
            score = converter.parseFile(path, format="musicxml", forceSource=True)
        except Exception as error:  # music21 and the readers of XML below it raise what they like
            reason = " ".join(str(error).split())[:100]
            raise ConvertError(
                f"{source}: is no MusicXML that can be read ({reason}); export it again"
            ) from None
    parts = list(score.getElementsByClass(stream.Part))
    if len(parts) != 1:
        raise ConvertError(
            f"{source}: has {counted(len(parts), 'staff', 'staves')}, and a tune has one; "
            "export the staff of the melody alone"
        )
    measures = list(parts[0].getElementsByClass(stream.Measure))
    title = canonical_title((score.metadata and score.metadata.bestTitle) or Path(source).stem)
    try:
        tune = Tune.parse(_write(title, measures, parts[0]))
    except (NotationError, ConvertError) as error:
        raise ConvertError(f"{source}: {error}") from None
    if not tune.notes():
        raise ConvertError(f"{source}: there is no note in it")
    return tune


def _write(title: str, measures: list[Any], part: Any) -> str:
    """Write all measures as ABC, of 4 to a line."""
    endings = {id(each.getFirst()): each.number for each in part.spannerBundle.getByClass("RepeatBracket")}
    key, meter, header, music = make_key("C", ""), "none", "", ""
    for number, measure in enumerate(measures):
        if measure.voices:
            raise ConvertError(f"measure {measure.number} has several voices, and a tune has one")
        changes = ""
        for found in measure.getElementsByClass("KeySignature"):
            key = _key(found)
            changes += f"[K:{key.text}]"
        for found in measure.getElementsByClass("TimeSignature"):
            meter = found.ratioString
            changes += f"[M:{meter}]"
        if number == 0:
            header, changes = f"X:1\nT:{title}\nM:{meter}\nL:1/8\nK:{key.text}\n", ""
        left, right = measure.leftBarline, measure.rightBarline
        if getattr(left, "direction", "") == "start":
            music = music.rstrip() + "|:"
        ending = f"[{endings[id(measure)]} " if id(measure) in endings else ""
        music += f"{ending}{changes}{''.join(_symbols(measure, key))}"
        end = ":|" if getattr(right, "direction", "") == "end" else _BARS.get(getattr(right, "type", ""), "|")
        music += end + ("\n" if number % 4 == 3 else " ")
    return f"{header}{music.rstrip()}\n"


def _key(found: Any) -> Key:
    as_key = found if hasattr(found, "mode") and hasattr(found, "tonic") else found.asKey("major")
    return make_key(as_key.tonic.name.replace("-", "b"), _MODES.get(as_key.mode, ""))


def _symbols(measure: Any, key: Key) -> Iterator[str]:
    """Each chord symbol, note, chord and rest of a measure as ABC; `(3` and such before tuplets."""
    altered = {(letter, None): alteration for letter, alteration in zip(LETTERS, key.signature, strict=True)}
    in_bar: dict[tuple[str, int], int] = {}
    left = Fraction(0)  # of the tuplet that was begun, as heard
    for each in measure.notesAndRests:
        if "ChordSymbol" in each.classes or "NoChord" in each.classes:
            yield f'"{each.figure.replace("-", "b")}"'
            continue
        if each.duration.isGrace:
            continue
        length = Fraction(each.duration.quarterLength) * _EIGHTHS
        if each.duration.tuplets:
            tuplet = each.duration.tuplets[0]
            written = length * tuplet.numberNotesActual / tuplet.numberNotesNormal
            if left <= 0:
                run = _tuplet_run(each, measure, tuplet)
                yield f"({tuplet.numberNotesActual}:{tuplet.numberNotesNormal}:{len(run)}"
                left = sum(run, Fraction(0))
            left -= length
            length = written
        if each.isRest:
            yield f"z{_length(length)}"
            continue
        notes = each.notes if each.isChord else [each]
        pitches = [_pitch(note, altered, in_bar) for note in notes]
        tie = "-" if each.tie is not None and each.tie.type in ("start", "continue") else ""
        text = f"[{''.join(pitches)}]" if each.isChord else pitches[0]
        yield f"{text}{_length(length)}{tie}"


def _tuplet_run(first: Any, measure: Any, tuplet: Any) -> list[Fraction]:
    """The heard lengths of the notes of one tuplet: as many as fill a whole one."""
    ratio = (tuplet.numberNotesActual, tuplet.numberNotesNormal)
    lengths: list[Fraction] = []
    notes = [
        each for each in measure.notesAndRests if not each.duration.isGrace and "Harmony" not in each.classes
    ]
    unit = Fraction(tuplet.durationNormal.quarterLength) * _EIGHTHS if tuplet.durationNormal else Fraction(1)
    for each in notes[next(place for place, note in enumerate(notes) if note is first) :]:
        own = each.duration.tuplets
        if not own or (own[0].numberNotesActual, own[0].numberNotesNormal) != ratio:
            break
        lengths.append(Fraction(each.duration.quarterLength) * _EIGHTHS)
        if sum(lengths) >= ratio[1] * unit:
            break
    return lengths


def _pitch(note: Any, signature: dict[tuple[str, None], int], in_bar: dict[tuple[str, int], int]) -> str:
    """A note with the accidental that it needs where it stands (section 4.2 of the ABC standard 2.1)."""
    letter, octave = note.pitch.step, note.pitch.implicitOctave
    alteration = int(note.pitch.alter)
    if alteration not in _KNOWN_SIGNS or alteration != note.pitch.alter:
        raise ConvertError(f"measure {note.measureNumber} has a note that ABC can't write: {note.pitch}")
    now = in_bar.get((letter, octave), signature[(letter, None)])
    sign = "" if alteration == now else SIGNS[alteration]
    in_bar[(letter, octave)] = alteration
    name: str = letter + "," * (4 - octave) if octave <= 4 else letter.lower() + "'" * (octave - 5)
    return sign + name


def _length(eighths: Fraction) -> str:
    if eighths == 1:
        return ""
    top, bottom = eighths.numerator, eighths.denominator
    return f"{top if top != 1 else ''}{f'/{bottom}' if bottom != 1 else ''}"
