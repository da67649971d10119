"""Turn a tune into its parts and their bars, as written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from abclm.notation.fields import parse_meter
from abclm.notation.keys import parse_key
from abclm.notation.symbols import Bar, Change, Chord, Note, Timed
from abclm.notation.timing import Ticks, ticks
from abclm.notation.tune import Tune

GRID = 24
"""Points of a bar at which pitches are compared."""


class Event(NamedTuple):
    """A note, chord or rest of a bar.

    Attributes:
        onset: in ticks from the beginning of the bar.
        duration: in ticks.
        pitch: MIDI number, the highest of a chord; None for a rest.
        on_tonic: whether the pitch is the tonic of the key in force.
    """

    onset: Ticks
    duration: Ticks
    pitch: int | None
    on_tonic: bool


@dataclass(frozen=True)
class PartBar:
    """A written bar.

    Attributes:
        events: in order; a tied note has an event in each bar.
        full: ticks of a full bar of the meter in force, above 0.
        ending: the first pass of the variant ending that begins with it, or 0.
        closing: the bar line after it; None at the end of a text without one.
    """

    events: tuple[Event, ...]
    full: Ticks
    ending: int = 0
    closing: Bar | None = None

    @property
    def duration(self) -> Ticks:
        """In ticks."""
        return sum(event.duration for event in self.events)

    @property
    def ends_section(self) -> bool:
        """Whether a repeat or a double bar is after it."""
        line = self.closing
        return line is not None and (line.double or line.starts_repeat or line.ends_repeat)

    @property
    def notes(self) -> list[Event]:
        """The events that are no rests."""
        return [event for event in self.events if event.pitch is not None]

    @property
    def content(self) -> tuple[tuple[Ticks, int | None], ...]:
        """Onsets and pitches: two bars with the same content are the same bar."""
        return tuple((event.onset, event.pitch) for event in self.notes)

    def pitches(self) -> list[int | None]:
        """The pitch that sounds at each of `GRID` points of the bar."""
        found: list[int | None] = [None] * GRID
        for onset, duration, pitch, _ in self.events:
            first, last = (-(-at * GRID // self.full) for at in (onset, onset + duration))
            for point in range(first, min(last, GRID)):
                found[point] = pitch
        return found

    def likeness(self, other: PartBar) -> float:
        """The share of the grid's points at which both bars have the same pitch, 0 to 1."""
        pairs = zip(self.pitches(), other.pitches(), strict=True)
        return sum(one == two and one is not None for one, two in pairs) / GRID


@dataclass(frozen=True)
class Part:
    """A part of a tune, between repeats and double bars.

    Attributes:
        written: all of its bars.
        bars: the full ones, of variant endings only the first, without the pick-up; two halves of a bar are one.
        pick_up: ticks before the first full bar.
        length: in bars, rounded, with the first of its endings.
    """

    written: tuple[PartBar, ...]
    bars: tuple[PartBar, ...]
    pick_up: Ticks
    length: int

    @property
    def last_note(self) -> Event | None:
        """As written."""
        return next((event for bar in reversed(self.written) for event in reversed(bar.notes)), None)


def parts_of(tune: Tune) -> list[Part]:
    r"""Divide a tune into its parts, as written.

    A part ends at a repeat or double bar. A second ending belongs to the part before it. What is shorter than two bars
    belongs to the next part, unless it is a repeat of a whole bar.

    Example:
        >>> tune = Tune.parse("X:1\nM:2/4\nL:1/8\nK:D\nA|d2f2|a2f2|e2c2|d3:|\n|:A2F2|E2F2|E2C2|1D4:|2D2F2|]\n")
        >>> [(part.length, len(part.bars), len(part.written)) for part in parts_of(tune)]
        [(4, 4, 5), (4, 4, 5)]
    """
    found: list[Part] = []
    waiting: list[PartBar] = []
    for bar, after in pairwise([*_bars(tune), None]):
        assert bar is not None
        waiting.append(bar)
        if after is not None:
            if after.ending > 1 or not bar.ends_section:
                continue
            is_double = bar.closing is not None and bar.closing.double
            if sum(each.duration for each in waiting) < (2 if is_double else 1) * bar.full:
                continue
        found.append(_part(waiting))
        waiting = []
    return found


def _bars(tune: Tune) -> list[PartBar]:
    setting = tune.setting()
    key, full = setting.key, setting.bar_ticks
    found: list[PartBar] = []
    events: list[Event] = []
    at: Ticks = 0
    ending = 0
    for symbol in tune.music.symbols:
        if isinstance(symbol, Timed):
            pitches = _pitches(symbol)
            pitch = max(pitches, default=None)
            on_tonic = pitch is not None and pitch % 12 == key.tonic_pitch_class
            events.append(Event(at, symbol.duration, pitch, on_tonic))
            at += symbol.duration
        elif isinstance(symbol, Bar):
            if events and symbol.text:
                found.append(PartBar(tuple(events), full or at, ending, symbol))
                events, at, ending = [], 0, 0
            elif found and symbol.text and not found[-1].ends_section:
                found[-1] = replace(found[-1], closing=symbol)
            if symbol.ending:
                ending = symbol.ending[0]
        elif isinstance(symbol, Change) and symbol.value:
            if symbol.letter == "K":
                key = parse_key(symbol.value)
            elif symbol.letter == "M":
                length = parse_meter(symbol.value).bar_length
                full = None if length is None else ticks(length)
    if events:
        found.append(PartBar(tuple(events), full or at, ending))
    return found


def _pitches(symbol: Timed) -> list[int]:
    if isinstance(symbol, Note):
        return [symbol.pitch]
    return [note.pitch for note in symbol.notes] if isinstance(symbol, Chord) else []


def _part(written: Sequence[PartBar]) -> Part:
    first_time = []
    for bar in written:
        if bar.ending > 1:
            break
        first_time.append(bar)
    length = round(Fraction(sum(bar.duration for bar in first_time)) / Fraction(written[-1].full))
    pick_up: Ticks = 0
    if len(first_time) > 1 and first_time[0].duration < first_time[0].full:
        pick_up = first_time.pop(0).duration
    bars: list[PartBar] = []
    for bar in first_time:
        before = bars[-1].duration if bars else bar.full
        if before < bar.full and before + bar.duration <= bar.full:
            moved = (event._replace(onset=event.onset + before) for event in bar.events)
            bars[-1] = replace(bar, events=(*bars[-1].events, *moved))
        else:
            bars.append(bar)
    return Part(tuple(written), tuple(bars), pick_up, length)
