"""Turn the bytes of a Standard MIDI File into notes in ticks, and ticks into seconds.

Only what sound and comparison need is kept: notes, tempo and pitch bends. A file that is cut off or
is no MIDI raises `ConvertError`, so that a caller never takes half a tune for a whole one.
"""

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from abclm.errors import ConvertError

PERCUSSION_CHANNEL = 9
_DEFAULT_QUARTER_MICROSECONDS = 500_000
# Data bytes after a status byte, by its high nibble.
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_META, _EXCLUSIVE = 0xFF, (0xF0, 0xF7)
_TEMPO, _END_OF_TRACK = 0x51, 0x2F


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


@dataclass(frozen=True)
class MidiFile:
    """What a MIDI file holds.

    Args:
        ticks_per_quarter: the file's division.
        notes: all notes, by onset, then end and pitch.
        bends: all pitch bends, by time.
        tempos: `(ticks, microseconds per quarter note)` by time, the first at 0.
    """

    ticks_per_quarter: int
    notes: tuple[MidiNote, ...]
    bends: tuple[PitchBend, ...]
    tempos: tuple[tuple[int, int], ...]

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
    try:
        ticks_per_quarter, chunks = _split_chunks(data)
        notes: list[MidiNote] = []
        bends: list[PitchBend] = []
        tempos = {0: _DEFAULT_QUARTER_MICROSECONDS}
        for number, chunk in enumerate(chunks):
            _read_track(chunk, number, notes, bends, tempos)
    except (IndexError, struct.error):
        raise ConvertError(f"the MIDI file is cut off ({len(data)} bytes); write it again") from None
    return MidiFile(
        ticks_per_quarter, tuple(sorted(notes)), tuple(sorted(bends)), tuple(sorted(tempos.items()))
    )


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


def _read_track(
    chunk: bytes, track: int, notes: list[MidiNote], bends: list[PitchBend], tempos: dict[int, int]
) -> None:
    """Add one track's notes, bends and tempo changes to those found so far."""
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
    ticks = 0
    for ticks, status, first, second in _events(chunk, track):
        kind, channel = status >> 4, status & 0x0F
        if status == _TEMPO:
            tempos[ticks] = first or _DEFAULT_QUARTER_MICROSECONDS
        elif kind == 0x9 and second:
            sounding.setdefault((channel, first), []).append((ticks, second))
        elif kind in (0x8, 0x9):
            begun = sounding.get((channel, first))
            if begun:
                onset, velocity = begun.pop(0)
                notes.append(MidiNote(onset, ticks, first, velocity, channel, track))
        elif kind == 0xE:
            bends.append(PitchBend(ticks, channel, (second << 7 | first) - 8192))
    # What nobody stopped sounds to the end of its track.
    for (channel, pitch), begun in sounding.items():
        notes.extend(MidiNote(onset, ticks, pitch, velocity, channel, track) for onset, velocity in begun)


def _events(chunk: bytes, track: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield `(ticks, status, first, second)` for each channel event.

    A tempo change has `_TEMPO` as its status and microseconds as its first number, the end of the
    track `_END_OF_TRACK`; both are below 0x80, where no channel event's status is.
    """
    position = ticks = status = 0
    while position < len(chunk):
        delta, position = _variable_length(chunk, position)
        ticks += delta
        if chunk[position] >= 0xF0:
            kind, content, position = _system_event(chunk, position, track)
            if kind in (_TEMPO, _END_OF_TRACK):
                yield ticks, kind, int.from_bytes(content, "big"), 0
            if kind == _END_OF_TRACK:
                return
            continue
        # Without a status byte of its own, an event has that of the one before ("running status").
        if chunk[position] & 0x80:
            status = chunk[position]
            position += 1
        elif not status:
            raise ConvertError(f"the MIDI file is damaged: track {track}, byte {position} is no event")
        count = _DATA_BYTES[status >> 4]
        yield ticks, status, chunk[position] & 0x7F, chunk[position + count - 1] & 0x7F
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
