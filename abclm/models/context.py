"""Turn a tune into what a model with `structure` reads beside each symbol: its place, what it is told, and copies.

The copies are the symbols that would come next if the tune repeated an earlier passage or bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from abclm.errors import NotationError
from abclm.models.recall import SHORTEST, WEIGHTS, Cache
from abclm.notation.fields import RHYTHMS
from abclm.notation.keys import LETTERS, MODES, parse_key
from abclm.notation.place import NO_BARS, Place, form_of_text
from abclm.notation.tune import Tune

if TYPE_CHECKING:
    from abclm.tokenizers.characters import CharacterTokenizer

Rows = npt.NDArray[np.uint8]

RHYTHM_IDS = {rhythm: 1 + place for place, rhythm in enumerate(("", *RHYTHMS))}
TONIC_IDS = {
    letter + sign: 1 + 3 * place + shift
    for place, letter in enumerate(LETTERS)
    for shift, sign in enumerate(("", "#", "b"))
}
MODE_IDS = {mode: 1 + place for place, mode in enumerate(MODES)}
_MOST_BARS, _MOST_PARTS, _MOST_SYMBOLS = 32, 8, 30

TOLD = {"rhythm": 1 + len(RHYTHM_IDS), "tonic": 1 + len(TONIC_IDS), "mode": 1 + len(MODE_IDS)}
FORM = {"left": 3 + _MOST_BARS, "parts_left": 3 + _MOST_PARTS}
PLACE = {"bar": 1 + _MOST_BARS, "part": 1 + _MOST_PARTS, "position": 2 + _MOST_SYMBOLS, "degree": 8}
INPUTS = {**TOLD, **FORM, **PLACE}
"""The columns that are embedded, each with its number of values: first what is told, then what follows from the text.

0 is "unknown" of what is told, and "in the header" of the place.

- `rhythm`, `tonic`, `mode`: as told, from the first symbol of the tune to its last.
- `left`: bars that the part still has after the current one, by the told form, plus 2; 1 after its last bar.
- `parts_left`: the same of parts.
- `bar`, `part`: see `abclm.notation.place.Place`.
- `position`: symbols of the bar so far, plus 1.
- `degree`: of the last note, 1 to 7.
"""

COPIES = {"recall": 1 + len(WEIGHTS), "bar_4": 17, "bar_8": 17, "bar_2": 17, "part": 17}
"""The sources of copies, each with the number of values of how far it has matched: what followed the longest passage
that comes again, the bars 4, 8 and 2 before in the part, and the bar with the same number in the part before."""

MATCHED = {f"matched/{name}": size for name, size in COPIES.items()}
AGREE = {f"agree/{name}": len(COPIES) for name in COPIES}
GATE = {"left": INPUTS["left"], "bar": INPUTS["bar"], **MATCHED, **AGREE}
"""The columns that the gate reads, each with its number of values."""

COLUMNS = (*INPUTS, *(f"copy/{name}" for name in COPIES), *MATCHED, *AGREE)
"""All columns in their order; the last three groups are 0 for a source that there is not at this place.

