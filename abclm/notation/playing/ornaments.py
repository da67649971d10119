"""Turn a note with grace notes and decorations into the notes that a player plays for it.

A grace note takes a thirty-second note from the note after it, or less where that is short. A roll on three eighths is
three eighths with a cut and a tap between them; on two, it begins with the cut; on one, it is the cut alone. A trill
changes between the note and the one above it, in thirty-second notes. A note with a dot sounds for half of its time.
Ornaments never change when the next note begins; so what a fermata adds is left to the player. A note that continues a
tie has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from abclm.notation.marks import Marks
from abclm.notation.playing.playback import Playback
from abclm.notation.symbols import Chord, Note, Symbol, Timed, notes_of
from abclm.notation.timing import WHOLE, Ticks

_SHORT = Fraction(WHOLE, 32)
_EIGHTH = Fraction(WHOLE, 8)
# The part of its time for which a note sounds.
_SOUNDING = {"staccato": Fraction(1, 2), "wedge": Fraction(1, 4), "breath": Fraction(7, 8)}


@dataclass(frozen=True, slots=True)
class Played:
    """Notes that begin together.

    Attributes:
        pitches: MIDI numbers; none for silence.
        duration: in ticks.
    """

    pitches: tuple[int, ...]
    duration: Ticks


def ornamented(playback: Playback, marks: Mapping[Symbol, Marks]) -> list[tuple[Ticks, int, Ticks]]:
    """The onset, pitch and duration of the notes as they are played, in order; onsets and durations are in ticks."""
    found: list[tuple[Ticks, int, Ticks]] = []
    now: Ticks = 0
    tied: dict[int, list[int]] = {}  # pitch -> places in `found`
    for index, _ in playback.order():
        event = playback.symbols[index]
        if not isinstance(event, Timed):
            continue
        played = ornament(event, marks.get(event))
        for number, each in enumerate(played):
            ties = [note.pitch for note in notes_of(event) if note.tied] if number + 1 == len(played) else []
            opened: dict[int, list[int]] = {}
            for pitch in each.pitches:
                if before := tied.get(pitch):
                    place = before.pop(0)
                    onset, _, length = found[place]
                    found[place] = onset, pitch, length + each.duration
                else:
                    place = len(found)
                    found.append((now, pitch, each.duration))
                if pitch in ties:
                    ties.remove(pitch)
                    opened.setdefault(pitch, []).append(place)
            tied = opened
            now += each.duration
    return sorted(found)


def ornament(event: Timed, marks: Marks | None) -> list[Played]:
    """Play a note, a chord or a rest.

    Args:
        event: it.
        marks: what stands at it.

    Returns:
        What is played in its time, one after another; the durations sum to that of the event. Without ornaments, the
        event itself.
    """
    notes = notes_of(event)
    plain = tuple(note.pitch for note in notes)
    if marks is None or not notes or any(note.continued for note in notes):
        return [Played(plain, event.duration)]
    left = Fraction(event.duration)
    played = []
    if marks.graces:
        each = min(_SHORT, left / 2 / len(marks.graces))
        played = [Played((grace.pitch,), each) for grace in marks.graces]
        left -= each * len(marks.graces)
    pattern = _pattern(event, marks, left)
    played += pattern or [Played(plain, left)]
    part = min((_SOUNDING[name] for name in marks.decorations if name in _SOUNDING), default=None)
    if part is not None and not any(note.tied for note in notes):
        last = played.pop()
        played += [Played(last.pitches, last.duration * part), Played((), last.duration * (1 - part))]
    return played


def _pattern(event: Timed, marks: Marks, left: Fraction) -> list[Played]:
    """The notes of a roll, a trill, a mordent or a turn, which take so many ticks; none without one."""
    if isinstance(event, Chord) and len(event.notes) > 1:
        return []
    note: Note = notes_of(event)[0]
    if note not in marks.neighbours:
        return []
    below, above = marks.neighbours[note]
    here = note.pitch
    short = min(_SHORT, left / 4)
    for name in marks.decorations:
        if name == "roll":
            return _roll(below, here, above, short, left)
        if name in ("trill", "trill("):
            turns = max(1, (int(left / _SHORT) - 1) // 2)  # it ends on the note itself
            return _parts([here, above] * turns + [here], min(_SHORT, left / 3), left)
        if name == "lowermordent":
            return _parts([here, below, here], short, left)
        if name == "uppermordent":
            return _parts([here, above, here], short, left)
        if name == "turn":
            return _parts([above, here, below, here], min(_EIGHTH, left / 4), left)
        if name == "invertedturn":
            return _parts([below, here, above, here], min(_EIGHTH, left / 4), left)
    return []


def _roll(below: int, here: int, above: int, short: Fraction, left: Fraction) -> list[Played]:
    if left > 2 * _EIGHTH:
        lengths = [left - 2 * _EIGHTH, short, _EIGHTH - short, short, _EIGHTH - short]
        pitches = [here, above, here, below, here]
    elif left > _EIGHTH:
        half = left / 2
        lengths = [short, half - short, short, half - short]
        pitches = [above, here, below, here]
    else:
        lengths, pitches = [short, left - short], [above, here]
    return [Played((pitch,), length) for pitch, length in zip(pitches, lengths, strict=True)]


def _parts(pitches: Sequence[int], each: Fraction, left: Fraction) -> list[Played]:
    """Notes of one length, of which the last takes what is left."""
    *first, last = pitches
    return [Played((pitch,), each) for pitch in first] + [Played((last,), left - each * len(first))]
