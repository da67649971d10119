"""Turn a tune into MusicXML 4.0, for notation programs and the engraver.

music21 and verovio can read ABC, but verovio omits variant endings, and music21 reads wrong notes in about one tune in
nine. So the score is made from the notes and bars that `abclm.notation` reads.
"""

import re
from fractions import Fraction
from math import lcm
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from abclm.errors import ConvertError, NotationError
from abclm.notation.canonical.normalize import normalize
from abclm.notation.fields import Meter, parse_meter
from abclm.notation.keys import LETTERS, SEMITONES, Key, parse_key
from abclm.notation.symbols import Change, Chord, ChordSymbol, Note, Rest, Symbol
from abclm.notation.tune import Tune
from abclm.score.measures import Event, Measure, Value, format_passes, measures_of

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
# Characters that XML 1.0 can't contain, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ACCIDENTALS = {2: "double-sharp", 1: "sharp", 0: "natural", -1: "flat", -2: "flat-flat"}
_BEATS = {"whole": 1, "half": 2, "quarter": 4, "eighth": 8, "16th": 16}
_MODES = {"": "major", "m": "minor", "dor": "dorian", "phr": "phrygian", "lyd": "lydian", "mix": "mixolydian",
          "loc": "locrian"}  # fmt: skip
_CHORD = re.compile(r"([A-G])([#b]?)([^/]*)(?:/([A-G])([#b]?))?")
_KINDS = {"": "major", "m": "minor", "min": "minor", "7": "dominant", "maj7": "major-seventh",
          "m7": "minor-seventh", "dim": "diminished", "aug": "augmented", "+": "augmented", "6": "major-sixth",
          "m6": "minor-sixth", "9": "dominant-ninth", "sus": "suspended-fourth", "sus4": "suspended-fourth",
          "sus2": "suspended-second", "dim7": "diminished-seventh"}  # fmt: skip


def format_musicxml(tune: Tune) -> str:
    """Write a tune as MusicXML.

    Args:
        tune: any tune; the score shows its canonical form with chord symbols, with its original title.

    Returns:
        The text of a MusicXML file.

    Raises:
        ConvertError: the tune has no note, or has no canonical form.
    """
    try:
        canonical = normalize(tune, chord_symbols=True)
    except NotationError as error:
        raise ConvertError(f"the tune can't be written as a score: {error}") from error
    measures = measures_of(canonical)
    if not any(isinstance(event.symbol, Note | Chord) for measure in measures for event in measure.events):
        raise ConvertError("the tune has no note to write; check its ABC")
    return _HEAD + _format(tune, canonical, measures)


def _format(tune: Tune, canonical: Tune, measures: list[Measure]) -> str:
    root = Element("score-partwise", version="4.0")
    _text(SubElement(root, "work"), "work-title", clean(tune.title) or "Untitled")
    encoding = SubElement(SubElement(root, "identification"), "encoding")
    _text(encoding, "software", "abclm")
    part = SubElement(SubElement(root, "part-list"), "score-part", id="P1")
    _text(part, "part-name", "Melody", **{"print-object": "no"})
    _Writer(canonical, measures, tune.stated_tempo).write(SubElement(root, "part", id="P1"))
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def clean(text: str) -> str:
    """Remove the characters that XML can't contain."""
    return _NOT_XML.sub("", text)


