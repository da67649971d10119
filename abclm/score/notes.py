"""Turn notes, chords and rests into elements of MusicXML, with their accidentals, ties, slurs, marks and grace notes."""

from math import lcm
from xml.etree.ElementTree import Element, SubElement

from abclm.notation.keys import LETTERS, SEMITONES, Key
from abclm.notation.marks import Grace, Marks
from abclm.notation.symbols import Chord, Note, Rest, Symbol
from abclm.notation.tune import Tune
from abclm.score.elements import add
from abclm.score.marked import write_lyrics, write_notations
from abclm.score.measures import Event, Value
from abclm.score.voices import Voice

_ACCIDENTALS = {2: "double-sharp", 1: "sharp", 0: "natural", -1: "flat", -2: "flat-flat"}
_MOST_SLURS = 6  # numbers that MusicXML has (its `number-level`)


class NoteWriter:
    """Writes the notes of a voice, and follows the accidentals in the bar.

    Args:
        tune: the tune.
        voice: the voice.
    """

    def __init__(self, tune: Tune, voice: Voice) -> None:
        self.tune, self.voice = tune, voice
        self.key: Key = voice.canonical.setting().key
        self.slurs = number_slurs(voice)
        self.in_force: dict[int, int] = {}
        durations = [
            value.duration for each in voice.measures for event in each.events for value in event.values
        ]
        durations += [each.duration for each in voice.measures]
        self.divisions = lcm(*(duration.denominator for duration in durations))

    def bar(self, key: Key) -> None:
        """Forget the accidentals: a bar or a key begins."""
        self.key, self.in_force = key, {}

    def event(self, written: Element, event: Event, marks: Marks) -> None:
        """Write a note, a chord or a rest into a measure, as many as its note values."""
        symbol = event.symbol
        self._graces(written, symbol, marks)
        notes = symbol.notes if isinstance(symbol, Chord) else [symbol]
        for place, value in enumerate(event.values):
            for index, note in enumerate(notes):
                if isinstance(note, Note):
                    self._note(written, note, event, place, value, is_first=index == 0)
                else:
                    self._rest(written, event, place, value)

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


def number_slurs(voice: Voice) -> dict[Symbol, list[tuple[str, int]]]:
    """The slurs of each note and chord: `start` or `stop`, with the number of the slur, 1 to 6."""
    found: dict[Symbol, list[tuple[str, int]]] = {}
    begun: list[tuple[Symbol, int]] = []
    for measure in voice.measures:
        for event in measure.events:
            symbol, marks = event.symbol, voice.marks.get(event.symbol)
            if marks is None or not isinstance(symbol, Note | Chord):
                continue
            ends = marks.ends
            for _ in range(marks.begins):
                free = min(set(range(1, _MOST_SLURS + 1)) - {number for _, number in begun}, default=None)
                if free is not None:
                    begun.append((symbol, free))
            while ends and begun:
                start, number = begun.pop()
                ends -= 1
                if start is not symbol:
                    found.setdefault(start, []).append(("start", number))
                    found.setdefault(symbol, []).append(("stop", number))
    return found
