"""Turn a MIDI file into a piece of music for the models of notes and rolls: pitched notes of one or all instruments.

Drums are apart: they have no pitch. The sustain pedal is not part of a note unless it is asked for. Of several tracks and
channels all notes count. Onsets and ends are in ticks; a tempo map changes when they sound, and not where they stand.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from abclm.errors import ConvertError
from abclm.midi.events import END_OF_TRACK, META, NOTE_OFF, NOTE_ON, MidiEvent, program_event, tempo_event
from abclm.midi.file import PERCUSSION_CHANNEL, MidiFile, MidiNote

_CONTROL, _SUSTAIN = 0xB0, 64
_DOWN = 64  # a pedal value from here on holds the notes
_FAMILY = 8  # General MIDI has its instruments in groups of eight: pianos, chromatic percussion, organs, ...


@dataclass(frozen=True)
class Piece:
    """A MIDI file with a title.

    Attributes:
        title: of the piece, or the name of its file.
        midi: the file.
    """

    title: str
    midi: MidiFile

    @classmethod
    def read(cls, data: bytes, title: str = "") -> Self:
        """Read the bytes of a MIDI file.

        Raises:
            ConvertError: it is no MIDI file, is cut off, or has no pitched note.
        """
        piece = cls(title, MidiFile.parse(data))
        if not piece.midi.pitched_notes:
            drums = f" (it has {len(piece.drums):,} of drums)" if piece.drums else ""
            raise ConvertError(f"the MIDI file has no pitched note{drums}; give one with a melody or chords")
        return piece

    @classmethod
    def of_notes(
        cls,
        notes: Iterable[MidiNote],
        ticks_per_quarter: int,
        *,
        title: str = "",
        program: int = 0,
        tempo: int = 120,
    ) -> Self:
        """Make a piece of notes: one instrument, one tempo. A key that is struck while it sounds gets another track.

        Args:
            notes: in any order, each longer than nothing; their channel and track are not looked at.
            ticks_per_quarter: what their onsets and ends count.
            title: of the piece.
            program: the instrument, of General MIDI, from 0.
            tempo: quarter notes a minute.
        """
        tracks: list[list[MidiEvent]] = []
        free: list[dict[int, int]] = []  # of each track, when each key is free
        for note in sorted(notes):
            number = next(
                (n for n, each in enumerate(free) if each.get(note.pitch, 0) <= note.start_ticks), len(free)
            )
            if number == len(free):
                free.append({})
                tracks.append([program_event(_channel(number), program)])
            free[number][note.pitch] = note.end_ticks
            key, channel = bytes([note.pitch]), _channel(number)
            tracks[number].append(
                MidiEvent(note.start_ticks, NOTE_ON | channel, key + bytes([note.velocity]))
            )
            tracks[number].append(MidiEvent(note.end_ticks, NOTE_OFF | channel, key + b"\0"))
        first = (tempo_event(round(60e6 / tempo)), MidiEvent(0, META, bytes([END_OF_TRACK])))
        return cls(title, MidiFile(ticks_per_quarter, (first, *map(_whole_track, tracks))))

    @property
    def ticks_per_quarter(self) -> int:
        """What onsets and ends count."""
        return self.midi.ticks_per_quarter

    def notes(self, *, pedal: bool = False) -> tuple[MidiNote, ...]:
        """All pitched notes by onset, then end and pitch.

        Args:
            pedal: let a note that ends while the sustain pedal is down sound until the pedal rises, or until the same
                key is struck again.
        """
        return _sustained(self.midi) if pedal else self.midi.pitched_notes

    @cached_property
    def drums(self) -> tuple[MidiNote, ...]:
        """The notes of the percussion channel; their pitches name drums."""
        return tuple(note for note in self.midi.notes if note.channel == PERCUSSION_CHANNEL)

    @cached_property
    def meters(self) -> tuple[str, ...]:
        """The meters, such as `4/4`, each once and in order; 4/4 where the file has none, as the MIDI standard says."""
        meters = self.midi.meters
        named = [f"{beats}/{unit}" for _, beats, unit in meters]
        return tuple(dict.fromkeys(named if meters and meters[0][0] == 0 else ["4/4", *named]))

    @cached_property
    def instruments(self) -> dict[int, int]:
        """How many pitched notes each General MIDI program plays, most first."""
        programs = _Programs(self.midi)
        counted = Counter(programs.at(note.channel, note.start_ticks) for note in self.midi.pitched_notes)
        return dict(counted.most_common())

    def of_instrument(self, program: int) -> Self:
        """The piece with the notes of one instrument and its relatives: those of the same eight programs.

        Example:
            >>> note = MidiNote(0, 96, 60, 80, 0, 0)
            >>> len(Piece.of_notes([note], 96, program=1).of_instrument(0).notes())  # a bright piano is a piano
            1
        """
        programs = _Programs(self.midi)

        def is_kept(event: MidiEvent) -> bool:
            if not event.is_kind(NOTE_ON) or not event.data[1]:
                return True
            channel = event.status & 0x0F
            played = programs.at(channel, event.ticks)
            return channel != PERCUSSION_CHANNEL and played // _FAMILY == program // _FAMILY

        tracks = tuple(tuple(filter(is_kept, track)) for track in self.midi.tracks)
        return replace(self, midi=MidiFile(self.ticks_per_quarter, tracks))


def _channel(track: int) -> int:
    """The channel of a track that is written: each its own as long as there are some, and never that of drums."""
    number = track % 15
    return number + (number >= PERCUSSION_CHANNEL)


def _whole_track(events: list[MidiEvent]) -> tuple[MidiEvent, ...]:
    # Where a note ends as the next begins, it ends first.
    ordered = sorted(events, key=lambda event: (event.ticks, event.is_kind(NOTE_ON)))
    return (*ordered, MidiEvent(ordered[-1].ticks, META, bytes([END_OF_TRACK])))


class _Programs:
    """Which program a channel has at some time."""

    def __init__(self, midi: MidiFile) -> None:
        self._changes: dict[int, tuple[list[int], list[int]]] = {}
        for change in midi.programs:
            times, programs = self._changes.setdefault(change.channel, ([], []))
            times.append(change.ticks)
            programs.append(change.program)

    def at(self, channel: int, ticks: int) -> int:
        times, programs = self._changes.get(channel, ([], []))
        place = bisect_right(times, ticks) - 1
        return programs[place] if place >= 0 else 0


def _sustained(midi: MidiFile) -> tuple[MidiNote, ...]:
    spans = _pedal_spans(midi)
    following: dict[tuple[int, int], int] = {}  # when the key is struck again
    found = []
    for note in reversed(midi.pitched_notes):
        key = note.channel, note.pitch
        starts, ends = spans.get(note.channel, ([], []))
        place = bisect_right(starts, note.end_ticks) - 1
        end = max(note.end_ticks, ends[place]) if place >= 0 else note.end_ticks
        again = following.get(key, end)
        found.append(replace(note, end_ticks=min(end, max(again, note.end_ticks))))
        following[key] = note.start_ticks
    return tuple(sorted(found))


def _pedal_spans(midi: MidiFile) -> dict[int, tuple[list[int], list[int]]]:
    """When the pedal of each channel goes down and up again; to the end of the file where it stays down."""
    last = max((track[-1].ticks for track in midi.tracks if track), default=0)
    moves = sorted(
        (event.ticks, event.status & 0x0F, event.data[1] >= _DOWN)
        for track in midi.tracks
        for event in track
        if event.is_kind(_CONTROL) and event.data[0] == _SUSTAIN
    )
    spans: dict[int, tuple[list[int], list[int]]] = {}
    for ticks, channel, is_down in moves:
        starts, ends = spans.setdefault(channel, ([], []))
        is_held = len(starts) > len(ends)
        if is_down and not is_held:
            starts.append(ticks)
        elif not is_down and is_held:
            ends.append(ticks)
    for starts, ends in spans.values():
        if len(starts) > len(ends):
            ends.append(last)
    return spans
