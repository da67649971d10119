"""Turn the symbols of a scanned body into durations and pitches."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from abclm.errors import NotationError
from abclm.notation.fields import Meter, parse_meter, parse_unit_note_length
from abclm.notation.keys import LETTERS, SEMITONES, Key, parse_key
from abclm.notation.problems import MOST_PROBLEMS
from abclm.notation.scanner import Body
from abclm.notation.symbols import (
    BOTH,
    START,
    Bar,
    Broken,
    Change,
    Chord,
    Note,
    Rest,
    Shift,
    Symbol,
    Timed,
    Tuplet,
)

# Ticks in a whole note: divisible by the usual lengths down to 1/1024 in tuplets of 3, 5, 7 and 9, so that
# durations are integers; otherwise a duration is an exact Fraction of ticks.
WHOLE = 1024 * 315

Ticks = int | Fraction

_MIDDLE_C = 60
_LETTER_PITCH = tuple(SEMITONES[letter] for letter in LETTERS)


@dataclass(slots=True)
class Setting:
    """The key, meter and unit note length at a place in the tune."""

    key: Key
    meter: Meter
    unit: Fraction  # of a whole note
    shift: int = 0  # semitones by which notes sound other than they are written

    @property
    def bar_ticks(self) -> Ticks | None:
        """The length of a full bar; None for free bars."""
        return None if self.meter.bar_length is None else ticks(self.meter.bar_length)


def ticks(length: Fraction) -> Ticks:
    """Convert a length in whole notes to ticks."""
    exact = length * WHOLE
    return exact.numerator if exact.denominator == 1 else exact


@lru_cache(maxsize=65536)  # a tune has few lengths, and tunes share their onsets
def quarters(duration: Ticks) -> Fraction:
    """Convert ticks to quarter notes."""
    return Fraction(4 * duration, WHOLE)


def measure(body: Body, setting: Setting) -> None:
    """Set `duration` and `pitch` in a body, and add problems to `body.problems`.

    Broken rhythm affects only notes of equal duration. The default `q` of a tuplet depends on the meter
    (ABC 2.1, section 4.13). An accidental is valid until the bar line, in every octave, unless the directive
    `propagate-accidentals` says otherwise (section 11.3). A tied note keeps its accidental across the bar line. An
    accidental written at a tied note applies to the notes after it. Within the bar, it breaks a tie from another
    pitch; across a bar line, the tie is stronger. A tie before the first variant ending leads into every ending.
    A length after a chord multiplies the lengths in it, of which the first counts (section 4.17). Which ties join
    notes is finally decided by `playback`, in the order in which the notes are heard.

    Args:
        body: the result of `scanner.scan`; changed in place.
        setting: the settings of the header; updated by changes inside the tune.
    """
    _Measure(body, setting).run()


def tuplet_time(p: int, meter: Meter) -> int:
    """The default q of a tuplet of p notes: the number of notes whose time it takes."""
    if p in (3, 6):
        return 2
    if p in (2, 4, 8):
        return 3
    return 3 if meter.is_compound else 2


@dataclass(slots=True)
class Tie:
    """A tie.

    Attributes:
        source: the note before it.
        first: the first of the notes that are tied together.
        later: the note after it.
        again: whether it leads into a second or later variant ending.
    """

    source: Note
    first: Note
    later: Note | None = None
    again: bool = False


class _Measure:
    def __init__(self, body: Body, setting: Setting) -> None:
        self.body = body
        self.setting = setting
        self.setting.shift = body.shift
        self.letters = 7 if body.propagation == "pitch" else 128  # steps with the same accidental
        self.durations: dict[str, Ticks] = {}  # of written lengths, with the current unit
        self.pitches: dict[int, int] = {}  # step -> pitch, in the current key
        self.accidentals: dict[int, int] = {}  # step, mostly in any octave -> semitones, until the bar line
        self.open_ties: list[Tie] = []
        self.bar_in_tie = False  # whether a bar line followed
        self.before_endings: list[Tie] | None = None  # the ties that lead into variant endings
        self.ties: list[Tie] = []  # those that join notes
        self.chords: list[Chord] = []
        self.previous: Timed | None = None
        self.broken: Broken | None = None
        self.tuplet: Tuplet | None = None
        self.left = 0  # notes still to come in the tuplet
        self.q = self.p = 1

    def problem(self, at: int, severity: str, message: str) -> None:
        # In addition to the problems that `scan` may have added.
        if len(self.body.problems) < 2 * MOST_PROBLEMS:
            self.body.problems.append((at, severity, message))

    def run(self) -> None:
        handlers: dict[type[Symbol], Callable[[Any], None]] = {
            Chord: self.chord,
            Rest: self.rest,
            Bar: self.bar,
            Broken: self.open_broken,
            Tuplet: self.open_tuplet,
            Change: self.change,
            Shift: self.change_shift,
        }
        for symbol in self.body.symbols:
            if type(symbol) is Note:
                self.note(symbol)  # which most symbols are
            elif handle := handlers.get(type(symbol)):
                handle(symbol)
        self.finish()

    def note(self, note: Note) -> None:
        if note.tied or self.open_ties:
            self.sound([note], note)
        elif note.accidental is None and not self.accidentals and note.step in self.pitches:
            note.pitch = self.pitches[note.step]  # as `pitch` says, and this is most notes
        else:
            note.pitch = self.pitch(note)
        duration = self.durations.get(note.length)
        if duration is None or self.left or self.broken is not None:
            self.time(note)
        else:
            note.duration = duration
            self.previous = note

    def chord(self, chord: Chord) -> None:
        self.sound(chord.notes, chord)
        chord.length = _product(chord.notes[0].length, chord.length)
        self.time(chord)
        self.chords.append(chord)

    def bar(self, bar: Bar) -> None:
        if bar.text:
            self.accidentals.clear()
            self.bar_in_tie = True
            if bar.kind in (START, BOTH):
                self.before_endings = None
        if bar.ending:
            if self.before_endings is None or 1 in bar.ending:
                self.before_endings = list(self.open_ties)
            else:
                self.body.loose_ties += [tie.source for tie in self.open_ties]
                self.open_ties = [Tie(tie.source, tie.first, again=True) for tie in self.before_endings]
                self.bar_in_tie = True

    def finish(self) -> None:
        if self.broken is not None:
            self.drop_broken(self.broken, "broken rhythm is not followed by a note")
        self.break_tuplet()
        self.close_ties()
        for chord in self.chords:
            for note in chord.notes:
                note.duration = chord.duration
        for tie in self.ties:
            if tie.later is not None:
                tie.first.held += tie.later.duration

    def sound(self, notes: list[Note], event: Timed) -> None:
        """Set the pitches of notes, join them to tied notes before them, and open their ties."""
        opened: list[Tie] = []
        for note in notes:
            tie = self.joined(note) if self.open_ties else None
            if tie is None:
                note.pitch = self.pitch(note)
            else:
                note.pitch = tie.first.pitch
                note.continued = True
                if not tie.again:
                    tie.later = note
                    self.ties.append(tie)
            if note.tied or event.tied:
                note.tied = True
                opened.append(Tie(note, note if tie is None or tie.again else tie.first))
                self.body.ties.append(note)
        self.close_ties()
        self.open_ties, self.bar_in_tie = opened, False

    def joined(self, note: Note) -> Tie | None:
        """Take the open tie that leads to a note: of the same step, or of the same pitch, such as `^F-_G`."""
        found = next((tie for tie in self.open_ties if tie.first.step == note.step), None)
        if found is None or note.accidental is not None:
            pitch = self.pitch(note)
            if found is None or (found.first.pitch != pitch and not self.bar_in_tie):
                found = next((tie for tie in self.open_ties if tie.first.pitch == pitch), None)
        if found is not None:
            self.open_ties.remove(found)
        return found

    def close_ties(self) -> None:
        """End the open ties, which join no note that follows in the text."""
        self.body.loose_ties += [tie.source for tie in self.open_ties]
        self.open_ties = []

    def pitch(self, note: Note) -> int:
        step = note.step
        letter = step % 7
        place = step % self.letters
        if note.accidental is not None:
            self.accidentals[place] = note.accidental
        alteration = self.accidentals.get(place, self.setting.key.signature[letter])
        if self.body.propagation == "not":
            self.accidentals.clear()
        pitch = _MIDDLE_C + 12 * (step // 7) + _LETTER_PITCH[letter] + alteration + self.setting.shift
        if not 0 <= pitch <= 127:
            self.problem(note.at, "error", "the note is out of range; MIDI has pitches 0 to 127")
            return min(max(pitch, 0), 127)
        if not self.accidentals and note.accidental is None:
            self.pitches[step] = pitch
        return pitch

    def time(self, event: Timed) -> None:
        """Set an event's duration from its written length, its tuplet and its broken rhythm."""
        duration = self.durations.get(event.length)
        if duration is None:
            duration = self.durations[event.length] = _written(event.length, self.setting.unit)
        if self.left:
            duration = _scaled(duration, self.q, self.p)
            self.left -= 1
        event.duration = duration
        if self.broken is not None:
            self.close_broken(self.broken, event)
        self.previous = event

    def rest(self, rest: Rest) -> None:
        self.close_ties()
        if rest.bars:
            self.break_tuplet()
            if rest.bars > 1:
                self.accidentals.clear()  # it contains bar lines
            rest.duration = rest.bars * (self.setting.bar_ticks or WHOLE)
            self.previous = None
        else:
            self.time(rest)

    def open_broken(self, broken: Broken) -> None:
        if self.broken is not None or self.previous is None:
            self.drop_broken(broken, "broken rhythm stands between no two notes")
        else:
            self.broken = broken

    def close_broken(self, broken: Broken, after: Timed) -> None:
        before, self.broken = self.previous, None
        if before is None or before.duration != after.duration:
            self.drop_broken(broken, "broken rhythm between notes of different length has no effect")
            return
        half = 2 ** abs(broken.steps)
        long, short = _scaled(before.duration, 2 * half - 1, half), _scaled(before.duration, 1, half)
        before.duration, after.duration = (long, short) if broken.steps > 0 else (short, long)

    def drop_broken(self, broken: Broken, message: str) -> None:
        self.problem(broken.at, "error", message)
        broken.steps = 0

    def open_tuplet(self, tuplet: Tuplet) -> None:
        if self.left:
            self.problem(tuplet.at, "error", "a tuplet begins inside a tuplet")
            tuplet.p = 0
            return
        if tuplet.q is None and tuplet.p > 9:
            self.problem(
                tuplet.at,
                "error",
                f"({tuplet.p} does not say in the time of how many notes; write ({tuplet.p}:q",
            )
            return
        self.p = tuplet.p
        tuplet.q = self.q = tuplet.q or tuplet_time(tuplet.p, self.setting.meter)
        self.left = tuplet.r or tuplet.p
        self.tuplet = tuplet

    def break_tuplet(self) -> None:
        """End an incomplete tuplet after the notes that it has."""
        if self.left and self.tuplet is not None:
            self.problem(self.tuplet.at, "error", "the tuplet is not complete")
            self.tuplet.r = (self.tuplet.r or self.tuplet.p) - self.left
            if not self.tuplet.r:
                self.tuplet.p = 0
        self.left = 0

    def change_shift(self, shift: Shift) -> None:
        self.setting.shift = shift.semitones
        self.pitches.clear()

    def change(self, change: Change) -> None:
        try:
            if change.letter == "K":
                # Inside a tune, an empty K: changes nothing.
                if change.value:
                    self.setting.key = parse_key(change.value)
                    self.accidentals.clear()
                    self.pitches.clear()
            elif change.letter == "M":
                self.setting.meter = parse_meter(change.value)
            elif change.letter == "L":
                self.setting.unit = parse_unit_note_length(change.value)
                self.durations = {}
        except NotationError as error:
            self.problem(change.at, "error", str(error))
            change.letter = "N"


@lru_cache(maxsize=4096)
def _product(inner: str, outer: str) -> str:
    """The length of a chord, as it is written, from the lengths of its first note and after it."""
    if not inner or not outer:
        return inner or outer
    (above, _, below), (more, _, less) = inner.partition("/"), outer.partition("/")
    length = Fraction(int(above or 1) * int(more or 1), int(below or 1) * int(less or 1))
    over = "" if length.numerator == 1 else str(length.numerator)
    return over + ("" if length.denominator == 1 else f"/{length.denominator}")


@lru_cache(maxsize=4096)
def _written(length: str, unit: Fraction) -> Ticks:
    """The ticks of a written length, with a unit note length."""
    above, _, below = length.partition("/")
    return ticks(unit * Fraction(int(above or 1), int(below or 1)))


def _scaled(duration: Ticks, above: int, below: int) -> Ticks:
    if isinstance(duration, int) and duration * above % below == 0:
        return duration * above // below
    exact = Fraction(duration) * above / below
    return exact.numerator if exact.denominator == 1 else exact
