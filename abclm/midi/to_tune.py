"""Turn a MIDI file's melody into a tune in ABC notation: bars, beams, broken rhythm, tuplets and accidentals.

`midi2abc` writes down whole files as they are; here it is a melody on a grid that is written, so that what was played
late or swung is written as players write it, with a pick-up, and reads back as the same notes.
"""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, lcm

from abclm.midi.file import MidiFile
from abclm.midi.melody import Melody, read_melody
from abclm.midi.transcription.grid import MelodyNote, odd_part
from abclm.midi.transcription.signatures import Meter
from abclm.midi.transcription.spelling import Spelling, spell_together
from abclm.notation.fields import RHYTHMS, canonical_title, find_rhythm
from abclm.notation.keys import SIGNS
from abclm.notation.tune import Tune

logger = logging.getLogger(__name__)

_BARS_IN_LINE = 4
_SIXTEENTH = Fraction(1, 4)  # of a whole note, in quarter notes
_BROKEN: dict[tuple[Fraction, ...], str] = {
    (Fraction(3, 2), Fraction(1, 2)): ">",
    (Fraction(1, 2), Fraction(3, 2)): "<",
}
_TUPLETS = (3, 5, 7, 9)  # of those that ABC has, the odd ones
_LONGEST_TUPLET, _TUPLET_BEATS = 12, 4  # in notes, in beats; what is longer is cut
_UNKNOWN = 9  # an alteration that no note has: the next one gets its sign


@dataclass(frozen=True)
class _Event:
    """A note, chord or rest (no pitches) inside a bar; times in quarter notes, `tied` to the next."""

    onset: Fraction
    duration: Fraction
    pitches: tuple[int, ...]
    graces: tuple[int, ...] = ()
    tied: bool = False
    continues: bool = False

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration

    def cut(self, at: Fraction) -> tuple["_Event", "_Event"]:
        """The event in two, which are tied unless it is a rest."""
        is_note = bool(self.pitches)
        return replace(self, duration=at - self.onset, tied=is_note), replace(
            self, onset=at, duration=self.end - at, graces=(), continues=is_note
        )


def midi_to_tune(midi: MidiFile, *, title: str = "") -> Tune:
    """Write down the melody of a MIDI file.

    Args:
        midi: the file.
        title: the tune's, where the file has none.

    Returns:
        The tune. Repeats are written out as they were played. Which track it is from is logged.

    Raises:
        ConvertError: as `read_melody`.

    Example:
        >>> from abclm.midi.abc2midi import abc_to_midi
        >>> midi = abc_to_midi("X:1\\nT:Scale\\nM:6/8\\nL:1/8\\nK:Em\\ne>fg a2^d|(3efg z e3|]\\n")
        >>> print(midi_to_tune(midi).body)
        e>fg a2^d|(3efgz e3|]
        <BLANKLINE>
    """
    melody = read_melody(midi)
    logger.info("melody: %s", melody.chosen)
    return melody_to_tune(melody, title=title)


def melody_to_tune(melody: Melody, *, title: str = "") -> Tune:
    """Write a melody as a tune; see `midi_to_tune`."""
    unit = _unit([note.duration for note in melody.notes])
    title = canonical_title(melody.title) or canonical_title(title) or "Untitled"
    meter = _meter(melody.meter)
    rhythm = "hornpipe" if melody.swung else find_rhythm(title)
    tempo = round(60_000_000 / melody.quarter_microseconds)
    header = [
        "X:1",
        f"T:{title}",
        *([f"R:{rhythm}"] if rhythm and (melody.swung or meter in RHYTHMS[rhythm]) else []),
        f"M:{meter}",
        f"L:{unit}",
        f"Q:1/4={max(1, tempo)}",
        f"K:{melody.key.text}",
    ]
    bars = list(_Writer(melody, 4 * unit).bars())
    # A pick-up stands on the first line.
    pick_up = 1 if melody.meters[0][0] > melody.notes[0].onset else 0
    lines = [bars[: pick_up + _BARS_IN_LINE]]
    lines += [
        bars[at : at + _BARS_IN_LINE] for at in range(pick_up + _BARS_IN_LINE, len(bars), _BARS_IN_LINE)
    ]
    body = "|\n".join("|".join(line) for line in lines if line)
    return Tune.parse("\n".join(header) + f"\n{body}|]\n")


