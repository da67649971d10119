"""Turn tunes into their forms (numbers of parts and bars), counts of forms, and the share that ends on the tonic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from abclm.errors import ModelError
from abclm.notation.grammar import Grammar
from abclm.notation.keys import Key, parse_key
from abclm.notation.symbols import Change, Timed, struck
from abclm.notation.timing import Ticks
from abclm.notation.tune import Tune

if TYPE_CHECKING:
    import numpy as np

MOST_PARTS, MOST_BARS = 8, 64
"""That can be asked for."""

_FORM_KEYS = frozenset(("rhythm", "parts", "bars", "tunes"))

_USUAL_BARS = (8, 16, 4)


class TuneForm(NamedTuple):
    """A form that a user can request; see `abclm.notation.grammar.Form`.

    Attributes:
        parts: number of repeated parts; None if a part is not repeated, or if parts have different lengths.
        bars: number of bars of each part, or without parts of the tune; None if it can't be determined.
    """

    parts: int | None = None
    bars: int | None = None


def form_of(tune: Tune) -> TuneForm:
    r"""Find the form of a canonical tune.

    Example:
        >>> from abclm import Tune
        >>> form_of(Tune.parse("X:1\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2|e2c2|d2a2:|\nA2F2|E2F2|E2C2|D4:|\n").normalize())
        TuneForm(parts=2, bars=4)
        >>> form_of(Tune.parse("X:1\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2|e2c2|d2a2|]\n").normalize())
        TuneForm(parts=None, bars=4)
    """
    text = f"{tune.text.rstrip()}\n\n"
    written = len(tune.bars())
    parts = tune.body.count(":|") + tune.body.count("::")
    candidates: list[TuneForm] = []
    if 1 <= parts <= MOST_PARTS:
        longest = min(written // parts + 1, MOST_BARS)
        usual = [bars for bars in _USUAL_BARS if bars <= longest]
        others = (bars for bars in range(longest, 0, -1) if bars not in usual)
        candidates += (TuneForm(parts, bars) for bars in (*usual, *others))
    candidates += (TuneForm(None, bars) for bars in range(min(written + 1, MOST_BARS), 0, -1))
    return next((form for form in candidates if _has(text, form)), TuneForm())


def _has(text: str, form: TuneForm) -> bool:
    try:
        Grammar(parts=form.parts, bars=form.bars).follow(text)
    except ValueError:
        return False
    return True


def ends_on_tonic(tune: Tune) -> bool:
    r"""Whether the last written note is the tonic of the current key; the lowest note of a chord counts.

    Example:
        >>> from abclm.notation.tune import Tune
        >>> [ends_on_tonic(Tune.parse(f"X:1\nM:C\nL:1/8\nK:Em\nefga|{end}|]\n")) for end in ("b2e2", "g4", "g2z2")]
        [True, False, False]
    """
    notes = notes_in_keys(tune)
    if not notes:
        return False
    pitches, _, key = notes[-1]
    return min(pitches) % 12 == key.tonic_pitch_class


def notes_in_keys(tune: Tune) -> list[tuple[list[int], Ticks, Key]]:
    """The pitches and duration of each written note or chord, with the current key."""
    key, found = tune.setting().key, []
    for symbol in tune.music.symbols:
        if isinstance(symbol, Change) and symbol.letter == "K" and symbol.value:
            key = parse_key(symbol.value)  # `measure` has removed what can't be read
        elif isinstance(symbol, Timed) and (notes := struck(symbol)):
            found.append(([note.pitch for note in notes], symbol.duration, key))
    return found


def share_on_tonic(tunes: Sequence[Tune]) -> float | None:
    """The share of the tunes that end on their tonic; None for no tunes."""
    return sum(map(ends_on_tonic, tunes)) / len(tunes) if tunes else None


def count_forms(tunes: Iterable[Tune]) -> list[dict[str, Any]]:
    """Count the forms of canonical tunes by rhythm, if a user can request them.

    Returns:
        Rows for JSON, the most frequent first: `{"rhythm": "jig", "parts": 2, "bars": 8, "tunes": 120}`.
    """
    counts = Counter((tune.rhythm, form_of(tune)) for tune in tunes)
    return [
        {"rhythm": rhythm, "parts": parts, "bars": bars, "tunes": count}
        for (rhythm, (parts, bars)), count in counts.most_common()
        if bars is not None
    ]


def draw_form(counted: Sequence[dict[str, Any]], rhythm: str | None, random: np.random.Generator) -> TuneForm:
    """Draw a form, with a probability proportional to its count.

    Args:
        counted: result of `count_forms`, at least one row.
        rhythm: only forms of this rhythm; all forms if it is None or was not counted.
        random: the random generator.
    """
    fitting = [each for each in counted if each["rhythm"] == rhythm] if rhythm else []
    among = fitting or counted
    shares = [each["tunes"] for each in among]
    drawn = among[int(random.choice(len(among), p=[share / sum(shares) for share in shares]))]
    return TuneForm(drawn["parts"], drawn["bars"])


def forms_in(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The result of `count_forms` in a model's metadata; ModelError if it has another type."""
    forms: list[dict[str, Any]] = metadata.get("training", {}).get("forms", [])
    if not all(isinstance(each, dict) and each.keys() == _FORM_KEYS for each in forms):
        names = ", ".join(sorted(_FORM_KEYS))
        raise ModelError(
            f"the metadata's training.forms is a list of objects of {names}; copy the model again"
        )
    return forms


def tonic_endings_in(metadata: Mapping[str, Any]) -> float | None:
    """The result of `share_on_tonic` in a model's metadata; None if it isn't known."""
    share = metadata.get("training", {}).get("tonic_endings")
    if share is not None and not (isinstance(share, int | float) and 0 <= share <= 1):
        raise ModelError(
            f"the metadata's training.tonic_endings is a number from 0 to 1, received {share!r}; copy the model again"
        )
    return share
