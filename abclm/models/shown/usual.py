"""Turn the counts of a model's training tunes into what the page offers first and says: keys, forms, rhythms."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from abclm.models.told import ToldCounts
from abclm.notation.fields import RHYTHMS

_MOST_KEYS = 8
_FEWEST = 20  # tunes of a rhythm, so that its forms say something
_SMALLEST_SHARE = 0.02  # of a rhythm's tunes that have a form


def usual_keys(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of most training tunes, the most frequent first; none if they were not counted."""
    counts: Counter[str] = Counter()
    for keys in ToldCounts.in_metadata(metadata).keys.values():
        counts.update(keys)
    return tuple(key for key, _ in counts.most_common(_MOST_KEYS) if key)


def usual_forms(metadata: Mapping[str, Any]) -> dict[str, list[tuple[int, int, float]]]:
    """The forms of the training tunes by rhythm, the most frequent first, if all parts are equally long.

    Returns:
        Of each rhythm with 20 tunes or more, and of `""` for all: the number of parts, the bars of each, and the share
        of the tunes.
    """
    forms = ToldCounts.in_metadata(metadata).forms
    together: Counter[str] = Counter()
    for counts in forms.values():
        together.update(counts)
    found = {}
    for rhythm, counts in {**forms, "": together}.items():
        total = sum(counts.values())
        rows = [
            (len(bars), bars[0], round(many / total, 2))
            for form, many in sorted(counts.items(), key=lambda each: -each[1])
            if (bars := _bars(form)) and len(set(bars)) == 1 and many >= _SMALLEST_SHARE * total
        ]
        if total >= _FEWEST and rows:
            found[rhythm] = rows
    return found


def _bars(form: str) -> Sequence[int]:
    return [int(each) for each in form.split()]


def rare_rhythms(metadata: Mapping[str, Any]) -> list[str]:
    """The rhythms that the model hardly knows, so that it writes their tunes as others in their meter."""
    counts = ToldCounts.in_metadata(metadata)
    return [rhythm for rhythm in RHYTHMS if not counts.knows(rhythm)]


def known_json(metadata: Mapping[str, Any]) -> str:
    """`usual_forms` and `rare_rhythms` for the page's script."""
    return json.dumps({"forms": usual_forms(metadata), "rare": rare_rhythms(metadata)}, separators=(",", ":"))