def _unit(durations: Sequence[Fraction]) -> Fraction:
    """The unit note length: a sixteenth where a quarter of the notes are as short, in dotted pairs of eighths aside."""
    pairs = [tuple(2 * duration for duration in pair) in _BROKEN for pair in pairwise(durations)]
    in_pairs = [before or after for before, after in zip([False, *pairs], [*pairs, False], strict=True)]
    short = sum(
        duration <= _SIXTEENTH and not in_pair for duration, in_pair in zip(durations, in_pairs, strict=True)
    )
    return Fraction(1, 16) if 4 * short > len(durations) else Fraction(1, 8)


def _meter(meter: Meter) -> str:
    return "C|" if meter == (2, 2) else f"{meter[0]}/{meter[1]}"


def _with_rests(notes: Sequence[MelodyNote]) -> Iterator[_Event]:
    now = notes[0].onset
    for note in notes:
        if note.onset > now:
            yield _Event(now, note.onset - now, ())
        yield _Event(note.onset, note.duration, note.pitches, note.graces)
        now = note.onset + note.duration


def _in_bars(melody: Melody) -> Iterator[tuple[Fraction, Meter, list[_Event]]]:
    """Cut a melody at its bar lines: each bar's start, its meter, and what stands in it, rests included."""
    lines = melody.bar_lines
    events = _with_rests(melody.notes)
    event: _Event | None = next(events)
    for (start, meter), end in zip(lines, [*(line for line, _ in lines[1:]), None], strict=True):
        bar: list[_Event] = []
        while event is not None and (end is None or event.onset < end):
            if end is not None and event.end > end:
                part, event = event.cut(end)
                bar.append(part)
            else:
                bar.append(event)
                event = next(events, None)
        yield start, meter, bar


def _groups(events: Sequence[_Event]) -> Iterator[tuple[int, Sequence[_Event]]]:
    """Group what stands in a bar: tuplets, from one place on the plain grid to the next, and single events.

    Where notes of different tuplets are one (a fifth of a beat held into a triplet), or a tuplet is long, it is cut
    at the beats, and what crosses them is tied.

    Yields:
        The number of the tuplet, 1 for a single event, and the events.
    """
    at = 0
    while at < len(events):
        count = next(
            (number for number, event in enumerate(events[at:], 1) if odd_part(event.end) == 1),
            len(events) - at,
        )
        group = events[at : at + count]
        at += count
        p = lcm(*(odd_part(time) for event in group for time in (event.onset, event.end)))
        start, end = group[0].onset, group[-1].end
        is_short = count <= _LONGEST_TUPLET and end - start <= _TUPLET_BEATS
        if p == 1 or (p in _TUPLETS and is_short) or start.__floor__() + 1 == ceil(end):
            yield p, group
        else:
            yield from _groups([part for event in group for part in _at_beats(event)])


def _at_beats(event: _Event) -> Iterator[_Event]:
    """Cut an event at the first beat in it, and at the last, so that what is between is no part of a tuplet."""
    for beat in (event.onset.__floor__() + 1, ceil(event.end) - 1):
        if event.onset < beat < event.end:
            part, event = event.cut(Fraction(beat))
            yield part
    yield event


