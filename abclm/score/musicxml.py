"""Turn a tune into MusicXML 4.0, for notation programs and the engraver.

music21 and verovio can read ABC, but verovio omits variant endings, and music21 reads wrong notes in about one tune in
nine. So the score is made from the notes and bars that `abclm.notation` reads.
"""

import logging
from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from abclm.notation.fields import parse_meter
from abclm.notation.keys import LETTERS, SEMITONES, parse_key
from abclm.notation.marks import Grace, Marks
from abclm.notation.symbols import Change, Chord, ChordSymbol, Note, Rest, Symbol
from abclm.notation.tune import Tune
from abclm.score.elements import add, write_chord_symbol, write_key, write_time
from abclm.score.heading import heading_of
from abclm.score.marked import (
    FERMATAS,
    unknown_decorations,
    write_bar_fermata,
    write_behind,
    write_directions,
    write_labels,
    write_lyrics,
    write_notations,
    write_tempo_field,
)
from abclm.score.measures import Event, Measure, Value, format_passes
from abclm.score.slurs import number_slurs
from abclm.score.voices import Voice, voices_of

_log = logging.getLogger(__name__)

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_ACCIDENTALS = {2: "double-sharp", 1: "sharp", 0: "natural", -1: "flat", -2: "flat-flat"}


def format_musicxml(tune: Tune) -> str:
    """Write a tune as MusicXML.

    What stands twice in time stands there as in the tune's canonical form; its marks, words and voices are those of the
    tune itself. One warning says what the score leaves out. A note's `id` is `n` and its offset in the tune's text.

    Args:
        tune: any tune.

    Returns:
        The text of a MusicXML file.

    Raises:
        ConvertError: the tune has no note, or has no canonical form.
    """
    score, left_out = write_score(tune)
    say_left_out(heading_of(tune).title, left_out)
    return score


def write_score(tune: Tune) -> tuple[str, list[str]]:
    """Write a tune as MusicXML, as `format_musicxml`; also returns what the score leaves out."""
    voices, left_out = voices_of(tune)
    unknown = set().union(*(unknown_decorations(each) for voice in voices for each in voice.marks.values()))
    left_out += [f"the decoration !{name[:20]}!" for name in sorted(unknown)]
    return _HEAD + _format(tune, voices), left_out


def say_left_out(name: str, left_out: Iterable[str]) -> None:
    """Log one warning that says what a file leaves out, if it leaves out anything."""
    if named := list(dict.fromkeys(left_out)):
        _log.warning("%s: the score leaves out %s", name, "; ".join(named))


def _format(tune: Tune, voices: list[Voice]) -> str:
    heading = heading_of(tune)
    root = Element("score-partwise", version="4.0")
    add(SubElement(root, "work"), "work-title", tune.title or "Untitled")
    if heading.subtitles:
        add(root, "movement-title", heading.subtitles[0])
    identification = SubElement(root, "identification")
    if heading.composer:
        add(identification, "creator", heading.composer, type="composer")
    add(SubElement(identification, "encoding"), "software", "abclm")
    if heading.rhythm or heading.about:
        other = SubElement(identification, "miscellaneous")
        for number, line in enumerate(filter(None, (heading.rhythm, *heading.about)), 1):
            add(other, "miscellaneous-field", line, name=f"note {number}")
    for kind, lines in (("subtitle", heading.subtitles), ("lyrics", heading.words)):
        for line in lines:
            credit = SubElement(root, "credit", page="1")
            add(credit, "credit-type", kind)
            add(credit, "credit-words", line)
    part_list = SubElement(root, "part-list")
    for number, voice in enumerate(voices, 1):
        part = SubElement(part_list, "score-part", id=f"P{number}")
        hidden = {} if voice.name else {"print-object": "no"}
        add(part, "part-name", voice.name or ("Melody" if number == 1 else f"Voice {number}"), **hidden)
    for number, voice in enumerate(voices, 1):
        _Writer(tune, voice, is_first=number == 1).write(SubElement(root, "part", id=f"P{number}"))
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


