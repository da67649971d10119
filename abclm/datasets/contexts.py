"""Turn an epoch's tunes into tunes with their context beside each id, some of them told less."""

from collections.abc import Sequence

import numpy as np

from abclm.datasets.texts import Ids
from abclm.models.context import FORM, INPUTS, TOLD, with_context
from abclm.tokenizers.characters import as_characters
from abclm.tokenizers.tokenizer import Tokenizer

UNTOLD = 0.1
"""Share of the tunes that are not told their rhythm, and as many each that are not told their key or their form."""

_GROUPS = (("rhythm",), tuple(TOLD)[1:], tuple(FORM))
_COLUMNS = [[1 + list(INPUTS).index(name) for name in group] for group in _GROUPS]
_MOST_KEPT = 2**29  # bytes


class Contexts:
    """Gives tunes their context, and remembers it for other epochs.

    Args:
        tokenizer: of the model.
        keep: whether to remember; only as much as is well held in memory.
    """

    def __init__(self, tokenizer: Tokenizer[str], keep: bool) -> None:
        self._tokenizer, self._keep = as_characters(tokenizer), keep
        self._known: dict[tuple[int, int], Ids] = {}
        self._bytes = 0

    def __call__(
        self,
        places: Sequence[int],
        semitones: Sequence[int],
        tunes: Sequence[Ids],
        epoch: int,
        seed: int,
    ) -> list[Ids]:
        """Add the context of some tunes.

        Args:
            places: of the tunes in the corpus.
            semitones: by how many each is moved.
            tunes: ids, each with the id before it and without its last id.
            epoch, seed: with the place of a tune, these decide what it is not told.

        Returns:
            For each uint8 `(ids, 1 + columns)`.
        """
        found = []
        for place, steps, ids in zip(places, semitones, tunes, strict=True):
            rows = self._rows(place, steps, ids)
            untold = np.random.default_rng([seed, epoch, place]).random(len(_GROUPS)) < UNTOLD
            if untold.any():
                rows = rows.copy()
                for group in np.flatnonzero(untold):
                    rows[:, _COLUMNS[group]] = 0
            found.append(rows)
        return found

    def _rows(self, place: int, semitones: int, ids: Ids) -> Ids:
        found = self._known.get((place, semitones))
        if found is None:
            found = with_context(self._tokenizer, ids)
            if self._keep and self._bytes < _MOST_KEPT:
                self._known[place, semitones] = found
                self._bytes += found.nbytes
        return found