class _Writer:
    """Writes bars one after another, with the accidentals and the key in force.

    Args:
        melody: what is written.
        unit: the unit note length in quarter notes.
    """

    def __init__(self, melody: Melody, unit: Fraction) -> None:
        self.melody = melody
        self.unit = unit
        self.keys = deque(melody.keys)
        self.key = self.keys.popleft()[1]
        self.meter = melody.meter
        self.in_force: dict[int, int] = {}  # alterations by letter
        self.spelled: dict[int, Spelling] = {}  # the pitches written last

    def bars(self) -> Iterator[str]:
        """Write each bar, without the bar line."""
        for start, meter, events in _in_bars(self.melody):
            yield self.changes(start, meter) + self.bar(start, events)

    def changes(self, start: Fraction, meter: Meter) -> str:
        """Write the meter and the key that begin with a bar."""
        self.in_force = {}
        written = ""
        if meter != self.meter:
            self.meter = meter
            written += f"[M:{_meter(meter)}]"
        key = self.key
        while self.keys and self.keys[0][0] <= start:
            key = self.keys.popleft()[1]
        if key != self.key:
            self.key = key
            written += f"[K:{key.text}]"
        return written

    def bar(self, start: Fraction, events: Sequence[_Event]) -> str:
        """Write what stands in a bar."""
        beats, below = self.meter
        beam = Fraction(1)
        if below == 8 and beats % 3 == 0:
            beam = Fraction(3, 2)
        elif below == 2 or beats == 4:
            beam = Fraction(2)
        written: list[str] = []
        groups = list(_groups(events))
        at = 0
        while at < len(groups):
            p, group = groups[at]
            if written and (group[0].onset - start) % beam == 0:
                written.append(" ")
            pair = [events[0] for p, events in groups[at : at + 2] if p == 1]
            sign = _BROKEN.get(tuple(event.duration / self.unit for event in pair))
            if p > 1:
                written.append(self.tuplet(p, group))
            elif (
                sign
                and (pair[1].onset - start) % beam
                and not (pair[0].tied or pair[1].tied or pair[1].graces)
            ):
                for event, mark in zip(pair, (sign, ""), strict=True):
                    written.append(self.event(replace(event, duration=self.unit)) + mark)
                at += 1
            else:
                written.append(self.event(group[0]))
            at += 1
        return "".join(written)

    def tuplet(self, p: int, events: Sequence[_Event]) -> str:
        """Write a tuplet."""
        q = 1 << (p.bit_length() - 1)
        mark = "(3" if p == 3 and len(events) == 3 else f"({p}:{q}:{len(events)}"
        return mark + "".join(self.event(replace(event, duration=event.duration * p / q)) for event in events)

    def event(self, event: _Event) -> str:
        """Write a note, chord or rest with its length and its grace notes."""
        length = event.duration / self.unit
        above = str(length.numerator) if length.numerator != 1 else ""
        lasts = above + (f"/{length.denominator}" if length.denominator > 1 else "")
        if not event.pitches:
            return f"z{lasts}"
        graces = "".join(self.grace(pitch) for pitch in event.graces)
        if not event.continues:
            self.spelled = spell_together(event.pitches, self.key)
        notes = [
            self.note(self.spelled[pitch], event.continues)
            for pitch in event.pitches
            if pitch in self.spelled
        ]
        inner = notes[0] if len(notes) == 1 else f"[{''.join(notes)}]"
        return (f"{{{graces}}}" if graces else "") + inner + lasts + ("-" if event.tied else "")

    def note(self, spelling: Spelling, continues: bool) -> str:
        """Write a pitch; its accidental is left out where it is in force, or tied over."""
        letter = spelling.step % 7
        sign = ""
        if not continues:
            if self.in_force.get(letter, self.key.signature[letter]) != spelling.alteration:
                sign = SIGNS[spelling.alteration]
            self.in_force[letter] = spelling.alteration
        return sign + spelling.name

    def grace(self, pitch: int) -> str:
        """Write a grace note; whether its accidental holds for the notes after it, no two programs agree on."""
        spelling = spell_together((pitch,), self.key)[pitch]
        letter = spelling.step % 7
        if self.in_force.get(letter, self.key.signature[letter]) == spelling.alteration:
            return spelling.name
        self.in_force[letter] = _UNKNOWN
        return SIGNS[spelling.alteration] + spelling.name
