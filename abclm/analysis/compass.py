"""Turn names of instruments, ranges such as `D4-B5`, or tunes into a compass: the lowest and the highest pitch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from abclm.errors import ModelError, NotationError
from abclm.notation.keys import SEMITONES, SHARP_NAMES
from abclm.notation.tune import Tune

ANY = "any"

INSTRUMENTS = {
    "whistle": "D4-B5",
    "fiddle": "G3-E6",
    "flute": "D4-D6",
    "pipes": "D4-D6",
    "accordion": "G3-D6",
    "voice": "A3-E5",
}
"""As tunes are written for them: a whistle in D sounds an octave above; the pipes are uilleann pipes."""

_PITCH = "([A-G])([#b]?)([0-9])"
_RANGE = re.compile(f"{_PITCH} ?- ?{_PITCH}", re.IGNORECASE)
_WITHIN = (67, 73)  # G4, C#5
_FEWEST_TUNES = 30
_OUTSIDE = 1.0  # per cent of the tunes


class Compass(NamedTuple):
    """The lowest and the highest pitch, MIDI numbers."""

    lowest: int
    highest: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read an instrument of `INSTRUMENTS`, or two pitches such as `D4-B5`; C4 is middle C.

        Raises:
            NotationError: it is something else, or too narrow for tunes in all keys.

        Example:
            >>> Compass.of("D4-B5"), Compass.of("fiddle")
            (Compass(lowest=62, highest=83), Compass(lowest=55, highest=88))
        """
        found = _RANGE.fullmatch(INSTRUMENTS.get(text.strip().lower(), text.strip()))
        if not found:
            names = ", ".join([*INSTRUMENTS, ANY])
            raise NotationError(f"a compass is {names}, or two pitches such as D4-B5, received {text[:40]!r}")
        one, other = _midi(*found.groups()[:3]), _midi(*found.groups()[3:])
        if one > _WITHIN[0] or other < _WITHIN[1] or other - one < 12:
            raise NotationError(
                f"a compass has an octave or more, with G4 to C#5 in it, so that it holds tunes in every key; "
                f"received {text.strip()!r}"
            )
        return cls(one, other)


def compass_text(text: str) -> str:
    """Check a compass, which may be `any`; NotationError as for `Compass.of`."""
    if text.strip().lower() != ANY:
        Compass.of(text)
    return text


def pitch_name(pitch: int) -> str:
    """Name a MIDI number, such as `F#4`."""
    return f"{SHARP_NAMES[pitch % 12]}{pitch // 12 - 1}"


def _midi(letter: str, sign: str, octave: str) -> int:
    return 12 + 12 * int(octave) + SEMITONES[letter.upper()] + {"#": 1, "b": -1, "": 0}[sign]


def compasses_of(tunes: Iterable[Tune]) -> dict[str, list[int]]:
    """The compass that 99 % of the tunes of each rhythm keep; `""` is for all tunes, and rhythms with few.

    Returns:
        For JSON: the lowest and the highest pitch by rhythm, of those with 30 tunes or more.
    """
    ranges: dict[str, list[tuple[int, int]]] = {"": []}
    for tune in tunes:
        pitches = [note.pitch for note in tune.notes()]
        if pitches:
            ranges[""].append((min(pitches), max(pitches)))
            if tune.rhythm:
                ranges.setdefault(tune.rhythm, []).append(ranges[""][-1])
    found = {}
    for rhythm, each in ranges.items():
        if len(each) >= _FEWEST_TUNES:
            lowest, highest = zip(*each, strict=True)
            found[rhythm] = [
                int(np.percentile(lowest, _OUTSIDE / 2, method="lower")),
                int(np.percentile(highest, 100 - _OUTSIDE / 2, method="higher")),
            ]
    return found


def compass_in(metadata: Mapping[str, Any], rhythm: str | None) -> Compass | None:
    """The compass of a rhythm in a model's metadata; None if it isn't known.

    Raises:
        ModelError: the metadata have something else there.
    """
    try:
        known = {
            name: Compass(int(low), int(high))
            for name, (low, high) in metadata.get("training", {}).get("compass", {}).items()
        }
    except (AttributeError, TypeError, ValueError):
        raise ModelError(
            "the metadata's training.compass has two pitches for each rhythm; copy the model again"
        ) from None
    found = known.get(rhythm or "") or known.get("")
    return found if found and found.lowest <= _WITHIN[0] and found.highest >= _WITHIN[1] else None
