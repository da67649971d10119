"""Follow the pitches of a tune as it is written, and say which symbols would lead out of its compass.

The pitch of a letter depends on the key and the accidentals in force. The compass has G4 to C#5 in it, so that the
note A is always inside it; and an octave mark never leads back into it, so that a letter outside can be left out at once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Self

from abclm.analysis.compass import Compass
from abclm.notation.keys import ACCIDENTALS, LETTERS, SEMITONES, parse_key

_SIGNS = {"": None, **ACCIDENTALS}
_STEPS = {
    **{letter: step for step, letter in enumerate(LETTERS)},
    **{letter.lower(): step + 7 for step, letter in enumerate(LETTERS)},
}
_PITCHES = [60 + SEMITONES[letter] for letter in LETTERS]

Alterations = tuple[int, ...]
"""In semitones, of each of the letters C D E F G A B."""


class Pitches(NamedTuple):
    """What the pitch of the next symbol depends on.

    Attributes:
        signature: of the key in force.
        alterations: with the accidentals of the bar.
        sign: accidentals that belong to the next letter.
        step: diatonic steps above middle C of the note that octave marks may follow; None elsewhere.
    """

    signature: Alterations = (0,) * 7
    alterations: Alterations = (0,) * 7
    sign: str = ""
    step: int | None = None

    def in_key(self, key: str) -> Self:
        """The state after a field with another key."""
        signature = parse_key(key).signature
        return self._replace(signature=signature, alterations=signature, sign="", step=None)

    def add(self, symbol: str) -> Self:
        """The state after a symbol of the music, of no field and no chord symbol."""
        if symbol in _STEPS:
            step, alterations = _STEPS[symbol], self.alterations
            if self.sign:
                place, alteration = step % 7, _SIGNS[self.sign]
                alterations = (*alterations[:place], alteration or 0, *alterations[place + 1 :])
            return type(self)(self.signature, alterations, "", step)
        if symbol in ",'" and self.step is not None:
            return self._replace(step=self.step + (7 if symbol == "'" else -7))
        if symbol in "^_=":
            return self._replace(sign=self.sign + symbol, step=None)
        if symbol in "|:":
            return type(self)(self.signature, self.signature)
        return self if self.step is None else self._replace(step=None)

    def outside(self, compass: Compass) -> frozenset[str]:
        """The symbols that would lead out of a compass."""
        return _outside(compass, self.alterations, self.sign, self.step)


@lru_cache(maxsize=100_000)
def _outside(compass: Compass, alterations: Alterations, sign: str, step: int | None) -> frozenset[str]:
    def is_outside(step: int, alteration: int | None) -> bool:
        place = step % 7
        pitch = (
            _PITCHES[place] + 12 * (step // 7) + (alterations[place] if alteration is None else alteration)
        )
        return not compass.lowest <= pitch <= compass.highest

    found = {letter for letter, each in _STEPS.items() if is_outside(each, _SIGNS[sign])}
    if step is not None:
        found |= {mark for mark, more in ((",", -7), ("'", 7)) if is_outside(step + more, None)}
    return frozenset(found)
