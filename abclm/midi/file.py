"""A MIDI file as a value: its events in ticks, and what is in them: notes, tempos, instruments, meters, keys.

It is made of bytes once, by `MidiFile.parse`, and turned into bytes once, by `to_bytes`; between the two, functions
take and return `MidiFile`.
"""

import bisect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from abclm.midi.events import (
    BEND,
    KEY,
    METER,
    NAME,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM,
    TEMPO,
    MidiEvent,
    Track,
    format_events,
    parse_events,
)

PERCUSSION_CHANNEL = 9
_DEFAULT_QUARTER_MICROSECONDS = 500_000


@dataclass(frozen=True, slots=True, order=True)
class MidiNote:
    """One sounding note; ticks count from the start of the file."""

    start_ticks: int
    end_ticks: int
    pitch: int
    velocity: int
    channel: int
    track: int


@dataclass(frozen=True, slots=True, order=True)
class PitchBend:
    """A bend of everything on a channel, -8192 to 8191, where 4096 is a semitone up."""

    ticks: int
    channel: int
    value: int


@dataclass(frozen=True, slots=True, order=True)
class ProgramChange:
    """The instrument of a channel from some time on: a General MIDI program, 0 to 127."""

    ticks: int
    channel: int
    program: int


@dataclass(frozen=True)
class MidiFile:
    """A MIDI file.

    Args:
        ticks_per_quarter: the file's division.
        tracks: each a tuple of events by time, of which the last is the end of the track.

    Example:
        >>> from abclm.midi.abc2midi import abc_to_midi
        >>> midi = abc_to_midi("X:1\\nL:1/4\\nK:G\\nGA|]\\n")
        >>> [note.pitch for note in midi.notes], MidiFile.parse(midi.to_bytes()) == midi
        ([67, 69], True)
    """

    ticks_per_quarter: int
    tracks: tuple[Track, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a Standard MIDI File of format 0 or 1.

        Raises:
            ConvertError: the bytes are no MIDI file, are cut off, or count time in frames (SMPTE).
        """
        return cls(*parse_events(data))

    def to_bytes(self) -> bytes:
        """Write a Standard MIDI File."""
        return format_events(self.ticks_per_quarter, self.tracks)

    @cached_property
    def notes(self) -> tuple[MidiNote, ...]:
        """All notes, by onset, then end and pitch."""
        return tuple(sorted(note for track in range(len(self.tracks)) for note in self._notes_of(track)))

    @cached_property
    def pitched_notes(self) -> tuple[MidiNote, ...]:
        """The same without percussion."""
        return tuple(note for note in self.notes if note.channel != PERCUSSION_CHANNEL)

    @cached_property
    def bends(self) -> tuple[PitchBend, ...]:
        """All pitch bends, by time."""
        return tuple(sorted(
            PitchBend(event.ticks, event.status & 0x0F, (event.data[1] << 7 | event.data[0]) - 8192)
            for event in self._events(BEND)
        ))  # fmt: skip

    @cached_property
    def programs(self) -> tuple[ProgramChange, ...]:
        """All changes of instrument, by time; in the order of the file at the same time, as the last one holds."""
        found = [
            ProgramChange(event.ticks, event.status & 0x0F, event.data[0]) for event in self._events(PROGRAM)
        ]
        return tuple(sorted(found, key=lambda change: change.ticks))

    @cached_property
    def tempos(self) -> tuple[tuple[int, int], ...]:
        """`(ticks, microseconds per quarter note)` by time, the first at 0."""
        found = {0: _DEFAULT_QUARTER_MICROSECONDS}
        for event in self._events(TEMPO):
            found[event.ticks] = int.from_bytes(event.data[1:], "big") or _DEFAULT_QUARTER_MICROSECONDS
        return tuple(sorted(found.items()))

    @cached_property
    def meters(self) -> tuple[tuple[int, int, int], ...]:
        """`(ticks, beats, unit)`, such as 6 and 8, by time; events without them are passed over."""
        return tuple(sorted(
            (event.ticks, event.data[1], 1 << event.data[2])
            for event in self._events(METER)
            if len(event.data) >= 3 and event.data[1] and event.data[2] <= 6
        ))  # fmt: skip

    @cached_property
    def keys(self) -> tuple[tuple[int, int, bool], ...]:
        """`(ticks, sharps, whether minor)` by time; flats are negative. Events without a key are passed over."""
        found = [
            (event.ticks, int.from_bytes(event.data[1:2], "big", signed=True), event.data[2] == 1)
            for event in self._events(KEY)
            if len(event.data) >= 3
        ]
        return tuple(sorted(key for key in found if abs(key[1]) <= 7))

    @cached_property
    def names(self) -> dict[int, str]:
        """The names of the tracks that have one, by the track's number."""
        return {
            number: event.data[1:].decode("utf-8", errors="replace").strip()
            for number, track in enumerate(self.tracks)
            for event in reversed(track)  # the first one counts
            if event.is_kind(NAME)
        }

    def program_at(self, channel: int, ticks: int) -> int:
        """The instrument of a channel at some time; a piano, 0, where none is named."""
        named = [each.program for each in self.programs if each.channel == channel and each.ticks <= ticks]
        return named[-1] if named else 0

    def seconds(self, ticks: list[int]) -> list[float]:
        """Say when each of some tick counts sounds, in seconds from the start."""
        starts, elapsed, now = [], [], 0.0
        for index, (start, _) in enumerate(self.tempos):
            if index:
                before, tempo = self.tempos[index - 1]
                now += (start - before) * self._tick_seconds(tempo)
            starts.append(start)
            elapsed.append(now)
        out = []
        for tick in ticks:
            index = bisect.bisect_right(starts, tick) - 1
            out.append(elapsed[index] + (tick - starts[index]) * self._tick_seconds(self.tempos[index][1]))
        return out

    @cached_property
    def sounding_seconds(self) -> float:
        """When the last note ends, percussion aside; 0 where there is none."""
        return max(self.seconds([note.end_ticks for note in self.pitched_notes]), default=0.0)

    def replaced(self, kind: int, events: Iterable[MidiEvent]) -> "MidiFile":
        """The file without its events of a kind (see `MidiEvent.is_kind`), and with others at its beginning."""
        if not self.tracks:
            return self
        kept = [tuple(event for event in track if not event.is_kind(kind)) for track in self.tracks]
        return MidiFile(self.ticks_per_quarter, ((*events, *kept[0]), *kept[1:]))

    def moved(self, move: Callable[[int], int]) -> "MidiFile":
        """The file with its events at other times, those of each track still in the same order."""
        return MidiFile(self.ticks_per_quarter, tuple(tuple(_moved(track, move)) for track in self.tracks))

    def _events(self, kind: int) -> Iterator[MidiEvent]:
        return (event for track in self.tracks for event in track if event.is_kind(kind))

    def _notes_of(self, number: int) -> Iterator[MidiNote]:
        sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
        track = self.tracks[number]
        for ticks, status, data in track:
            kind, channel = status & 0xF0, status & 0x0F
            if kind not in (NOTE_ON, NOTE_OFF):
                continue
            pitch, velocity = data
            if kind == NOTE_ON and velocity:
                sounding.setdefault((channel, pitch), []).append((ticks, velocity))
            elif begun := sounding.get((channel, pitch)):
                onset, velocity = begun.pop(0)
                yield MidiNote(onset, ticks, pitch, velocity, channel, number)
        # What nobody stopped sounds to the end of its track.
        for (channel, pitch), begun in sounding.items():
            for onset, velocity in begun:
                yield MidiNote(onset, track[-1].ticks, pitch, velocity, channel, number)

    def _tick_seconds(self, quarter_microseconds: int) -> float:
        return quarter_microseconds / 1e6 / self.ticks_per_quarter


def _moved(track: Track, move: Callable[[int], int]) -> Iterator[MidiEvent]:
    now = 0
    for event in track:
        now = max(now, move(event.ticks))
        yield event._replace(ticks=now)