class _Writer:
    """Writes measures, and follows the accidentals in the bar."""

    def __init__(self, tune: Tune, measures: list[Measure], tempo: str | None) -> None:
        self.tempo = tempo
        self.measures = measures
        setting = tune.setting()
        self.key, self.meter = setting.key, setting.meter
        self.in_force: dict[int, int] = {}
        durations = [value.duration for each in measures for event in each.events for value in event.values]
        self.divisions = lcm(*(duration.denominator for duration in durations))

    def write(self, part: Element) -> None:
        number, extra, missing = -1 if self._is_short(self.measures[0]) else 0, 0, Fraction(0)
        for index, measure in enumerate(self.measures):
            is_short = self._is_short(measure)
            # A pick-up inside the tune and the short bar before it are one bar.
            if is_short and measure.duration <= missing:
                extra, missing, name = extra + 1, Fraction(0), f"X{extra + 1}"
            else:
                number, missing, name = (
                    number + 1,
                    self._missing(measure) if index else Fraction(0),
                    str(number + 1),
                )
            written = SubElement(part, "measure", number=name)
            if is_short:
                written.set("implicit", "yes")
            if measure.begins_line:
                SubElement(written, "print", {"new-system": "yes"})
            self.in_force = {}
            # All changes at the beginning of a measure stand in one element.
            changes = []
            while measure.events and isinstance(measure.events[0].symbol, Change):
                changes.append(measure.events.pop(0).symbol)
            self._attributes(written, changes, is_first=index == 0)
            self._left(written, measure)
            if self.tempo and not index:
                _write_tempo(written, self.tempo)
            for event in measure.events:
                self._event(written, event)
            self._right(written, measure)

    def _is_short(self, measure: Measure) -> bool:
        return self._missing(measure) > 0

    def _missing(self, measure: Measure) -> Fraction:
        """The difference between a full bar and a measure, in quarter notes."""
        full = self.meter.bar_length
        return Fraction(0) if full is None else max(Fraction(0), 4 * full - measure.duration)

    def _attributes(self, written: Element, changes: list[Symbol], is_first: bool) -> None:
        key, meter = self.key, self.meter
        for change in changes:
            assert isinstance(change, Change)
            if change.letter == "K":
                self.key = parse_key(change.value)
                self.in_force = {}
            else:
                self.meter = parse_meter(change.value)
        if not is_first and key == self.key and meter == self.meter:
            return
        attributes = SubElement(written, "attributes")
        if is_first:
            _text(attributes, "divisions", self.divisions)
        if is_first or key != self.key:
            _write_key(SubElement(attributes, "key"), self.key)
        if is_first or meter != self.meter:
            _write_time(attributes, self.meter)
        if is_first:
            clef = SubElement(attributes, "clef")
            _text(clef, "sign", "G")
            _text(clef, "line", 2)

    def _left(self, written: Element, measure: Measure) -> None:
        if measure.left is None and not measure.ending:
            return
        barline = SubElement(written, "barline", location="left")
        if measure.left is not None:
            _text(barline, "bar-style", "heavy-light")
        if measure.ending:
            _text(barline, "ending", "", number=format_passes(measure.ending), type="start")
        if measure.left is not None:
            SubElement(barline, "repeat", direction="forward")

    def _right(self, written: Element, measure: Measure) -> None:
        bar = measure.right
        is_double = bar is not None and (bar.double or bar.ends_repeat)
        if not is_double and not measure.closes_ending:
            return
        barline = SubElement(written, "barline", location="right")
        if bar is not None and is_double:
            light = bar.text == "||" and not bar.ends_repeat
            _text(barline, "bar-style", "light-light" if light else "light-heavy")
        if measure.closes_ending:
            kind, _, passes = measure.closes_ending.partition(" ")
            _text(barline, "ending", "", number=passes or format_passes(measure.ending), type=kind)
        if bar is not None and bar.ends_repeat:
            SubElement(barline, "repeat", direction="backward")

    def _event(self, written: Element, event: Event) -> None:
        symbol = event.symbol
        if isinstance(symbol, ChordSymbol):
            _write_chord_symbol(written, symbol.text)
        elif isinstance(symbol, Change):
            self._attributes(written, [symbol], is_first=False)
        elif isinstance(symbol, Rest):
            for value in event.values:
                note = SubElement(written, "note")
                SubElement(note, "rest")
                self._length(note, value, event)
                _write_notations(note, event if value is event.values[0] else None, [])
        else:
            notes = symbol.notes if isinstance(symbol, Chord) else [symbol]
            for place, value in enumerate(event.values):
                for index, note_symbol in enumerate(notes):
                    assert isinstance(note_symbol, Note)
                    self._note(written, note_symbol, event, place, value, is_first=index == 0)

    def _note(
        self, written: Element, symbol: Note, event: Event, place: int, value: Value, is_first: bool
    ) -> None:
        note = SubElement(written, "note")
        if not is_first:
            SubElement(note, "chord")
        letter = LETTERS[symbol.step % 7]
        octave = symbol.step // 7
        alter = symbol.pitch - 60 - 12 * octave - SEMITONES[letter]
        pitch = SubElement(note, "pitch")
        _text(pitch, "step", letter)
        if alter:
            _text(pitch, "alter", alter)
        _text(pitch, "octave", octave + 4)
        ties = []
        if symbol.continued or place:
            ties.append("stop")
        if symbol.tied or place + 1 < len(event.values):
            ties.append("start")
        self._length(note, value, event, ties, self._accidental(symbol, alter, bool(place)))
        if event.beam and is_first:
            _text(note, "beam", event.beam, number="1")
        _write_notations(note, event if is_first and not place else None, ties)

    def _accidental(self, symbol: Note, alter: int, is_tied: bool) -> str:
        """The accidental to write: if the tune has one, or if the pitch differs from what the staff would mean."""
        before = self.in_force.get(symbol.step, self.key.signature[symbol.step % 7])
        if is_tied or symbol.continued:
            return ""
        self.in_force[symbol.step] = alter
        return _ACCIDENTALS.get(alter, "") if before != alter or symbol.accidental is not None else ""

    def _length(
        self, note: Element, value: Value, event: Event, ties: list[str] | None = None, accidental: str = ""
    ) -> None:
        _text(note, "duration", int(value.duration * self.divisions))
        for kind in ties or []:
            SubElement(note, "tie", type=kind)
        _text(note, "voice", 1)
        _text(note, "type", value.type)
        for _ in range(value.dots):
            SubElement(note, "dot")
        if accidental:
            _text(note, "accidental", accidental)
        if value.actual != value.normal:
            modification = SubElement(note, "time-modification")
            _text(modification, "actual-notes", value.actual)
            _text(modification, "normal-notes", value.normal)


