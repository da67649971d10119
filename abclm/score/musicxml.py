"""Turn a tune into MusicXML 4.0, for notation programs and the engraver.

music21 and verovio can read ABC, but verovio omits variant endings, and music21 reads wrong notes in about one tune in
nine. So the score is made from the notes and bars that `abclm.notation` reads.
"""

from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from abclm.notation.fields import parse_meter
from abclm.notation.keys import parse_key
from abclm.notation.marks import Marks
from abclm.notation.symbols import Change, ChordSymbol, Symbol
from abclm.notation.tune import Tune
from abclm.score.elements import add, write_chord_symbol, write_key, write_time
from abclm.score.heading import heading_of
from abclm.score.left_out import find_left_out, say_left_out
from abclm.score.marked import (
    FERMATAS,
    write_bar_fermata,
    write_behind,
    write_directions,
    write_labels,
    write_tempo_field,
)
from abclm.score.measures import Event, Measure, format_passes
from abclm.score.notes import NoteWriter
from abclm.score.voices import Voice, voices_of

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)


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
    return _HEAD + _format(tune, voices), [*find_left_out(tune, voices), *left_out]


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
        rhythm = [f"Rhythm: {heading.rhythm}"] if heading.rhythm else []
        for line in (*rhythm, *heading.about):
            name, _, value = line.partition(": ")
            add(other, "miscellaneous-field", value, name=name.lower())
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
    """Writes the measures of a voice.

    Args:
        tune: the tune.
        voice: the voice.
        is_first: whether it is the voice above all others, where what holds for all of them stands.
    """

    def __init__(self, tune: Tune, voice: Voice, is_first: bool) -> None:
        self.tune, self.voice, self.is_first = tune, voice, is_first
        self.measures = voice.measures
        setting = voice.canonical.setting()
        self.key, self.meter = setting.key, setting.meter
        self.notes = NoteWriter(tune, voice)

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
            self.notes.bar(self.key)
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
                self.notes.bar(self.key)
            else:
                self.meter = parse_meter(change.value)
        if not is_first and key == self.key and meter == self.meter:
            return
        attributes = SubElement(written, "attributes")
        if is_first:
            add(attributes, "divisions", self.notes.divisions)
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
            add(note, "duration", int(measure.duration * self.notes.divisions) or self.notes.divisions)
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
            self.notes.event(written, event, marks)
            write_behind(written, marks, self.voice.written_out)
