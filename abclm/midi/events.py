"""Turn the bytes of a Standard MIDI File into events, and events into bytes.

A file that is cut off or damaged raises `ConvertError`, so that a caller never takes half a tune for a whole one.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from abclm.errors import ConvertError
from abclm.system.words import counted

META = 0xFF
_EXCLUSIVE = (0xF0, 0xF7)
# Types of meta events.
TEXT, NAME, END_OF_TRACK, TEMPO, METER, KEY = 0x01, 0x03, 0x2F, 0x51, 0x58, 0x59
# Status bytes of events of channel 0; those of the other 15 follow.
NOTE_OFF, NOTE_ON, PROGRAM, BEND = 0x80, 0x90, 0xC0, 0xE0
# Data bytes after a status byte, by its high nibble.
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_LONGEST_WAIT = (1 << 28) - 1
_TEMPO_BYTES = 3
_SLOWEST = (1 << 24) - 1
_BYTES = [bytes([value]) for value in range(0x80)]


class MidiEvent(NamedTuple):
    """An event of a track.

    Attributes:
        ticks: when, from the start of the file.
        status: its status byte: 0x80 to 0xEF for an event of a channel, 0xF0 or 0xF7 for a system-exclusive one, 0xFF
            for a meta event.
        data: what follows the status byte, but for the length: one or two bytes below 0x80 of a channel event; the
            content of a system-exclusive one; the type, then the content, of a meta event.
    """

    ticks: int
    status: int
    data: bytes

    def is_kind(self, kind: int) -> bool:
        """Whether it is a meta event of a type such as `TEMPO`, or an event such as `BEND` of any channel."""
        if kind < 0x80:
            return self.status == META and self.data[0] == kind
        return self.status & 0xF0 == kind


Track = tuple[MidiEvent, ...]


def tempo_event(quarter_microseconds: int, ticks: int = 0) -> MidiEvent:
    """From some time on a quarter note lasts so many microseconds, or the most that there can be, 16.8 seconds."""
    return MidiEvent(ticks, META, bytes([TEMPO]) + min(quarter_microseconds, _SLOWEST).to_bytes(3, "big"))


def program_event(channel: int, program: int, ticks: int = 0) -> MidiEvent:
    """From some time on a channel is played on another instrument."""
    return MidiEvent(ticks, PROGRAM | channel, bytes([program]))


def parse_events(data: bytes) -> tuple[int, tuple[Track, ...]]:
    """Read a Standard MIDI File of format 0 or 1, which may stand in a RIFF file.

    Args:
        data: the file's bytes.

    Returns:
        How many ticks a quarter note has, and each track's events by time. The last event of a track is its end.

    Raises:
        ConvertError: the bytes are no MIDI file, are cut off, or count time in frames (SMPTE).
    """
    try:
        ticks_per_quarter, chunks = _split_chunks(data)
        return ticks_per_quarter, tuple(
            tuple(_parse_track(chunk, number)) for number, chunk in enumerate(chunks)
        )
    except (IndexError, struct.error):
        raise ConvertError(
            f"the MIDI file is cut off ({counted(len(data), 'byte')}); write it again"
        ) from None


def _split_chunks(data: bytes) -> tuple[int, list[bytes]]:
    """Read the header; give its division and each track's bytes."""
    if data[:4] == b"RIFF":
        data = _in_riff(data)
    if data[:4] != b"MThd":
        raise ConvertError(f"no MIDI file: it starts with {data[:4]!r}, not b'MThd'; give a .mid file")
    length, form, tracks, division = struct.unpack_from(">IHHH", data, 4)
    if form > 1:
        raise ConvertError(f"MIDI files of format 0 and 1 can be read, this is format {form}")
    if division == 0:
        raise ConvertError(
            "the MIDI file has 0 ticks a quarter note, so nothing in it has a length; write it again with 480"
        )
    if division & 0x8000:
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