class _Writer:
    """Writes the measures of a voice, and follows the accidentals in the bar.

    Args:
        tune: the tune.
        voice: the voice.
        is_first: whether it is the voice above all others, where what holds for all of them stands.
    """

    def __init__(self, tune: Tune, voice: Voice, is_first: bool) -> None:
        self.tune, self.voice, self.is_first = tune, voice, is_first
        self.measures = measures = voice.measures
        setting = voice.canonical.setting()
        self.key, self.meter = setting.key, setting.meter
        self.slurs = number_slurs(voice)
        self.in_force: dict[int, int] = {}
        durations = [value.duration for each in measures for event in each.events for value in event.values]
        durations += [each.duration for each in measures]
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
            if not index and self.is_first:
                write_tempo_field(written, self.tune.tempo or "", self.tune.setting())
            for event in measure.events:
                self._event(written, event)
            self._silence(written, measure)
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
            add(attributes, "divisions", self.divisions)
        if is_first or key != self.key:
            write_key(SubElement(attributes, "key"), self.key)
        if is_first or meter != self.meter:
            write_time(attributes, self.meter)
        if is_first:
            clef = SubElement(attributes, "clef")
            sign, line, octaves = self.voice.clef
            add(clef, "sign", sign)
            add(clef, "line", line)
            if octaves:
                add(clef, "clef-octave-change", octaves)

    def _left(self, written: Element, measure: Measure) -> None:
        if measure.left is None and not measure.ending:
            return
        barline = SubElement(written, "barline", location="left")
        if measure.left is not None:
            add(barline, "bar-style", "heavy-light")
        if measure.ending:
            add(barline, "ending", "", number=format_passes(measure.ending), type="start")
        if measure.left is not None:
            SubElement(barline, "repeat", direction="forward")

    def _right(self, written: Element, measure: Measure) -> None:
        bar = measure.right
        is_double = bar is not None and (bar.double or bar.ends_repeat)
        last = self.voice.marks.get(measure.events[-1].symbol) if measure.events else None
        has_fermata = last is not None and not FERMATAS.keys().isdisjoint(last.after)
        if not is_double and not measure.closes_ending and not has_fermata and not measure.divided:
            return
        barline = SubElement(written, "barline", location="right")
        if bar is not None and is_double:
            light = bar.text == "||" and not bar.ends_repeat
            add(barline, "bar-style", "light-light" if light else "light-heavy")
        elif measure.divided:
            add(barline, "bar-style", "none")
        if last is not None:
            write_bar_fermata(barline, last)
        if measure.closes_ending:
            kind, _, passes = measure.closes_ending.partition(" ")
            add(barline, "ending", "", number=passes or format_passes(measure.ending), type=kind)
        if bar is not None and bar.ends_repeat:
            SubElement(barline, "repeat", direction="backward")

    def _silence(self, written: Element, measure: Measure) -> None:
        """Fill a measure in which this voice has nothing, or less than the first."""
        own = sum((value.duration for event in measure.events for value in event.values), Fraction(0))
        if not self.is_first and own < measure.duration and not own:
            note = SubElement(written, "note")
            SubElement(note, "rest", measure="yes")
            add(note, "duration", int(measure.duration * self.divisions) or self.divisions)
            add(note, "voice", 1)

    def _event(self, written: Element, event: Event) -> None:
        symbol = event.symbol
        marks = self.voice.marks.get(symbol, Marks())
        if isinstance(symbol, ChordSymbol):
            write_chord_symbol(written, symbol.text)
        elif isinstance(symbol, Change):
            self._attributes(written, [symbol], is_first=False)
        else:
            if self.is_first:
                write_labels(written, marks, self.tune.setting())
            write_directions(written, marks, self.voice.written_out)
            self._graces(written, symbol, marks)
            notes = symbol.notes if isinstance(symbol, Chord) else [symbol]
            for place, value in enumerate(event.values):
                for index, note in enumerate(notes):
                    if isinstance(note, Note):
                        self._note(written, note, event, place, value, is_first=index == 0)
                    else:
                        self._rest(written, event, place, value)
            write_behind(written, marks, self.voice.written_out)

    def _rest(self, written: Element, event: Event, place: int, value: Value) -> None:
        note = SubElement(written, "note", self._named(event.symbol, place))
        source = self.voice.sources.get(event.symbol)
        if isinstance(source, Rest) and self.tune.text[source.at] in "xX":
            note.set("print-object", "no")
        SubElement(note, "rest")
        self._length(note, value, event)
        marks = self.voice.marks.get(event.symbol)
        write_notations(note, [], _tuplet(event) if not place else None, marks if not place else None, [])

    def _named(self, symbol: Symbol, place: int) -> dict[str, str]:
        """The identifier of a note; of those that are tied to it because one is not enough, with their number."""
        name = self.voice.names.get(symbol)
        return {"id": f"{name}.{place}" if place else name} if name else {}

    def _graces(self, written: Element, symbol: Symbol, marks: Marks) -> None:
        if not marks.graces:
            return
        source, step = self.voice.sources[symbol], 0
        if isinstance(symbol, Note | Chord) and isinstance(source, Note | Chord):
            step = _first(symbol).step - _first(source).step
        many = len(marks.graces) > 1
        for index, grace in enumerate(marks.graces):
            note = SubElement(written, "note")
            SubElement(note, "grace", {"slash": "yes"} if marks.slash else {})
            moved = Grace(grace.step + step, grace.pitch)
            alter = _write_pitch(note, moved)
            add(note, "voice", 1)
            add(note, "type", "16th" if many else "eighth")
            before = self.in_force.get(moved.step, self.key.signature[moved.step % 7])
            if before != alter and alter in _ACCIDENTALS:
                add(note, "accidental", _ACCIDENTALS[alter])
                self.in_force[moved.step] = alter
            if many:
                kind = "begin" if not index else "end" if index + 1 == len(marks.graces) else "continue"
                for level in ("1", "2"):
                    add(note, "beam", kind, number=level)

    def _note(
        self, written: Element, symbol: Note, event: Event, place: int, value: Value, is_first: bool
    ) -> None:
        note = SubElement(written, "note", self._named(event.symbol, place) if is_first else {})
        if not is_first:
            SubElement(note, "chord")
        alter = _write_pitch(note, symbol)
        ties = []
        if symbol.continued or place:
            ties.append("stop")
        if symbol.tied or place + 1 < len(event.values):
            ties.append("start")
        self._length(note, value, event, ties, self._accidental(symbol, alter, bool(place)))
        if event.beam and is_first:
            add(note, "beam", event.beam, number="1")
        slurs = self.slurs.get(event.symbol, []) if is_first else []
        kinds = [
            each for each in slurs if each[0] == ("stop" if place else "start") or len(event.values) == 1
        ]
        marks = self.voice.marks.get(event.symbol) if is_first and not place else None
        write_notations(note, ties, _tuplet(event) if is_first and not place else None, marks, kinds)
        if marks:
            write_lyrics(note, marks)

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
        add(note, "duration", int(value.duration * self.divisions))
        for kind in ties or []:
            SubElement(note, "tie", type=kind)
        add(note, "voice", 1)
        add(note, "type", value.type)
        for _ in range(value.dots):
            SubElement(note, "dot")
        if accidental:
            add(note, "accidental", accidental)
        if value.actual != value.normal:
            modification = SubElement(note, "time-modification")
            add(modification, "actual-notes", value.actual)
            add(modification, "normal-notes", value.normal)


def _tuplet(event: Event) -> tuple[str, str] | None:
    """How a tuplet begins or ends at an event, and whether it has a bracket."""
    return (event.tuplet, "no" if event.beam else "yes") if event.tuplet else None


def _first(event: Note | Chord) -> Note:
    return event.notes[0] if isinstance(event, Chord) else event


def _write_pitch(note: Element, symbol: Note | Grace) -> int:
    """Write the pitch of a note; its alteration in semitones."""
    letter, octave = LETTERS[symbol.step % 7], symbol.step // 7
    alter = symbol.pitch - 60 - 12 * octave - SEMITONES[letter]
    pitch = SubElement(note, "pitch")
    add(pitch, "step", letter)
    if alter:
        add(pitch, "alter", alter)
    add(pitch, "octave", octave + 4)
    return alter
