"""Turn the bytes of a Standard MIDI File into notes in ticks, and ticks into seconds.

Only what sound, comparison and transcription need is kept: notes, tempo, instruments, pitch bends, meters, keys and
the names of tracks. A file that is cut off or is no MIDI raises `ConvertError`, so that a caller never takes half a
tune for a whole one.
"""

import bisect
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from abclm.errors import ConvertError

PERCUSSION_CHANNEL = 9
_DEFAULT_QUARTER_MICROSECONDS = 500_000
# Data bytes after a status byte, by its high nibble.
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_META, _EXCLUSIVE = 0xFF, (0xF0, 0xF7)
_NAME, _END_OF_TRACK, _TEMPO, _METER, _KEY = 0x03, 0x2F, 0x51, 0x58, 0x59
_KEPT = (_NAME, _TEMPO, _METER, _KEY)


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
    """What a MIDI file holds.

    Args:
        ticks_per_quarter: the file's division.
        notes: all notes, by onset, then end and pitch.
        bends: all pitch bends, by time.
        tempos: `(ticks, microseconds per quarter note)` by time, the first at 0.
        programs: all changes of instrument, by time.
        meters: `(ticks, beats, unit)`, such as 6 and 8, by time.
        keys: `(ticks, sharps, whether minor)` by time; flats are negative.
        names: of tracks, where they have one.
    """

    ticks_per_quarter: int
    notes: tuple[MidiNote, ...]
    bends: tuple[PitchBend, ...]
    tempos: tuple[tuple[int, int], ...]
    programs: tuple[ProgramChange, ...] = ()
    meters: tuple[tuple[int, int, int], ...] = ()
    keys: tuple[tuple[int, int, bool], ...] = ()
    names: Mapping[int, str] = field(default_factory=dict, hash=False)

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

    def _tick_seconds(self, quarter_microseconds: int) -> float:
        return quarter_microseconds / 1e6 / self.ticks_per_quarter


def parse_midi(data: bytes) -> MidiFile:
    """Read a Standard MIDI File of format 0 or 1.

    Args:
        data: the file's bytes.

    Raises:
        ConvertError: the bytes are no MIDI file, are cut off, or count time in frames (SMPTE).
    """
    read = _Contents()
    try:
        ticks_per_quarter, chunks = _split_chunks(data)
        for number, chunk in enumerate(chunks):
            _read_track(chunk, number, read)
    except (IndexError, struct.error):
        raise ConvertError(f"the MIDI file is cut off ({len(data)} bytes); write it again") from None
    return MidiFile(
        ticks_per_quarter=ticks_per_quarter,
        notes=tuple(sorted(read.notes)),
        bends=tuple(sorted(read.bends)),
        tempos=tuple(sorted(read.tempos.items())),
        # In the order of the file where they come at one time: the last one holds.
        programs=tuple(sorted(read.programs, key=lambda change: change.ticks)),
        meters=tuple(sorted(read.meters)),
        keys=tuple(sorted(read.keys)),
        names=read.names,
    )


@dataclass
class _Contents:
    """What was found in the tracks so far."""

    notes: list[MidiNote] = field(default_factory=list)
    bends: list[PitchBend] = field(default_factory=list)
    programs: list[ProgramChange] = field(default_factory=list)
    tempos: dict[int, int] = field(default_factory=lambda: {0: _DEFAULT_QUARTER_MICROSECONDS})
    meters: list[tuple[int, int, int]] = field(default_factory=list)
    keys: list[tuple[int, int, bool]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)


def _split_chunks(data: bytes) -> tuple[int, list[bytes]]:
    """Read the header; give its division and each track's events."""
    if data[:4] != b"MThd":
        raise ConvertError(f"no MIDI file: it starts with {data[:4]!r}, not b'MThd'")
    length, form, tracks, division = struct.unpack_from(">IHHH", data, 4)
    if form > 1:
        raise ConvertError(f"MIDI files of format 0 and 1 can be read, this is format {form}")
    if division == 0 or division & 0x8000:
        raise ConvertError(
            f"the MIDI file counts time in frames ({division:#06x}), not in ticks a quarter note"
        )
    chunks: list[bytes] = []
    position = 8 + length
    while len(chunks) < tracks:
        name, length = struct.unpack_from(">4sI", data, position)
        position += 8 + length
        if position > len(data):
            raise IndexError
        # The specification wants chunks of other names passed over.
        if name == b"MTrk":
            chunks.append(data[position - length : position])
    return division, chunks


