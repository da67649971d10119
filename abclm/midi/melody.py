"""Turn a MIDI file into its melody: one voice on a grid of beats, with its meter, its key and where its bars begin.

What a file says of its meter and key is taken as it stands; what it does not say is found. Performances that follow no
beat of the file can't be read so; those that do may be played late, early, short or swung.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import mean, pstdev

from abclm.errors import ConvertError
from abclm.midi.file import MidiFile, MidiNote
from abclm.notation.keys import LETTERS, MODES, Key, make_key

# Parts of a quarter note, the usual first; the first that all onsets in the beat lie on is taken.
_DIVISIONS = (1, 2, 4, 3, 8, 6, 12, 5, 7, 16, 9)
_NEAR = Fraction(1, 40)
# Where they lie on none: sixteenths or triplets, and finer ones where these would make two onsets one.
_ROUGH = ((4, 3), (8, 6), (16, 12, 24))
_APART = Fraction(1, 30)
# With more chords than this, the highest notes are the melody.
_FEW_CHORDS = 0.15
_MELODY_NAME = re.compile(
    r"melod|lead|voice|vocal|tune|solo|fiddle|violin|flute|whistle|treble", re.IGNORECASE
)
_OTHER_NAME = re.compile(
    r"bass|chord|pad|drum|harmon|accomp|backing|rhythm|left|strings|guitar", re.IGNORECASE
)
_MAJOR_MODES = ("", "mix", "dor", "m")
_MINOR_MODES = ("m", "dor", "mix", "")
_METERS = {
    (4, 4): Fraction(4),
    (3, 4): Fraction(3),
    (6, 8): Fraction(3),
    (9, 8): Fraction(9, 2),
    (2, 4): Fraction(2),
}


@dataclass(frozen=True, slots=True)
class MelodyNote:
    """A note or chord of a melody; `onset` and `duration` in quarter notes, `pitches` as MIDI numbers, rising."""

    onset: Fraction
    duration: Fraction
    pitches: tuple[int, ...]


@dataclass(frozen=True)
class Melody:
    """A melody on a grid.

    Attributes:
        notes: by onset, none beginning before the one before it has ended.
        meter: such as `(6, 8)`.
        bar_start: when a full bar begins, in quarter notes; what stands before it is a pick-up.
        key: tonic and mode.
        swung: whether pairs of notes were long and short, and have been made even.
        quarter_microseconds: the tempo at the beginning.
        title: what the file says that it is called, or nothing.
        chosen: which track it is, of how many: `track 2 of 3 (Fiddle), 84 notes`.
    """

    notes: tuple[MelodyNote, ...]
    meter: tuple[int, int]
    bar_start: Fraction
    key: Key
    swung: bool
    quarter_microseconds: int
    title: str
    chosen: str

    @property
    def bar_length(self) -> Fraction:
        """Of a full bar, in quarter notes."""
        return Fraction(4 * self.meter[0], self.meter[1])


def read_melody(file: MidiFile) -> Melody:
    """Find the melody of a MIDI file.

    Args:
        file: the MIDI file.

    Raises:
        ConvertError: there is no note in it but percussion.
    """
    voice, chosen = _choose(file)
    onsets, swung = _onsets(file, voice)
    notes = _notes(file, voice, onsets)
    loudness = dict(zip(onsets, (note.velocity for note in voice), strict=True))
    meter = (file.meters[0][1], file.meters[0][2]) if file.meters else _find_meter(notes, loudness)
    length = Fraction(4 * meter[0], meter[1])
    names = [file.names.get(voice[0].track, ""), file.names.get(0, "")]
    return Melody(
        notes=tuple(notes),
        meter=meter,
        bar_start=_find_bar_start(notes, length, loudness),
        key=_find_key(file, notes),
        swung=swung,
        quarter_microseconds=file.tempos[0][1],
        title=next((name for name in names if name), ""),
        chosen=chosen,
    )


def _choose(file: MidiFile) -> tuple[list[MidiNote], str]:
    """Choose the voice (a channel of a track) that is most like a melody: named so, of single notes, high, busy."""
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
    chosen = f"track {order} of {len(voices)}{f' ({name})' if name else ''}, {len(voices[place])} notes"
    return voices[place], chosen


def _onsets(file: MidiFile, voice: Sequence[MidiNote]) -> tuple[list[Fraction], bool]:
    """Put the onsets on the grid, beat by beat, in quarter notes; say whether they were swung."""
    times = [Fraction(note.start_ticks, file.ticks_per_quarter) for note in voice]
    beats: dict[int, list[Fraction]] = {}
    for time in times:
        beat = (time + _NEAR).__floor__()
        beats.setdefault(beat, []).append(time - beat)
    grids = {beat: _grid(places) for beat, places in beats.items()}
    snapped = []
    for time in times:
        beat = (time + _NEAR).__floor__()
        snapped.append(beat + Fraction(round((time - beat) * grids[beat]), grids[beat]))
    return _evened(snapped)


def _grid(places: Sequence[Fraction]) -> int:
    """Into how many parts a beat is divided."""
    for division in _DIVISIONS:
        if all(abs(place - Fraction(round(place * division), division)) <= _NEAR for place in places):
            return division
    different = 1 + sum(later - place > _APART for place, later in pairwise(sorted(places)))
    for divisions in _ROUGH:
        division = min(
            divisions,
            key=lambda division: sum(
                abs(place - Fraction(round(place * division), division)) for place in places
            ),
        )
        if len({round(place * division) for place in places}) >= different:
            break
    return division


def _evened(onsets: list[Fraction]) -> tuple[list[Fraction], bool]:
    """Make swung pairs even, where most beats are swung and few are triplets, as in a hornpipe."""
    beats: dict[int, set[Fraction]] = {}
    for onset in onsets:
        beats.setdefault(onset.__floor__(), set()).add(onset % 1)
    inner = Counter(frozenset(places - {Fraction(0)}) for places in beats.values())
    swung, even = inner[frozenset({Fraction(2, 3)})], inner[frozenset({Fraction(1, 2)})]
    triplets = inner[frozenset({Fraction(1, 3), Fraction(2, 3)})]
    if swung < 8 or swung < 4 * even or triplets > swung / 2:
        return onsets, False
    pair = {Fraction(2, 3)}
    return [
        onset - Fraction(1, 6) if onset % 1 in pair and beats[onset.__floor__()] - {0} == pair else onset
        for onset in onsets
    ], True


def _notes(file: MidiFile, voice: Sequence[MidiNote], onsets: Sequence[Fraction]) -> list[MelodyNote]:
    """Join what begins together, and let each last to the next, or to where it is clearly silent before."""
    together: dict[Fraction, list[MidiNote]] = {}
    for note, onset in zip(voice, onsets, strict=True):
        together.setdefault(onset, []).append(note)
    chords = sum(len({note.pitch for note in group}) > 1 for group in together.values())
    keeps_chords = chords <= _FEW_CHORDS * len(together)
    notes = []
    order = sorted(together)
    for onset, following in zip(order, [*order[1:], None], strict=True):
        group = together[onset]
        pitches = sorted({note.pitch for note in group})
        # From where it is written to begin, which may be a little earlier than it did.
        written = max(Fraction(note.end_ticks, file.ticks_per_quarter) for note in group) - onset
        notes.append(
            MelodyNote(
                onset, _duration(onset, written, following), tuple(pitches if keeps_chords else pitches[-1:])
            )
        )
    return notes


def _duration(onset: Fraction, sounding: Fraction, following: Fraction | None) -> Fraction:
    """How long a note is written: short silences before the next are its articulation."""
    room = following - onset if following is not None else None
    if room is not None and (sounding >= room or (room - sounding < Fraction(6, 25) and 2 * sounding > room)):
        return room
    # The coarsest grid that the end is on, else the nearest sixteenth.
    for division in (1, 2, 4, 3, 8):
        length = Fraction(round((onset + sounding) * division), division) - onset
        if length > 0 and abs(length - sounding) <= _NEAR:
            break
    else:
        length = max(Fraction(1, 4), Fraction(round(sounding * 4), 4))
    return length if room is None else min(length, room)


def _find_meter(notes: Sequence[MelodyNote], loudness: Mapping[Fraction, int]) -> tuple[int, int]:
    """Find a meter that the file does not name: the bar after which notes as long, loud and high come again."""
    weights = {note.onset: float(note.duration) * loudness[note.onset] for note in notes}
    pitches = {note.onset: note.pitches for note in notes}
    end = notes[-1].onset

    def alike(lag: Fraction) -> float:
        """From 0 to 2: how much of what is heard is heard again some time later, and at the same pitch."""
        shared = total = 0.0
        for onset, weight in weights.items():
            if onset + lag <= end:
                total += weight
                again = min(weight, weights.get(onset + lag, 0.0))
                shared += again * (1 + (pitches[onset] == pitches.get(onset + lag)))
        return shared / total if total else 0.0

    # Twos and threes are told apart first, at lags that only one of them has.
    best = max(((4, 4), (3, 4), (9, 8)), key=lambda meter: alike(_METERS[meter]) + alike(2 * _METERS[meter]))
    if best == (3, 4):
        halves = sum(float(note.duration) for note in notes if note.onset % 3 == Fraction(3, 2))
        thirds = sum(float(note.duration) for note in notes if note.onset % 3 in (1, 2))
        return (6, 8) if halves > thirds / 2 else (3, 4)
    return best


def _find_bar_start(
    notes: Sequence[MelodyNote], length: Fraction, loudness: Mapping[Fraction, int]
) -> Fraction:
    """Find when the first full bar begins: where loud and long notes begin, and none is held over the bar line."""
    spread = pstdev(loudness.values()) or 1.0
    usual, usual_length = mean(loudness.values()), float(mean(note.duration for note in notes))
    first = notes[0].onset

    def fitness(start: Fraction) -> float:
        on = [note for note in notes if (note.onset - start) % length == 0]
        held = sum(
            (note.onset - start) // length != (note.onset + note.duration - start - Fraction(1, 64)) // length
            for note in notes
        )
        if not on:
            return -9.0
        loud = mean((loudness[note.onset] - usual) / spread for note in on)
        long = mean(float(note.duration) for note in on) / usual_length - 1
        # The file's own beginning is a bar's, unless much speaks against it.
        return loud + long - 4 * held / len(notes) + (0.3 if start % length == 0 else 0.0)

    starts = {note.onset for note in notes if note.onset < first + length} | {Fraction(0)}
    best = max(sorted(starts), key=fitness)
    # The first bar line after the first note begins, or where it begins.
    return first + (best - first) % length


def _find_key(file: MidiFile, notes: Sequence[MelodyNote]) -> Key:
    """The key that the file names, or that music21 finds, in the mode that the melody is in."""
    if file.keys:
        _, sharps, is_minor = file.keys[0]
    else:
        sharps, is_minor = _analyzed(notes)
    named, *others = [_key_of(sharps, mode) for mode in (_MINOR_MODES if is_minor else _MAJOR_MODES)]
    weights = Counter[int]()
    for note in notes:
        weights[note.pitches[0] % 12] += int(note.duration * 48)
    final = notes[-1].pitches[0] % 12
    # A file names major or minor only. Tunes end on other notes than the tonic, too, but on one heard so often rarely.
    for key in others:
        if key.tonic_pitch_class == final and weights[final] > weights[named.tonic_pitch_class]:
            return key
    return named


def _key_of(sharps: int, mode: str) -> Key:
    """The key of a mode that has a number of sharps; flats are negative."""
    for letter in LETTERS:
        for sign in ("", "#", "b"):
            tonic = letter + sign
            # `Key.sharps` has no meaning beyond seven, so the sum is checked before a key is made.
            fifths = "FCGDAEB".index(letter) - 1 + 7 * (sign.count("#") - sign.count("b")) + MODES[mode]
            if fifths == sharps:
                return make_key(tonic, mode)
    raise AssertionError(f"no key has {sharps} sharps in mode {mode!r}")


def _analyzed(notes: Sequence[MelodyNote]) -> tuple[int, bool]:
    """Sharps and whether the key is minor, by music21's key analysis."""
    from music21 import note as music21_note
    from music21 import stream

    line = stream.Stream()
    for each in notes:
        line.append(music21_note.Note(each.pitches[-1], quarterLength=float(each.duration)))
    found = line.analyze("key")
    return int(found.sharps), found.mode == "minor"