def _write_notations(note: Element, event: Event | None, ties: list[str]) -> None:
    if not ties and not (event and event.tuplet):
        return
    notations = SubElement(note, "notations")
    for kind in ties:
        SubElement(notations, "tied", type=kind)
    if event and event.tuplet:
        SubElement(notations, "tuplet", type=event.tuplet, bracket="no" if event.beam else "yes")


def _write_tempo(written: Element, tempo: str) -> None:
    """Write beats a minute, of a plain or a dotted note; players get quarter notes a minute of any length."""
    length, _, beats = tempo.partition("=")
    direction = SubElement(written, "direction", placement="above")
    kind = SubElement(direction, "direction-type")
    values = {
        Fraction(3 if dots else 2, 2 * part): (name, dots) for name, part in _BEATS.items() for dots in (0, 1)
    }
    if Fraction(length) in values:
        name, dots = values[Fraction(length)]
        metronome = SubElement(kind, "metronome")
        _text(metronome, "beat-unit", name)
        for _dot in range(dots):
            SubElement(metronome, "beat-unit-dot")
        _text(metronome, "per-minute", beats)
    else:
        _text(kind, "words", tempo)
    SubElement(direction, "sound", tempo=f"{float(4 * Fraction(length) * int(beats)):g}")


def _write_key(written: Element, key: Key) -> None:
    if key.regular:
        _text(written, "fifths", key.sharps)
        _text(written, "mode", _MODES[key.mode])
        return
    for letter, alter in zip(LETTERS, key.signature, strict=True):
        if alter:
            _text(written, "key-step", letter)
            _text(written, "key-alter", alter)


def _write_time(attributes: Element, meter: Meter) -> None:
    if meter.bar_length is None:
        SubElement(SubElement(attributes, "time", {"print-object": "no"}), "senza-misura")
        return
    time = SubElement(attributes, "time")
    beats, unit = meter.text.split("/") if "/" in meter.text else ("4", "4")
    if meter.text == "C":
        time.set("symbol", "common")
    elif meter.text == "C|":
        time.set("symbol", "cut")
        beats, unit = "2", "2"
    _text(time, "beats", beats)
    _text(time, "beat-type", unit)


def _write_chord_symbol(written: Element, text: str) -> None:
    found = _CHORD.fullmatch(text)
    if found is None:
        return
    root, sign, kind, bass, bass_sign = found.groups()
    harmony = SubElement(written, "harmony")
    _write_step(SubElement(harmony, "root"), "root", root, sign)
    _text(harmony, "kind", _KINDS.get(kind, "other")).set("text", kind)
    if bass:
        _write_step(SubElement(harmony, "bass"), "bass", bass, bass_sign)


def _write_step(written: Element, name: str, letter: str, sign: str) -> None:
    _text(written, f"{name}-step", letter)
    if sign:
        _text(written, f"{name}-alter", 1 if sign == "#" else -1)


def _text(parent: Element, name: str, text: object, **attributes: str) -> Element:
    element = SubElement(parent, name, attributes)
    element.text = str(text)
    return element
