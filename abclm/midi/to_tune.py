"""Turn a MIDI file's melody into a tune in ABC notation: bars, beams, broken rhythm, tuplets and accidentals.

`midi2abc` writes down whole files as they are; here it is a melody on a grid that is written, so that what was played
late or swung is written as players write it, with a pick-up, and reads back as the same notes.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from abclm.midi.file import MidiFile
from abclm.midi.melody import Melody, MelodyNote, read_melody
from abclm.notation.fields import canonical_title
from abclm.notation.keys import LETTERS, SEMITONES, SIGNS
from abclm.notation.tune import Tune

logger = logging.getLogger(__name__)

_BARS_IN_LINE = 4
_EIGHTH = Fraction(1, 2)
_BROKEN = {
    (Fraction(3, 2), Fraction(1, 2)): ">",
    (Fraction(1, 2), Fraction(3, 2)): "<",
}


@dataclass(frozen=True)
class _Event:
    """A note, chord or rest (no pitches) inside a bar; times in quarter notes, `tied` to the next."""

    onset: Fraction
    duration: Fraction
    pitches: tuple[int, ...]
    tied: bool = False
    continues: bool = False


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
    shortest = sorted(note.duration for note in melody.notes)[len(melody.notes) // 4]
    unit = Fraction(1, 16) if shortest <= Fraction(1, 4) else Fraction(1, 8)
    beats, below = melody.meter
    tempo = round(60_000_000 / melody.quarter_microseconds)
    header = [
        "X:1",
        f"T:{canonical_title(melody.title) or canonical_title(title) or 'Untitled'}",
        *(["R:hornpipe"] if melody.swung else []),
        "M:C|" if melody.meter == (2, 2) else f"M:{beats}/{below}",
        f"L:{unit}",
        f"Q:1/4={max(1, tempo)}",
        f"K:{melody.key.text}",
    ]
    bars = [_format_bar(bar, start, melody, 4 * unit) for start, bar in _bars(melody)]
    # A pick-up stands on the first line.
    pick_up = 1 if melody.bar_start > melody.notes[0].onset else 0
    lines = [bars[: pick_up + _BARS_IN_LINE]]
    lines += [
        bars[at : at + _BARS_IN_LINE] for at in range(pick_up + _BARS_IN_LINE, len(bars), _BARS_IN_LINE)
    ]
    body = "|\n".join("|".join(line) for line in lines if line)
    return Tune.parse("\n".join(header) + f"\n{body}|]\n")


def _bars(melody: Melody) -> Iterator[tuple[Fraction, list[_Event]]]:
    """Cut a melody at its bar lines: each bar's start, and what stands in it, rests included."""
    length = melody.bar_length
    start = melody.bar_start if melody.bar_start == melody.notes[0].onset else melody.bar_start - length

    def bar_of(event: _Event) -> Fraction:
        return start + (event.onset - start) // length * length

    return (
        (bar_start, list(events))
        for bar_start, events in groupby(_cut(_with_rests(melody.notes), start, length), key=bar_of)
    )


def _with_rests(notes: Sequence[MelodyNote]) -> Iterator[_Event]:
    now = notes[0].onset
    for note in notes:
        if note.onset > now:
            yield _Event(now, note.onset - now, ())
        yield _Event(note.onset, note.duration, note.pitches)
        now = note.onset + note.duration