def _in_riff(data: bytes) -> bytes:
    """The MIDI file inside a RIFF file of type RMID; its chunks have even lengths, in the other byte order."""
    if data[8:12] != b"RMID":
        raise ConvertError(f"no MIDI file: it is a RIFF file of type {data[8:12]!r}, not b'RMID'")
    position = 12
    while True:
        name, length = struct.unpack_from("<4sI", data, position)
        position += 8
        if position + length > len(data):
            raise IndexError
        if name == b"data":
            return data[position : position + length]
        position += length + length % 2


def _parse_track(chunk: bytes, track: int) -> Iterator[MidiEvent]:
    position = ticks = status = 0
    while position < len(chunk):
        delta, position = _parse_number(chunk, position)
        ticks += delta
        if chunk[position] >= 0xF0:
            event, position = _parse_system_event(chunk, position, track, ticks)
            yield event
            if event.is_kind(END_OF_TRACK):
                return
            continue
        # Without a status byte of its own, an event has that of the one before ("running status").
        if chunk[position] & 0x80:
            status = chunk[position]
            position += 1
        elif not status:
            raise ConvertError(f"the MIDI file is damaged: track {track}, byte {position} is no event")
        end = position + _DATA_BYTES[status >> 4]
        if end > len(chunk):
            raise IndexError
        data = chunk[position:end]
        # The highest bit marks a status byte and is no part of a number.
        yield MidiEvent(ticks, status, data if data.isascii() else bytes(byte & 0x7F for byte in data))
        position = end
    yield MidiEvent(ticks, META, bytes([END_OF_TRACK]))


def _parse_system_event(chunk: bytes, position: int, track: int, ticks: int) -> tuple[MidiEvent, int]:
    """Read a meta or system-exclusive event; give it and the position after it."""
    status = chunk[position]
    if status not in (META, *_EXCLUSIVE):
        raise ConvertError(f"the MIDI file is damaged: track {track}, byte {position} is {status:#04x}")
    start = position + (2 if status == META else 1)
    kind = bytes([chunk[position + 1]]) if status == META else b""
    length, start = _parse_number(chunk, start)
    if start + length > len(chunk):
        raise IndexError
    if kind == bytes([TEMPO]) and length != _TEMPO_BYTES:
        raise ConvertError(
            f"the MIDI file is damaged: track {track}, byte {position} is a tempo of {counted(length, 'byte')}, "
            f"not {_TEMPO_BYTES}; write it again"
        )
    return MidiEvent(ticks, status, kind + chunk[start : start + length]), start + length


def _parse_number(chunk: bytes, position: int) -> tuple[int, int]:
    """Read a number of up to four bytes, seven bits each; give it and the position after it."""
    value = chunk[position]
    if value < 0x80:
        return value, position + 1
    value = 0
    for offset in range(4):
        byte = chunk[position + offset]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + offset + 1
    raise ConvertError(f"the MIDI file is damaged: the number at byte {position} of a track has no end")


def format_events(ticks_per_quarter: int, tracks: Sequence[Track]) -> bytes:
    """Write a Standard MIDI File: of one track format 0, else format 1; every event with its status byte."""
    head = struct.pack(">IHHH", 6, int(len(tracks) != 1), len(tracks), ticks_per_quarter)
    chunks = [_format_track(track) for track in tracks]
    return b"MThd" + head + b"".join(b"MTrk" + struct.pack(">I", len(chunk)) + chunk for chunk in chunks)


def _format_track(track: Track) -> bytes:
    out = bytearray()
    now = 0
    for ticks, status, data in track:
        while ticks - now > _LONGEST_WAIT:
            out += _format_number(_LONGEST_WAIT) + bytes([META, TEXT, 0])  # an empty text
            now += _LONGEST_WAIT
        out += _format_number(ticks - now)
        now = ticks
        out.append(status)
        if status == META:
            out += data[:1] + _format_number(len(data) - 1) + data[1:]
        elif status in _EXCLUSIVE:
            out += _format_number(len(data)) + data
        else:
            out += data
    return bytes(out)


def _format_number(value: int) -> bytes:
    if value < 0x80:
        return _BYTES[value]
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))
