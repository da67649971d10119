"""Turn a melody on its grid into its meters, where its bars begin, and its keys.

What the file says of them is taken, unless the notes contradict; what it does not say is found.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import mean, pstdev

from abclm.midi.file import MidiFile
from abclm.midi.transcription.grid import MelodyNote, odd_part
from abclm.notation.keys import LETTERS, MODES, SEMITONES, Key, make_key

# Changes stand on this grid, in quarter notes; some programs have them a tick off.
_NEAR = Fraction(1, 16)
# Meter and bar lines of a long piece are those of its beginning.
_LISTENED_NOTES = 1000
_MOST_STARTS = 48
_LONGEST_BAR = 32  # quarter notes; a meter of longer ones is a mistake
_MAJOR_MODES = ("", "mix", "dor", "m")
_MINOR_MODES = ("m", "dor", "mix", "")
_METERS = {
    (4, 4): Fraction(4),
    (3, 4): Fraction(3),
    (6, 8): Fraction(3),
    (9, 8): Fraction(9, 2),
    (2, 4): Fraction(2),
}
# A named key is not believed where more of the notes than this are outside of it, and another has a quarter of that.
_FOREIGN_SHARE, _TIMES_FEWER = 0.04, 4

Meter = tuple[int, int]


def bar_length(meter: Meter) -> Fraction:
    """In quarter notes."""
    return Fraction(4 * meter[0], meter[1])


def find_meters(
    file: MidiFile, notes: Sequence[MelodyNote], loudness: Mapping[Fraction, int]
) -> tuple[tuple[Fraction, Meter], ...]:
    """The meters of a melody.

    Args:
        file: the file that it is from.
        notes: its notes.
        loudness: how loud each is, by its onset.

    Returns:
        When a bar line stands from which on a meter holds, and the meter, by time. The time of the first is that of
        the first full bar, which is that of the first note, or later where a pick-up stands before it.
    """
    first = notes[0].onset
    named = _named_meters(file, first, notes[-1].onset)
    if len(named) < 2:
        meter = named[0][1] if named else _find_meter(notes[:_LISTENED_NOTES], loudness)
        return ((_find_bar_start(notes[:_LISTENED_NOTES], bar_length(meter), loudness), meter),)
    # A bar line stands where the meter changes, so those before it are known.
    (_, meter), (change, following) = named[:2]
    if change - first <= bar_length(meter) and change - first < bar_length(following):
        return tuple(named[1:])  # some programs give a pick-up a meter of its own
    return ((first + (change - first) % bar_length(meter), meter), *named[1:])


def _named_meters(file: MidiFile, first: Fraction, last: Fraction) -> list[tuple[Fraction, Meter]]:
    """The meters that the file names, from when on each holds: that of the first note, and changes after it."""
    named: list[tuple[Fraction, Meter]] = []
    for ticks, beats, unit in file.meters:
        if bar_length((beats, unit)) > _LONGEST_BAR:
            continue
        time = max(first, round(Fraction(ticks, file.ticks_per_quarter) / _NEAR) * _NEAR)
        if not named and time > first:
            named.append((first, (4, 4)))  # what holds where a file says nothing
        if named and time == named[-1][0]:
            named.pop()
        if time <= last and (not named or named[-1][1] != (beats, unit)):
            named.append((time, (beats, unit)))
    return named


def _find_meter(notes: Sequence[MelodyNote], loudness: Mapping[Fraction, int]) -> Meter:
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
    velocities = [loudness[note.onset] for note in notes]
    spread = pstdev(velocities) or 1.0
    usual, usual_length = mean(velocities), float(mean(note.duration for note in notes))
    first = notes[0].onset
    trust = 1 + 4 * _explained_by_place(notes, length, loudness)

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
        return trust * loud + long - 4 * held / len(notes) + (0.3 if start % length == 0 else 0.0)

    # No bar begins within a triplet.
    plain = sorted(
        {note.onset for note in notes if note.onset < first + length and odd_part(note.onset) == 1}
    )
    best = max(sorted({*plain[:_MOST_STARTS], Fraction(0)}), key=fitness)
    # The first bar line after the first note begins, or where it begins.
    return first + (best - first) % length


def _explained_by_place(
    notes: Sequence[MelodyNote], length: Fraction, loudness: Mapping[Fraction, int]
) -> float:
    """The share of the variance of the loudness that the place in the bar explains, 0 to 1, adjusted for few notes.

    A program that plays a score stresses the same places in every bar; then they say where the bars begin.
    """
    places: dict[Fraction, list[int]] = defaultdict(list)
    for note in notes:
        places[note.onset % length].append(loudness[note.onset])
    velocities = [loudness[note.onset] for note in notes]
    whole = pstdev(velocities) ** 2 * len(notes)
    if not whole or len(notes) <= len(places):
        return 0.0
    within = sum(pstdev(each) ** 2 * len(each) for each in places.values())
    return max(0.0, 1 - (within / whole) * (len(notes) - 1) / (len(notes) - len(places)))


def find_keys(file: MidiFile, notes: Sequence[MelodyNote]) -> tuple[tuple[Fraction, Key], ...]:
    """The keys of a melody.

    Args:
        file: the file that it is from.
        notes: its notes.

    Returns:
        From when on each holds, by time, in quarter notes. A key that the file names for all the melody is replaced
        where the notes contradict; its mode is the one that the melody is in.
    """
    first, last = notes[0].onset, notes[-1].onset
    at: dict[Fraction, tuple[int, bool]] = {}
    for ticks, sharps, is_minor in file.keys:
        time = Fraction(ticks, file.ticks_per_quarter) - _NEAR
        if time <= last:
            at[max(time, first)] = sharps, is_minor
    keys = sorted(at.items())
    named = [each for index, each in enumerate(keys) if not index or each[1] != keys[index - 1][1]]
    if len(named) > 1:
        return tuple((time, _key_of(sharps, "m" if is_minor else "")) for time, (sharps, is_minor) in named)
    weights = Counter[int]()
    for note in notes:
        for pitch in note.pitches[-1:]:
            weights[pitch % 12] += int(note.duration * 48)
    sharps, is_minor = named[0][1] if named else _analyzed(weights)
    if named and _is_contradicted(sharps, weights):
        sharps, is_minor = _analyzed(weights)
    return ((first, _in_mode(sharps, is_minor, weights, notes[-1].pitches[0] % 12)),)


def _is_contradicted(sharps: int, weights: Mapping[int, int]) -> bool:
    """Whether far fewer of the notes are outside another key signature; many files name C major for want of a key."""

    def foreign(sharps: int) -> int:
        signature = _key_of(sharps, "").signature
        inside = {(SEMITONES[letter] + signature[step]) % 12 for step, letter in enumerate(LETTERS)}
        return sum(weight for pitch, weight in weights.items() if pitch not in inside)

    outside, fewest = foreign(sharps), min(foreign(other) for other in range(-7, 8))
    return outside > _FOREIGN_SHARE * sum(weights.values()) and fewest * _TIMES_FEWER <= outside


def _in_mode(sharps: int, is_minor: bool, weights: Mapping[int, int], final: int) -> Key:
    """The key with these sharps in the mode that the melody is in."""
    named, *others = [_key_of(sharps, mode) for mode in (_MINOR_MODES if is_minor else _MAJOR_MODES)]
    # A file names major or minor only. Tunes end on other notes than the tonic, too, but on one heard so often rarely.
    for key in others:
        if key.tonic_pitch_class == final and weights.get(final, 0) > weights.get(named.tonic_pitch_class, 0):
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


def _analyzed(weights: Mapping[int, int]) -> tuple[int, bool]:
    """Sharps and whether the key is minor, by music21's key analysis of how long each pitch class is heard."""
    from music21 import note as music21_note
    from music21 import stream

    line = stream.Stream()
    for pitch, weight in sorted(weights.items()):
        line.append(music21_note.Note(60 + pitch, quarterLength=max(weight, 1) / 48))
    found = line.analyze("key")
    return int(found.sharps), found.mode == "minor"
