"""Turn the notes of a voice, late, early, short or swung as they may be, into notes and chords on a grid of beats."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise

from abclm.midi.file import MidiFile, MidiNote

# Parts of a quarter note, the usual first; the first that all onsets in the beat lie on is taken.
_DIVISIONS = (1, 2, 4, 3, 8, 6, 12, 5, 7, 16, 9)
_NEAR = Fraction(1, 40)
# Those of a score, whose onsets lie on its grid to a tick or so, in the ticks of the file.
_SCORE_DIVISIONS = (*_DIVISIONS, 10, 24, 14, 18, 32)
_SCORE_NEAR, _SCORE_NEAR_TICKS, _ROUNDED_TICKS = Fraction(1, 200), Fraction(3, 2), Fraction(3, 5)
# A file is a score where so many onsets lie on eighths or twelfths of a beat, or in beats of some notes on one grid.
_SCORE_SHARE, _SOME_NOTES = 0.8, 3
# Where they lie on none: sixteenths or triplets, and finer ones where these would make two onsets one.
_ROUGH = ((4, 3), (8, 6), (16, 12, 24))
_FINEST_OF_SCORE = ((32, 48),)
_APART, _SCORE_APART = Fraction(1, 30), Fraction(1, 60)
# With more chords than this, the highest notes are the melody.
_FEW_CHORDS = 0.15
# A note that sounds for less has no length of its own.
_NO_LENGTH = Fraction(1, 24)
# Grace notes: on the beat, or before it; how long the note is that they belong to; how many of all notes.
_LONGEST_GRACE, _LONGEST_GRACE_BEFORE = Fraction(1, 8) + _NEAR, Fraction(1, 12)
_SHORTEST_MAIN, _LONGER_THAN_GRACES = Fraction(3, 8) - _NEAR, 3 - Fraction(1, 16)
_MOST_GRACES, _MOST_GRACES_SHARE = 4, 0.5


@dataclass(frozen=True, slots=True)
class MelodyNote:
    """A note or chord of a melody; times in quarter notes, pitches as MIDI numbers.

    Attributes:
        onset: when it begins.
        duration: how long it is written.
        pitches: rising.
        graces: the pitches of the grace notes before it, which have no time of their own.
    """

    onset: Fraction
    duration: Fraction
    pitches: tuple[int, ...]
    graces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Struck:
    """What begins at one moment, in quarter notes: `end` is the latest, `velocity` the highest."""

    time: Fraction
    end: Fraction
    pitches: tuple[int, ...]
    velocity: int
    graces: tuple[int, ...] = ()


def put_on_grid(
    file: MidiFile, voice: Sequence[MidiNote]
) -> tuple[list[MelodyNote], dict[Fraction, int], bool]:
    """Put the notes of a voice on the grid.

    Args:
        file: the MIDI file.
        voice: notes of it, by onset.

    Returns:
        Notes and chords, none beginning before the one before it has ended; how loud each is, by its onset; and
        whether pairs of notes were long and short, and have been made even.
    """
    struck = _without_graces(list(_struck(file, voice)))
    onsets, swung = _evened(_snapped(file, [each.time for each in struck]))
    loudness: dict[Fraction, int] = {}
    together: dict[Fraction, list[_Struck]] = {}
    for each, onset in zip(struck, onsets, strict=True):
        together.setdefault(onset, []).append(each)
        loudness[onset] = max(each.velocity, loudness.get(onset, 0))
    return _notes(together), loudness, swung


def odd_part(value: Fraction) -> int:
    """The odd part of a denominator: 3 for a third or a sixth, 1 on the grid of plain notes."""
    below = value.denominator
    return below // (below & -below)


def _struck(file: MidiFile, voice: Sequence[MidiNote]) -> Iterator[_Struck]:
    quarter = file.ticks_per_quarter
    for start, group in groupby(sorted(voice), key=lambda note: note.start_ticks):
        notes = list(group)
        yield _Struck(
            Fraction(start, quarter),
            Fraction(max(note.end_ticks for note in notes), quarter),
            tuple(sorted({note.pitch for note in notes})),
            max(note.velocity for note in notes),
        )


def _without_graces(struck: list[_Struck]) -> list[_Struck]:
    """Give short notes that are no part of the rhythm to the note after them, as its grace notes."""
    found: list[_Struck] = []
    graces = at = 0
    while at < len(struck):
        count = _count_graces(struck, at)
        run, main = struck[at : at + count], struck[at + count]
        if run:
            begins = run[0].time if _is_plain(run[0].time) else main.time
            main = replace(
                main, time=begins, velocity=max(each.velocity for each in (*run, main)),
                graces=tuple(each.pitches[0] for each in run),
            )  # fmt: skip
        found.append(main)
        graces += count
        at += count + 1
    return found if graces <= _MOST_GRACES_SHARE * len(struck) else struck


def _count_graces(struck: Sequence[_Struck], at: int) -> int:
    """How many grace notes begin here: none, or up to four."""
    first, total = struck[at], Fraction(0)
    for index in range(at, min(at + _MOST_GRACES, len(struck) - 1)):
        short, main = struck[index], struck[index + 1]
        length = main.time - short.time
        # They are single, and one has ended where the next begins.
        if length > _LONGEST_GRACE or len(short.pitches) > 1 or short.end > main.time + _NEAR:
            return 0
        total += length
        following = struck[index + 2].time if index + 2 < len(struck) else main.end
        lasts, sounds = following - main.time, main.end - main.time
        is_long = lasts >= max(_SHORTEST_MAIN, _LONGER_THAN_GRACES * total) and sounds >= total
        if is_long and short.pitches != main.pitches:
            is_shortened = not _is_single(lasts) and _is_single(lasts + total)
            on_beat = _is_plain(first.time) and (is_shortened or not _is_plain(main.time))
            before = _is_plain(main.time) and not _is_plain(first.time) and total <= _LONGEST_GRACE_BEFORE
            return index + 1 - at if on_beat or before else 0
    return 0


def _is_plain(time: Fraction) -> bool:
    """Whether a time lies on the grid of sixteenths, or of triplets of eighths."""
    return any(abs(time - Fraction(round(time * part), part)) <= _NEAR / 2 for part in (4, 3))


def _is_single(length: Fraction) -> bool:
    """Whether a length is about that of one written note, which may be dotted."""
    sixteenths = round(4 * length)
    return abs(sixteenths - 4 * length) <= 4 * _NEAR and sixteenths in (1, 2, 3, 4, 6, 8, 12, 16)


def _snapped(file: MidiFile, times: Sequence[Fraction]) -> list[Fraction]:
    """Put times on the grid, beat by beat."""
    beats = [
        (beat, [time - beat for time in group])
        for beat, group in groupby(times, key=lambda time: (time + _NEAR).__floor__())
    ]
    ticks = file.ticks_per_quarter
    near = min(_NEAR, max(_ROUNDED_TICKS / ticks, min(_SCORE_NEAR, _SCORE_NEAR_TICKS / ticks)))
    exact = [_division(places, _SCORE_DIVISIONS, near) for _, places in beats]
    on_grid = 0
    for (_, places), division in zip(beats, exact, strict=True):
        if division is not None and len(places) >= _SOME_NOTES:
            on_grid += len(places)
        else:
            on_grid += sum(any(_is_on(place, part, near) for part in (8, 12)) for place in places)
    is_score = on_grid >= _SCORE_SHARE * len(times)
    snapped: list[Fraction] = []
    for (beat, places), division in zip(beats, exact, strict=True):
        grid = (division if is_score else None) or _division(places, _DIVISIONS, _NEAR)
        grid = grid or _rough_division(places, is_score)
        # What begins a little before the beat is on it.
        snapped += [beat + Fraction(max(0, round(place * grid)), grid) for place in places]
    return snapped


def _is_on(place: Fraction, division: int, near: Fraction) -> bool:
    return abs(place - Fraction(round(place * division), division)) <= near


def _division(places: Sequence[Fraction], divisions: Sequence[int], near: Fraction) -> int | None:
    """The first division that all places lie on."""
    return next((part for part in divisions if all(_is_on(place, part, near) for place in places)), None)


def _rough_division(places: Sequence[Fraction], is_score: bool) -> int:
    """The coarsest division, and of these the nearest, on which places that are apart stay so."""
    apart = _SCORE_APART if is_score else _APART
    different = 1 + sum(later - place > apart for place, later in pairwise(sorted(places)))
    best = 1
    for divisions in (*_ROUGH, *(_FINEST_OF_SCORE if is_score else ())):
        best = min(
            divisions,
            key=lambda part: sum(abs(place - Fraction(round(place * part), part)) for place in places),
        )
        if len({round(place * best) for place in places}) >= different:
            break
    return best


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


def _notes(together: Mapping[Fraction, Sequence[_Struck]]) -> list[MelodyNote]:
    """Join what begins together, and let each last to the next, or to where it is clearly silent before."""
    pitches = {
        onset: sorted({pitch for each in group for pitch in each.pitches})
        for onset, group in together.items()
    }
    grids: dict[int, int] = {}
    for onset in together:
        grids[onset.__floor__()] = max(grids.get(onset.__floor__(), 1), onset.denominator, key=_fineness)
    chords = sum(len(each) > 1 for each in pitches.values())
    keeps_chords = chords <= _FEW_CHORDS * len(pitches)
    notes: list[MelodyNote] = []
    order = sorted(together)
    for onset, following in zip(order, [*order[1:], None], strict=True):
        group = together[onset]
        # From where it is written to begin, which may be a little earlier than it did.
        sounding = max(each.end for each in group) - onset
        room = None if following is None else following - onset
        if all(each.end - each.time < _NO_LENGTH for each in group):
            sounding = room or (notes[-1].duration if notes else Fraction(1))
        notes.append(
            MelodyNote(
                onset,
                _duration(onset, sounding, room, grids),
                tuple(pitches[onset] if keeps_chords else pitches[onset][-1:]),
                max((each.graces for each in group), key=len),
            )
        )
    return notes


def _fineness(division: int) -> tuple[bool, int]:
    """Which of the places in a beat says most about its grid: of a beat in triplets, no half."""
    return division & (division - 1) != 0, division


def _duration(
    onset: Fraction, sounding: Fraction, room: Fraction | None, grids: Mapping[int, int]
) -> Fraction:
    """How long a note is written: short silences before the next are its articulation.

    Args:
        onset: when it begins.
        sounding: how long it sounds.
        room: how long it is until the next, if there is one.
        grids: by beat, the division that the onsets in it lie on.
    """
    if room is not None and (sounding >= room or (room - sounding < Fraction(6, 25) and 2 * sounding > room)):
        return room
    # The coarsest grid of its beat that the end is on, else the nearest place on a fine one.
    end = onset + sounding
    grid = grids.get((end - _NEAR).__floor__(), 1)
    odd = odd_part(Fraction(1, grid))
    divisions = (1, 2, 4, *((3,) if grid == 1 else ()), 8) if odd == 1 else (1, odd, 2 * odd, 4 * odd)
    for division in divisions:
        length = Fraction(round(end * division), division) - onset
        if length > 0 and abs(length - sounding) <= _NEAR:
            break
    else:
        fine = 4 * odd if odd < 5 else odd
        length = Fraction(round(end * fine), fine) - onset
        if length <= 0:
            length = Fraction((onset * fine).__floor__() + 1, fine) - onset
    return length if room is None else min(length, room)
