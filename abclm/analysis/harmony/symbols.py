"""Turn a tune into the same tune with chord symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from abclm.analysis.harmony.beats import Beat, beats_of
from abclm.analysis.harmony.model import find_chords
from abclm.notation.tune import Tune

AnyTune = TypeVar("AnyTune", bound=Tune)


def add_chords(tune: AnyTune) -> AnyTune:
    r"""Write chord symbols above a tune's notes, by the model of `abclm.analysis.harmony.model`.

    Chord symbols that are there stay as they are. Only sections that have none get some: at the first beat of a section,
    and where the chord changes. A pick-up gets none. Of several voices the first gets them. Nothing else changes.

    Args:
        tune: any tune.

    Returns:
        A tune of the same class. One without notes is returned as it is.

    Example:
        >>> tune = Tune.parse("X:1\nM:6/8\nL:1/8\nK:D\nA|d2f fdA|e2A cAG|FAd dAF|D3 D2|]\n")
        >>> add_chords(tune).body
        'A|"D"d2f fdA|"A7"e2A cAG|"D"FAd dAF|D3 D2|]\n'
    """
    beats = beats_of(tune)
    has_own = {beat.section for beat in beats if beat.is_written}
    chords = find_chords(beats, [beat.chord if beat.section in has_own else None for beat in beats])
    places = _places(beats, chords, has_own)
    if not places:
        return tune
    parts, end = [], 0
    for at, chord in sorted(places):
        parts += [tune.text[end:at], f'"{chord}"']
        end = at
    return type(tune).parse("".join(parts) + tune.text[end:])


def _places(beats: Sequence[Beat], chords: Sequence[str | None], has_own: set[int]) -> list[tuple[int, str]]:
    """Where symbols go into the text, and which."""
    found: list[tuple[int, str]] = []
    section, last = -1, None
    for beat, chord in zip(beats, chords, strict=True):
        if beat.section != section:
            section, last = beat.section, None
        if section not in has_own and chord is not None and chord != last and beat.at >= 0:
            found.append((beat.at, chord))
            last = chord
    return found