def _read_track(chunk: bytes, track: int, read: _Contents) -> None:
    """Add one track's events to those found so far."""
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
    ticks = 0
    for ticks, status, data in _events(chunk, track):
        kind, channel = status >> 4, status & 0x0F
        if status < 0x80:
            _read_meta(ticks, status, data, track, read)
            continue
        first, second = data[0] & 0x7F, data[-1] & 0x7F
        if kind == 0x9 and second:
            sounding.setdefault((channel, first), []).append((ticks, second))
        elif kind in (0x8, 0x9):
            begun = sounding.get((channel, first))
            if begun:
                onset, velocity = begun.pop(0)
                read.notes.append(MidiNote(onset, ticks, first, velocity, channel, track))
        elif kind == 0xC:
            read.programs.append(ProgramChange(ticks, channel, first))
        elif kind == 0xE:
            read.bends.append(PitchBend(ticks, channel, (second << 7 | first) - 8192))
    # What nobody stopped sounds to the end of its track.
    for (channel, pitch), begun in sounding.items():
        read.notes.extend(
            MidiNote(onset, ticks, pitch, velocity, channel, track) for onset, velocity in begun
        )


def _read_meta(ticks: int, kind: int, data: bytes, track: int, read: _Contents) -> None:
    """Add a meta event; one that is too short for what it should say is passed over."""
    if kind == _TEMPO:
        read.tempos[ticks] = int.from_bytes(data, "big") or _DEFAULT_QUARTER_MICROSECONDS
    elif kind == _METER and len(data) >= 2 and data[0] and data[1] <= 6:
        read.meters.append((ticks, data[0], 1 << data[1]))
    elif kind == _KEY and len(data) >= 2:
        sharps = int.from_bytes(data[:1], "big", signed=True)
        if abs(sharps) <= 7:
            read.keys.append((ticks, sharps, data[1] == 1))
    elif kind == _NAME:
        read.names.setdefault(track, data.decode("utf-8", errors="replace").strip())


def _events(chunk: bytes, track: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield `(ticks, status, data)` for each channel event, and for the meta events that are kept.

    The status of a meta event is its type, which is below 0x80, where no channel event's is.
    """
    position = ticks = status = 0
    while position < len(chunk):
        delta, position = _variable_length(chunk, position)
        ticks += delta
        if chunk[position] >= 0xF0:
            kind, content, position = _system_event(chunk, position, track)
            if kind == _END_OF_TRACK:
                # Notes that nobody stopped last until here.
                yield ticks, _END_OF_TRACK, content
                return
            if kind in _KEPT:
                yield ticks, kind, content
            continue
        # Without a status byte of its own, an event has that of the one before ("running status").
        if chunk[position] & 0x80:
            status = chunk[position]
            position += 1
        elif not status:
            raise ConvertError(f"the MIDI file is damaged: track {track}, byte {position} is no event")
        count = _DATA_BYTES[status >> 4]
        if position + count > len(chunk):
            raise IndexError
        yield ticks, status, chunk[position : position + count]
        position += count


def _system_event(chunk: bytes, position: int, track: int) -> tuple[int, bytes, int]:
    """Read a meta or system-exclusive event; give its type (0 for the latter), content and end."""
    status = chunk[position]
    if status not in (_META, *_EXCLUSIVE):
        raise ConvertError(f"the MIDI file is damaged: track {track}, byte {position} is {status:#04x}")
    kind = chunk[position + 1] if status == _META else 0
    length, start = _variable_length(chunk, position + (2 if status == _META else 1))
    if start + length > len(chunk):
        raise IndexError
    return kind, chunk[start : start + length], start + length


def _variable_length(chunk: bytes, position: int) -> tuple[int, int]:
    """Read a number of up to four bytes, seven bits each; give it and the position after it."""
    value = 0
    for offset in range(4):
        byte = chunk[position + offset]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + offset + 1
    raise ConvertError(f"the MIDI file is damaged: the number at byte {position} of a track has no end")
