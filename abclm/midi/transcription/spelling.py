"""Turn pitches into the letters and accidentals that they are written with in a key."""

from collections.abc import Sequence
from dataclasses import dataclass

from abclm.notation.keys import LETTERS, SEMITONES, Key

_MIDDLE_C = 60
_ALTERATIONS = (-2, -1, 0, 1, 2)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A written pitch.

    Attributes:
        step: letters above middle C; those of an octave are seven.
        alteration: semitones that an accidental or the key adds.
    """

    step: int
    alteration: int

    @property
    def name(self) -> str:
        """The letter with its octave marks, as in `c'`."""
        octave, letter = divmod(self.step, 7)
        name = LETTERS[letter] if octave <= 0 else LETTERS[letter].lower()
        return name + ("," * -octave if octave < 0 else "'" * (octave - 1))


def spell_together(pitches: Sequence[int], key: Key) -> dict[int, Spelling]:
    """Spell the pitches of a chord.

    Args:
        pitches: MIDI numbers, rising.
        key: in which they are written.

    Returns:
        By pitch, how it is written, no two on the same step. What has no step left is not in it.

    Example:
        >>> from abclm.notation.keys import parse_key
        >>> [spelled.name for spelled in spell_together([60, 61, 76], parse_key("F")).values()]
        ['C', 'D', 'e']
    """
    found: dict[int, Spelling] = {}
    taken: set[int] = set()
    for pitch in pitches:
        spellings = [each for each in _spellings(pitch) if each.step not in taken]
        if spellings:
            found[pitch] = min(spellings, key=lambda each: _strangeness(each, pitch, key))
            taken.add(found[pitch].step)
    return found


def _spellings(pitch: int) -> list[Spelling]:
    return [
        Spelling(letter + 7 * ((pitch - alteration - _MIDDLE_C) // 12), alteration)
        for letter, name in enumerate(LETTERS)
        for alteration in _ALTERATIONS
        if (SEMITONES[name] + alteration - pitch) % 12 == 0
    ]


def _strangeness(spelling: Spelling, pitch: int, key: Key) -> int:
    """How strange a spelling is, from 0."""
    alteration = spelling.alteration
    if alteration == key.signature[spelling.step % 7]:
        return 0
    if alteration == 0:
        return 1
    # A leading note is raised, whatever the key; other notes go the way of the signature.
    to_tonic = (key.tonic_pitch_class - pitch) % 12 == 1
    is_like_key = (alteration > 0) == (key.sharps >= 0 or to_tonic)
    return abs(alteration) * 4 - 2 * is_like_key