def _cut(events: Iterator[_Event], start: Fraction, length: Fraction) -> Iterator[_Event]:
    """Cut events at the bar lines; the parts of a note are tied."""
    for event in events:
        onset, end, continues = event.onset, event.onset + event.duration, False
        while onset < end:
            line = start + ((onset - start) // length + 1) * length
            part = min(end, line) - onset
            tied = bool(event.pitches) and onset + part < end
            yield _Event(onset, part, event.pitches, tied, continues)
            onset, continues = onset + part, bool(event.pitches)


def _format_bar(events: Sequence[_Event], start: Fraction, melody: Melody, unit: Fraction) -> str:
    """Write a bar; `unit` is the unit note length in quarter notes."""
    beats, below = melody.meter
    beam = Fraction(1)
    if below == 8 and beats % 3 == 0:
        beam = Fraction(3, 2)
    elif below == 2 or beats == 4:
        beam = Fraction(2)
    in_force: dict[int, int] = {}
    written: list[str] = []
    at = 0
    while at < len(events):
        if written and (events[at].onset - start) % beam == 0:
            written.append(" ")
        group = _tuplet(events[at:], start)
        if group > 1 or _odd(events[at].duration) > 1:
            written.append(_format_tuplet(events[at : at + group], melody, unit, in_force))
            at += group
            continue
        pair = tuple(event.duration / unit for event in events[at : at + 2])
        sign = _BROKEN.get(pair) if len(pair) == 2 else None
        if sign and (events[at + 1].onset - start) % beam and not any(e.tied for e in events[at : at + 2]):
            for event, mark in zip(events[at : at + 2], (sign, ""), strict=True):
                written.append(_format(replace(event, duration=unit), melody, unit, in_force) + mark)
            at += 2
            continue
        written.append(_format(events[at], melody, unit, in_force))
        at += 1
    return "".join(written)


def _odd(value: Fraction) -> int:
    """The odd part of a denominator: 3 for a third or a sixth."""
    below = value.denominator
    while below % 2 == 0:
        below //= 2
    return below


def _tuplet(events: Sequence[_Event], start: Fraction) -> int:
    """How many of the next events make a tuplet: from one on the plain grid to the next there is.

    One, where a bar line cuts a tuplet; such a part of it is written as a tuplet of one.
    """
    odd = _odd(events[0].duration)
    if odd == 1 or _odd(events[0].onset - start) > 1:
        return 1
    for count, event in enumerate(events, 1):
        if _odd(event.duration) not in (1, odd):
            return 1
        if _odd(event.onset + event.duration - start) == 1:
            return count
    return 1


def _format_tuplet(events: Sequence[_Event], melody: Melody, unit: Fraction, in_force: dict[int, int]) -> str:
    p = _odd(events[0].duration)
    q = 1 << (p.bit_length() - 1)
    if p == 3 and len(events) == 3:
        mark = "(3"
    else:
        mark = f"({p}:{q}:{len(events)}"
    return mark + "".join(
        _format(replace(event, duration=event.duration * p / q), melody, unit, in_force) for event in events
    )


def _format(event: _Event, melody: Melody, unit: Fraction, in_force: dict[int, int]) -> str:
    """Write a note, chord or rest with its length."""
    length = event.duration / unit
    above = str(length.numerator) if length.numerator != 1 else ""
    lasts = above + (f"/{length.denominator}" if length.denominator > 1 else "")
    if not event.pitches:
        return f"z{lasts}"
    notes = [_format_pitch(pitch, melody, in_force, event.continues) for pitch in event.pitches]
    inner = notes[0] if len(notes) == 1 else f"[{''.join(notes)}]"
    return inner + lasts + ("-" if event.tied else "")


def _format_pitch(pitch: int, melody: Melody, in_force: dict[int, int], continues: bool) -> str:
    """Spell a pitch in the key; its accidental is left out where it is in force, or tied over."""
    letter, alteration = _spell(pitch % 12, melody)
    octave = (pitch - alteration - SEMITONES[LETTERS[letter]]) // 12 - 5
    sign = ""
    if not continues:
        if in_force.get(letter, melody.key.signature[letter]) != alteration:
            sign = SIGNS[alteration]
        in_force[letter] = alteration
    name = LETTERS[letter] if octave <= 0 else LETTERS[letter].lower()
    marks = "," * -octave if octave < 0 else "'" * (octave - 1)
    return sign + name + marks


def _spell(pitch_class: int, melody: Melody) -> tuple[int, int]:
    """The letter (0 is C) and the alteration that a pitch class is written with."""
    key = melody.key
    to_tonic = (key.tonic_pitch_class - pitch_class) % 12 == 1

    def strangeness(spelling: tuple[int, int]) -> float:
        letter, alteration = spelling
        if alteration == key.signature[letter]:
            return 0
        if alteration == 0:
            return 1
        # A leading note is raised, whatever the key; other notes go the way of the signature.
        is_like_key = (alteration > 0) == (key.sharps >= 0 or to_tonic)
        return 2 if is_like_key else 3

    spellings = [
        (letter, alteration)
        for letter, name in enumerate(LETTERS)
        for alteration in (-1, 0, 1)
        if (SEMITONES[name] + alteration) % 12 == pitch_class
    ]
    return min(spellings, key=strangeness)
