"""Turn the slurs of a voice into pairs with numbers, as MusicXML has them; a slur without an end is left out."""

from abclm.notation.symbols import Chord, Note, Symbol
from abclm.score.voices import Voice

_MOST = 6  # numbers that MusicXML has (its `number-level`)


def number_slurs(voice: Voice) -> dict[Symbol, list[tuple[str, int]]]:
    """The slurs of each note and chord: `start` or `stop`, with the number of the slur, 1 to 6."""
    found: dict[Symbol, list[tuple[str, int]]] = {}
    begun: list[tuple[Symbol, int]] = []
    for measure in voice.measures:
        for event in measure.events:
            symbol, marks = event.symbol, voice.marks.get(event.symbol)
            if marks is None or not isinstance(symbol, Note | Chord):
                continue
            ends = marks.ends
            for _ in range(marks.begins):
                free = min(set(range(1, _MOST + 1)) - {number for _, number in begun}, default=None)
                if free is not None:
                    begun.append((symbol, free))
            while ends and begun:
                start, number = begun.pop()
                ends -= 1
                if start is not symbol:
                    found.setdefault(start, []).append(("start", number))
                    found.setdefault(symbol, []).append(("stop", number))
    return found
