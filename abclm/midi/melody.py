"""Turn a MIDI file into its melody: one voice on a grid of beats, with its meters, its keys and where its bars begin.

What a file says of its meter and key is taken as it stands; what it does not say is found. Performances that follow no
beat of the file can't be read so; those that do may be played late, early, short or swung.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from statistics import mean

from abclm.errors import ConvertError
from abclm.midi.file import MidiFile, MidiNote
from abclm.midi.transcription.grid import MelodyNote, put_on_grid
from abclm.midi.transcription.signatures import Meter, bar_length, find_keys, find_meters
from abclm.notation.keys import Key
from abclm.system.words import counted

_MELODY_NAME = re.compile(
    r"melod|lead|voice|vocal|tune|solo|fiddle|violin|flute|whistle|treble", re.IGNORECASE
)
_OTHER_NAME = re.compile(
    r"bass|chord|pad|drum|harmon|accomp|backing|rhythm|left|strings|guitar", re.IGNORECASE
)
# What is written down at most, as a file of a few bytes can hold a rest of years: hours of music.
_MOST_NOTES = 50_000
_MOST_BARS = 10_000


@dataclass(frozen=True)
class Melody:
    """A melody on a grid; times in quarter notes.

    Attributes:
        notes: by onset, none beginning before the one before it has ended.
        meters: from which bar line on each holds, and the meter, such as `(6, 8)`. The first bar line is that of the
            first full bar; what stands before it is a pick-up.
        keys: from when on each holds, and the key.
        swung: whether pairs of notes were long and short, and have been made even.
        quarter_microseconds: the tempo at the beginning.
        title: what the file says that it is called, or nothing.
        chosen: which track it is, of how many: `track 2 of 3 (Fiddle), 84 notes`.
    """

    notes: tuple[MelodyNote, ...]
    meters: tuple[tuple[Fraction, Meter], ...]
    keys: tuple[tuple[Fraction, Key], ...]
    swung: bool
    quarter_microseconds: int
    title: str
    chosen: str

    @property
    def meter(self) -> Meter:
        """That of the beginning."""
        return self.meters[0][1]

    @property
    def key(self) -> Key:
        """That of the beginning."""
        return self.keys[0][1]

    @property
    def bar_lines(self) -> list[tuple[Fraction, Meter]]:
        """When each bar begins, that of the pick-up included, and its meter."""
        end = self.notes[-1].onset + self.notes[-1].duration
        first = self.meters[0][0]
        lines = [(first - bar_length(self.meter), self.meter)] if first > self.notes[0].onset else []
        for (start, meter), (until, _) in zip(self.meters, [*self.meters[1:], (end, None)], strict=True):
            while start < until:
                lines.append((start, meter))
                start += bar_length(meter)
        return lines


def read_melody(file: MidiFile) -> Melody:
    """Find the melody of a MIDI file.

    Args:
        file: the MIDI file.

    Raises:
        ConvertError: there is no note in it but percussion, or the melody is longer than can be written down.
    """
    voice, chosen = choose_voice(file)
    if len(voice) > _MOST_NOTES:
        raise ConvertError(
            f"the melody of the MIDI file has {counted(len(voice), 'note')}; up to {_MOST_NOTES:,} can be written down"
        )
    notes, loudness, swung = put_on_grid(file, voice)
    meters = find_meters(file, notes, loudness)
    _check_length(notes, meters)
    names = [file.names.get(voice[0].track, ""), file.names.get(0, "")]
    return Melody(
        notes=tuple(notes),
        meters=meters,
        keys=find_keys(file, notes),
        swung=swung,
        quarter_microseconds=file.tempos[0][1],
        title=next((name for name in names if name), ""),
        chosen=chosen,
    )


def _check_length(notes: list[MelodyNote], meters: tuple[tuple[Fraction, Meter], ...]) -> None:
    ends = [*(start for start, _ in meters[1:]), notes[-1].onset + notes[-1].duration]
    bars = sum(
        ceil((end - start) / bar_length(meter)) for (start, meter), end in zip(meters, ends, strict=True)
    )
    if bars > _MOST_BARS:
        raise ConvertError(
            f"the melody of the MIDI file lasts {counted(bars, 'bar')}, rests included; up to {_MOST_BARS:,} can be "
            "written down"
        )


def choose_voice(file: MidiFile) -> tuple[list[MidiNote], str]:
    """Choose the voice (a channel of a track) that is most like a melody: named so, of single notes, high, busy.

    Returns:
        Its notes, by onset, and what it is: `track 2 of 3 (Fiddle), 84 notes`.

    Raises:
        ConvertError: there is no note but percussion.
    """
    voices: dict[tuple[int, int], list[MidiNote]] = {}
    for note in file.pitched_notes:
        voices.setdefault((note.track, note.channel), []).append(note)
    if not voices:
        raise ConvertError("the MIDI file has no note to write down, percussion aside")
    most = max(len(voice) for voice in voices.values())

    def likeness(place: tuple[int, int]) -> float:
        voice, name = voices[place], file.names.get(place[0], "")
        alone = mean(
            later.start_ticks + (note.end_ticks - note.start_ticks) // 8 >= note.end_ticks
            for note, later in zip(voice, [*voice[1:], voice[-1]], strict=True)
        ) if len(voice) > 1 else 0.5  # fmt: skip
        named = bool(_MELODY_NAME.search(name)) - bool(_OTHER_NAME.search(name))
        height = min(1.0, max(-1.0, (mean(note.pitch for note in voice) - 60) / 24))
        return 2 * named + 1.5 * alone + height + len(voice) / most

    place = max(voices, key=likeness)
    order = sorted(voices).index(place) + 1
    name = file.names.get(place[0], "")
    chosen = (
        f"track {order} of {len(voices)}{f' ({name})' if name else ''}, {counted(len(voices[place]), 'note')}"
    )
    return voices[place], chosen