- `copy/...`: the id of the symbol that comes next in the source, plus 1.
- `matched/...`: how many symbols of the bar (of the passage, beyond the shortest) it has matched, plus 1.
- `agree/...`: how many other sources have the same next symbol.
"""

INPUT_COLUMNS = [COLUMNS.index(name) for name in INPUTS]
COPY_COLUMNS = [COLUMNS.index(f"copy/{name}") for name in COPIES]
COPY_SLICE = slice(COPY_COLUMNS[0], COPY_COLUMNS[-1] + 1)  # the same: they stand side by side
GATE_COLUMNS = np.array([COLUMNS.index(name) for name in GATE])
INPUT_OFFSETS, GATE_OFFSETS = (
    np.cumsum([0, *sizes.values()], dtype=np.int32)[:-1] for sizes in (INPUTS, GATE)
)
"""Where the rows of each column begin in the table of `context/embeddings` and of `gate/embeddings`."""


class Told(NamedTuple):
    """What a model is told of a tune before its first symbol.

    Attributes:
        rhythm: canonical rhythm; `""` for a tune without one; None if it is unknown.
        key: such as `Ador`; None if it is unknown.
        form: the number of bars of each part; () if it is unknown.
    """

    rhythm: str | None = None
    key: str | None = None
    form: tuple[int, ...] = ()

    def values(self) -> tuple[int, int, int]:
        """The columns `rhythm`, `tonic` and `mode`; a value that has none is 0, like an unknown value."""
        key = None if self.key is None else parse_key(self.key)
        rhythm = 0 if self.rhythm is None else RHYTHM_IDS.get(self.rhythm, 0)
        return rhythm, TONIC_IDS[key.tonic] if key else 0, MODE_IDS[key.mode] if key else 0


def told_of(text: str) -> Told:
    r"""What can be told of a finished canonical tune.

    Example:
        >>> told_of("X:1\nR:reel\nM:C|\nL:1/8\nK:Ador\neAAB cdef|gfed A4:|\n")
        Told(rhythm='reel', key='Ador', form=(2,))
    """
    tune = Tune.parse(text)
    try:
        key = parse_key(tune.key).text
    except NotationError:  # the tune is not canonical
        key = None
    return Told(tune.rhythm or "", key, form_of_text(text))


class Context:
    """Follows a tune that is written symbol by symbol. It begins after the newline before the tune.

    Args:
        tokenizer: of the model.
        told: what the model is told; by default nothing.

    Attributes:
        told: as given.
        row: the values of `COLUMNS` at this place, a byte each, which the model reads together with the last symbol.
        place: in the form; to be left as it is.

    Example:
        >>> from abclm.tokenizers.characters import CharacterTokenizer
        >>> tokenizer = CharacterTokenizer.default()
        >>> context = Context(tokenizer, Told(form=(4,)))
        >>> for token_id in tokenizer.encode("X:1\\nM:2/4\\nL:1/8\\nK:D\\nd2 f2|"):
        ...     context.add(int(token_id))
        >>> dict(zip(COLUMNS, context.row))["left"]  # two bars after this one
        4
    """

    def __init__(self, tokenizer: CharacterTokenizer, told: Told | None = None) -> None:
        self.row: bytes
        self._symbols, self._ids = tokenizer.symbols, tokenizer.char_to_id
        self.told = told = told or Told()
        self._told, self._form = bytes(told.values()), told.form
        self.place = Place()
        self._bars, self._part, self._bar = (
            self.place.bars,
            0,
            b"",
        )  # columns that change with a bar, and for which
        self._cache = Cache(WEIGHTS)
        self._cache.add(tokenizer.start)
        self._look()

    def copy(self) -> Self:
        """Return one that goes on from here by itself."""
        other = self.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.place, other._cache = self.place.copy(), self._cache.copy()
        return other

    def add(self, token_id: int) -> None:
        """Take note of the next id of the tune."""
        self._cache.add(token_id)
        self.place.add(self._symbols[token_id])
        self._look()

    def _look(self) -> None:
        place, cache = self.place, self._cache
        recalled = matched = 0
        if (last := cache.recalled) is not None:
            recalled, matched = 1 + last, 1 + cache.length - SHORTEST
        if not place.in_body:
            self.row = self._told + _HEADER + _alone(recalled, matched)
            return
        if place.bars is not self._bars or place.part != self._part:
            self._begin_bar()
        at = len(place.text)
        position = 1 + at if at < _MOST_SYMBOLS else 1 + _MOST_SYMBOLS
        here = self._bar + _PAIRS[position][place.degree]
        aligned = place.aligned
        if aligned is NO_BARS:
            self.row = here + _alone(recalled, matched)
            return
        find = self._ids.get
        copies = (recalled, *[1 + find(bar[at], -1) if bar else 0 for bar in aligned])
        self.row = here + _together(copies, matched, at if at < 15 else 15)

    def _begin_bar(self) -> None:
        """Work out the columns that change with a bar: those of `TOLD` and `FORM`, `bar` and `part`."""
        place, form = self.place, self._form
        self._bars, self._part, bar = place.bars, place.part, place.bar
        left = parts_left = 0
        if form:
            parts_left = 2 + max(min(len(form) - place.part, _MOST_PARTS), -1)
            left = 2 + max(min(form[place.part - 1] - bar, _MOST_BARS), -1) if parts_left > 1 else 1
        counts = bytes((left, parts_left, min(bar, _MOST_BARS), min(place.part, _MOST_PARTS)))
        self._bar = self._told + counts


_HEADER = bytes(len(FORM) + len(PLACE))
_PAIRS = [
    [bytes((position, degree)) for degree in range(PLACE["degree"])] for position in range(PLACE["position"])
]


@lru_cache(maxsize=4096)
def _alone(recalled: int, matched: int) -> bytes:
    """The columns of the copies where no bar may be repeated."""
    return bytes((recalled, *bytes(len(COPIES) - 1), matched, *bytes(2 * len(COPIES) - 1)))


@lru_cache(maxsize=65536)
def _together(copies: tuple[int, ...], matched: int, at: int) -> bytes:
    """The columns of the copies, of which `matched` is that of the first, behind so many symbols of the bar."""
    matches = [matched, *[1 + at if each else 0 for each in copies[1:]]]
    return bytes((*copies, *matches, *[copies.count(each) - 1 if each else 0 for each in copies]))


def context_rows(tokenizer: CharacterTokenizer, ids: npt.NDArray[Any], told: Told) -> Rows:
    """What the model reads beside each id of a piece.

    Args:
        tokenizer: of the model.
        ids: of a whole piece, as `encode_piece` gives them: the newline before the tune first.
        told: what the model is told.

    Returns:
        uint8 `(len(ids), len(COLUMNS))`; the first row is that of the newline before the tune.
    """
    context = Context(tokenizer, told)
    rows = [context.row]
    for token_id in ids[1:].tolist():
        context.add(token_id)
        rows.append(context.row)
    return rows_of(rows).copy()


def rows_of(rows: Sequence[bytes]) -> Rows:
    """The array of the rows of some contexts: uint8 `(len(rows), len(COLUMNS))`, which can't be written to."""
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), len(COLUMNS))


def with_context(tokenizer: CharacterTokenizer, ids: npt.NDArray[Any], told: Told | None = None) -> Rows:
    """The ids of a piece and beside each what the model reads with it.

    Args:
        tokenizer: of the model.
        ids: as for `context_rows`.
        told: what the model is told; by default all that can be.

    Returns:
        uint8 `(len(ids), 1 + len(COLUMNS))`.
    """
    told = told_of(tokenizer.decode(ids)) if told is None else told
    return np.column_stack([ids, context_rows(tokenizer, ids, told)])
