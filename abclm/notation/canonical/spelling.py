"""Spell a tune's notes, keys and chord symbols in the canonical way, transposed if requested."""

import re

from abclm.errors import NotationError
from abclm.notation.keys import (
    FLAT_NAMES,
    LETTERS,
    SEMITONES,
    SHARP_NAMES,
    SIGNS,
    Key,
    make_key,
    steps_between,
    transpose_key,
)
from abclm.notation.symbols import Note

_LOWEST_STEP, _HIGHEST_STEP = -35, 39  # MIDI pitches 0 and 127


class Speller:
    """Spells the notes of a tune one after another, following the current key and accidentals.

    Args:
        key: the key in which the tune begins.
        semitones: by how many semitones to transpose.
        shift: by how many semitones the notes sound other than they are written; they are written as they sound.
        propagation: how far written accidentals are valid (see `Body`); here it is for all octaves.

    Attributes:
        key: the current key of the tune.
        written_key: the regular key that is written for it.
    """

    def __init__(self, key: Key, semitones: int = 0, shift: int = 0, propagation: str = "pitch") -> None:
        self.semitones = semitones
        self.shift = shift
        self._propagates = propagation == "pitch"
        self._bar_after_tie = False
        self._tied: dict[int, int] = {}  # pitch -> written step of the last tied note
        self.ties: dict[int, int] = {}  # written step -> pitch of the tied notes of the current event
        self.ties_before: dict[int, int] = {}  # those of the event before it, if a bar line is between
        self._unlike = False  # whether valid accidentals differ from written ones until the bar line
        self._use_key(key)

    def _use_key(self, key: Key) -> None:
        self.key = key
        self.moved = self.semitones + self.shift
        if self.semitones or self.shift % 12:
            self.written_key = transpose_key(key, self.moved)
        else:
            self.written_key = make_key(key.tonic, key.mode)
        self._steps = steps_between(key, self.written_key, self.moved)
        self._respell = bool(self.moved) or not key.regular or not self._propagates
        self._accidentals: dict[int, int] = {}  # letter -> written semitones, until the bar line

    def change_key(self, key: Key, shift: int | None = None) -> bool:
        """Change to another key of the tune, or to another shift; return whether the change must be written."""
        self.shift = self.shift if shift is None else shift
        before, accidentals = self.written_key.text, self._accidentals
        self._use_key(key)
        if self.written_key.text != before:
            return True
        if accidentals:
            # The accidentals end at this field, but the field is not written.
            self._accidentals, self._unlike = accidentals, True
        return False

    def end_bar(self) -> None:
        """End the accidentals at a bar line."""
        self._accidentals.clear()
        self._unlike = False
        self._bar_after_tie = bool(self.ties)

    def begin_event(self) -> None:
        """Begin the next note or chord; needed only where there are ties."""
        self.ties_before = self.ties if self._bar_after_tie else {}
        self.ties, self._bar_after_tie = {}, False

    def ties_here(self) -> tuple[dict[int, int], dict[int, int]]:
        """The ties that lead on from here, for `lead_into`."""
        return self.ties, self._tied.copy()

    def lead_into(self, ties: tuple[dict[int, int], dict[int, int]]) -> None:
        """Go on at a second ending, into which the ties before the first one lead, over a bar line."""
        self.ties, self._tied = ties[0], ties[1].copy()
        self._bar_after_tie = bool(self.ties)

    def note(self, note: Note) -> str:
        """The accidental, letter and octave to write for a note.

        Raises:
            NotationError: MIDI has no such pitch.
        """
        step, accidental = note.step, note.accidental
        if self._respell or self._unlike:
            step, accidental = self._respelled(note)
        elif accidental is not None:
            self._accidentals[step % 7] = accidental
        if note.tied:
            self._tied[note.pitch] = step
            self.ties[step] = note.pitch
        name = _NAMES.get((step, accidental))
        if name is None:
            raise NotationError("a note is out of range; MIDI has pitches 0 to 127")
        return name

    def _respelled(self, note: Note) -> tuple[int, int | None]:
        """The step and the accidental to write for a note that needs another spelling."""
        pitch = note.pitch + self.semitones
        if not 0 <= pitch <= 127:
            raise NotationError("a note would leave the range of MIDI; transpose by less")
        step = note.step + self._steps
        if not _LOWEST_STEP <= step <= _HIGHEST_STEP:
            return step, None
        if self.moved:
            # Keep the letter of the scale, unless another letter avoids a double accidental.
            letters = [step, step + 1, step - 1]
            if self.ties_before:  # over a bar line, a tie is stronger than an accidental
                letters = [
                    other
                    for other in [*letters, step + 2, step - 2]
                    if self.ties_before.get(other, note.pitch) == note.pitch
                    and abs(pitch - _natural(other)) <= 2
                ] or letters
            step = min(letters, key=lambda other: max(abs(pitch - _natural(other)), 1))
        if note.continued:
            return self._tied.get(note.pitch, step), None
        letter, alteration = step % 7, pitch - _natural(step)
        if self._accidentals.get(letter, self.written_key.signature[letter]) == alteration:
            return step, None
        self._accidentals[letter] = alteration
        return step, alteration

    def chord_symbol(self, text: str) -> str:
        """A chord symbol with transposed roots; `+`, which is none of the 83 symbols, is written `aug`."""
        text = text.replace("+", "aug")
        names = FLAT_NAMES if self.written_key.sharps < 0 else SHARP_NAMES

        def moved(match: re.Match[str]) -> str:
            return names[(make_key(match[0], "").tonic_pitch_class + self.moved) % 12]

        return re.sub(r"(?:^|(?<=/))[A-G][#b]?", moved, text) if self.moved % 12 else text


def _name(step: int, accidental: int | None) -> str:
    sign = "" if accidental is None else SIGNS[accidental]
    letter, octave = LETTERS[step % 7], step // 7
    if octave > 0:
        return sign + letter.lower() + "'" * (octave - 1)
    return sign + letter + "," * -octave


_NAMES = {
    (step, accidental): _name(step, accidental)
    for step in range(_LOWEST_STEP, _HIGHEST_STEP + 1)
    for accidental in (None, *SIGNS)
}


def _natural(step: int) -> int:
    """The pitch of a step without accidental, as a MIDI number."""
    return 60 + 12 * (step // 7) + SEMITONES[LETTERS[step % 7]]
