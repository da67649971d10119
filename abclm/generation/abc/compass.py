"""Follow the pitches of a tune as it is written, and say which symbols would lead out of its compass.

The pitch of a letter depends on the key and the accidentals in force. The compass has G4 to C#5 in it, so that the
note A is always inside it; and an octave mark never leads back into it, so that a letter outside can be left out at once.
"""

from __future__ import annotations

from abclm.analysis.compass import Compass
from abclm.notation.keys import ACCIDENTALS, LETTERS, SEMITONES, parse_key

_MOST_PITCHES = 20_000  # kept; then they are made again

_SIGNS = {"": None, **ACCIDENTALS}
_STEPS = {
    **{letter: step for step, letter in enumerate(LETTERS)},
    **{letter.lower(): step + 7 for step, letter in enumerate(LETTERS)},
}
_PITCHES = [60 + SEMITONES[letter] for letter in LETTERS]

Alterations = tuple[int, ...]
"""In semitones, of each of the letters C D E F G A B."""


class Pitches:
    """What the pitch of the next symbol depends on. Equal ones are the same object, made by `of`: it remembers results.

    Attributes:
        signature: of the key in force.
        alterations: with the accidentals of the bar.
        sign: accidentals that belong to the next letter.
        step: diatonic steps above middle C of the note that octave marks may follow; None elsewhere.
    """

    __slots__ = ("_after", "_outside", "alterations", "sign", "signature", "step")

    def __init__(self, signature: Alterations, alterations: Alterations, sign: str, step: int | None) -> None:
        self.signature, self.alterations, self.sign, self.step = signature, alterations, sign, step
        self._after: dict[str, Pitches] = {}
        self._outside: dict[Compass, frozenset[str]] = {}

    @staticmethod
    def of(
        signature: Alterations = (0,) * 7,
        alterations: Alterations | None = None,
        sign: str = "",
        step: int | None = None,
    ) -> Pitches:
        """The one of these values; its alterations are by default those of the signature."""
        values = signature, alterations or signature, sign, step
        found = _made.get(values)
        if found is None:
            if len(_made) == _MOST_PITCHES:
                for each in _made.values():
                    each._after.clear()  # those in use would keep all others
                _made.clear()
            found = _made[values] = Pitches(*values)
        return found

    def in_key(self, key: str) -> Pitches:
        """The state after a field with another key."""
        return self.of(parse_key(key).signature)

    def add(self, symbol: str) -> Pitches:
        """The state after a symbol of the music, of no field and no chord symbol."""
        found = self._after.get(symbol)
        if found is None:
            found = self._after[symbol] = self._add(symbol)
        return found

    def _add(self, symbol: str) -> Pitches:
        signature, alterations = self.signature, self.alterations
        if symbol in _STEPS:
            step = _STEPS[symbol]
            if self.sign:
                place, alteration = step % 7, _SIGNS[self.sign]
                alterations = (*alterations[:place], alteration or 0, *alterations[place + 1 :])
            return self.of(signature, alterations, "", step)
        if symbol in ",'" and self.step is not None:
            return self.of(signature, alterations, self.sign, self.step + (7 if symbol == "'" else -7))
        if symbol in "^_=":
            return self.of(signature, alterations, self.sign + symbol)
        if symbol in "|:":
            return self.of(signature)
        return self.of(signature, alterations, self.sign)

    def outside(self, compass: Compass) -> frozenset[str]:
        """The symbols that would lead out of a compass."""
        found = self._outside.get(compass)
        if found is None:
            letters = [(letter, step, _SIGNS[self.sign]) for letter, step in _STEPS.items()]
            marks = [] if self.step is None else [(",", self.step - 7, None), ("'", self.step + 7, None)]
            symbols = [each[0] for each in (*letters, *marks) if self._is_outside(*each[1:], compass)]
            found = self._outside[compass] = frozenset(symbols)
        return found

    def _is_outside(self, step: int, alteration: int | None, compass: Compass) -> bool:
        place = step % 7
        pitch = _PITCHES[place] + 12 * (step // 7)
        pitch += self.alterations[place] if alteration is None else alteration
        return not compass.lowest <= pitch <= compass.highest


_made: dict[tuple[Alterations, Alterations, str, int | None], Pitches] = {}
