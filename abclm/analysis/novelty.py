"""Turn training tunes into a compact index that measures how much of another tune stands in one of them.

For each tune, the index contains the hashes of the different bars (independent of the key), their order as heard, and
the title: about a hundred bytes per tune. The notes can't be recovered from it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Self

import numpy as np
import numpy.typing as npt

from abclm.analysis.similarity import Pattern, heard_patterns
from abclm.errors import ModelError
from abclm.notation.tune import Tune

Integers = npt.NDArray[np.integer]
Codes = npt.NDArray[np.int64]

# Measured by benchmarks/novelty.py on human tunes: of 100 held-out tunes that are not settings of a training tune, 95
# share at most a third of their bars with any training tune, and almost none shares more than four bars in a row.
USUAL_SHARE = 1 / 3
USUAL_RUN = 4

_FORMAT_VERSION = 1  # of the file, and of the comparison of bars
_ARRAYS = ("hashes", "pitch_classes", "sizes", "heard", "lengths")
_HASH_BYTES = (
    4  # each of 100,000 different bars shares its hash with another with a probability of 1 in 40,000
)


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of a tune, as heard, stands in training tunes, in any transposition.

    Attributes:
        share: share of the tune's different bars that stand in the nearest training tune, 0 to 1.
        bars: number of these bars.
        index: position of the nearest tune in the index; None if no tune shares a bar.
        title: title of the nearest tune.
        semitones: transposition of the nearest tune, -6 to 5, as octaves don't matter.
        run: number of different bars in the longest passage that stands without a gap in one training tune.
        run_index: position of the tune with this passage.
        run_title: title of that tune.
    """

    share: float = 0.0
    bars: int = 0
    index: int | None = None
    title: str = ""
    semitones: int = 0
    run: int = 0
    run_index: int | None = None
    run_title: str = ""

    def is_copy(self, share: float = USUAL_SHARE, run: int = USUAL_RUN) -> bool:
        """Whether the tune shares more than different tunes usually share.

        Args:
            share: the largest share that is not a copy, 0 to 1.
            run: the longest run that is not a copy.
        """
        return self.share > share or self.run > run


class NoveltyIndex:
    r"""Hashes of the bars of training tunes, which find out whether a tune is a copy.

    Create it with `create` or `from_bytes`.

    Attributes:
        titles: titles of the tunes.

    Example:
        >>> from abclm.notation.tune import Tune
        >>> known = Tune.parse("X:1\nT:Known\nL:1/8\nK:G\nGABc|dBGB|cAFA|G2Bd:|\n")
        >>> tune = Tune.parse("X:1\nL:1/8\nK:A\nABcd|ecAc|dBGB|a2ga|]\n")
        >>> overlap = NoveltyIndex.create([known]).nearest(tune)
        >>> overlap.share, overlap.run, overlap.title, overlap.semitones
        (0.75, 3, 'Known', 2)
    """

    def __init__(
        self,
        hashes: Integers,
        pitch_classes: Integers,
        sizes: Integers,
        heard: Integers,
        lengths: Integers,
        titles: Sequence[str],
    ) -> None:
        self._hashes = hashes  # uint32 (bars,): the different bars of one tune after another
        self._pitch_classes = pitch_classes  # uint8 (bars,): of their first notes
        self._sizes = sizes  # (tunes,): number of different bars of each tune
        self._heard = heard  # (bars as heard,): index of each among its tune's different bars
        self._lengths = lengths  # (tunes,): number of bars of each tune as heard
        self.titles = tuple(titles)

    @classmethod
    def create(cls, tunes: Iterable[Tune]) -> Self:
        """Index tunes."""
        hashes: list[int] = []
        pitch_classes: list[int] = []
        sizes, heard, lengths, titles = [], [], [], []
        for tune in tunes:
            bars = _hashed_bars(replace(tune))  # a copy, so that the parsed tunes are not kept in memory
            places = {bar: place for place, bar in enumerate(dict.fromkeys(bars))}
            hashes += (each for each, _ in places)
            pitch_classes += (each for _, each in places)
            heard += [places[bar] for bar in bars]
            sizes.append(len(places))
            lengths.append(len(bars))
            titles.append(_one_line(tune.title))
        return cls(
            np.array(hashes, np.uint32), np.array(pitch_classes, np.uint8),
            _smallest(sizes), _smallest(heard), _smallest(lengths), titles,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.titles)

    def __add__(self, other: Self) -> Self:
        """Join two indexes; a tune in both is kept once."""
        known = set(map(self._signature, range(len(self))))
        new = [index for index in range(len(other)) if other._signature(index) not in known]
        if not new:
            return self
        bars = np.concatenate([np.arange(*other._bar_places[index : index + 2]) for index in new])
        heard = np.concatenate([np.arange(*other._heard_places[index : index + 2]) for index in new])
        return type(self)(
            np.concatenate([self._hashes, other._hashes[bars]]),
            np.concatenate([self._pitch_classes, other._pitch_classes[bars]]),
            np.concatenate([self._sizes, other._sizes[new]]),
            np.concatenate([self._heard, other._heard[heard]]),
            np.concatenate([self._lengths, other._lengths[new]]),
            [*self.titles, *(other.titles[index] for index in new)],
        )

    def nearest(self, tune: Tune) -> Overlap:
        """Find the training tune that shares the most bars with a tune, and the longest shared passage.

        Args:
            tune: any tune. Its key, its unit note length and written-out repeats make no difference.
        """
        bars = _hashed_bars(tune)
        found = self._common(list(dict.fromkeys(bars)))
        if not found:
            return Overlap()
        count, index, shift = found[0]
        run, run_index = self._longest_run(bars, found)
        return Overlap(
            share=count / len(set(bars)),
            bars=count,
            index=index,
            title=self.titles[index],
            semitones=shift - 12 if shift > 5 else shift,
            run=run,
            run_index=run_index,
            run_title=self.titles[run_index],
        )

    def to_bytes(self) -> bytes:
        """The index as a safetensors file, which can't contain a program."""
        from safetensors.numpy import save

        arrays = {name: getattr(self, f"_{name}") for name in _ARRAYS}
        titles = np.frombuffer("\n".join(self.titles).encode(errors="replace"), np.uint8)
        return save({"format_version": np.array([_FORMAT_VERSION], np.uint8), **arrays, "titles": titles})

    @classmethod
    def from_bytes(cls, data: bytes, place: str = "the index") -> Self:
        """Read the result of `to_bytes`.

        Args:
            data: content of the file.
            place: source of the data, for error messages.

        Raises:
            ModelError: the data are not an index, are truncated, or have another version.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            arrays = load(data)
            version = arrays.pop("format_version").tolist()
            if version != [_FORMAT_VERSION]:
                raise ValueError(f"its format version is {version}, not {[_FORMAT_VERSION]}")
            titles = bytes(arrays.pop("titles")).decode().split("\n")
            index = cls(titles=titles if len(arrays["sizes"]) else (), **arrays)
            index._check()
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            what = str(error).splitlines()[0] if str(error) else "unreadable"
            raise ModelError(
                f"{place} is no index of tunes ({what}); copy the model again, or delete the file: what is copied is "
                "then not known"
            ) from None
        return index

    def _check(self) -> None:
        """Check that the arrays are consistent before they are used."""
        arrays = [getattr(self, f"_{name}") for name in _ARRAYS]
        if any(array.ndim != 1 or array.dtype.kind != "u" for array in arrays):
            raise ValueError("its arrays are not rows of unsigned integers")
        tunes, bars, heard = len(self.titles), len(self._hashes), len(self._heard)
        fits = (
            len(self._sizes) == len(self._lengths) == tunes
            and len(self._pitch_classes) == bars == sum(self._sizes.tolist())
            and heard == sum(self._lengths.tolist())
            and bool((self._pitch_classes < 12).all())
            and bool((self._heard < np.repeat(self._sizes, self._lengths)).all())
        )
        if not fits:
            raise ValueError("its arrays don't fit together")

    @cached_property
    def _bar_places(self) -> list[int]:
        """The index of each tune's first different bar; (tunes + 1)."""
        return list(accumulate(self._sizes.tolist(), initial=0))

    @cached_property
    def _heard_places(self) -> list[int]:
        return list(accumulate(self._lengths.tolist(), initial=0))

    @cached_property
    def _by_hash(self) -> tuple[npt.NDArray[np.intp], Integers, npt.NDArray[np.intp]]:
        """The bars in the order of their hashes: their positions, hashes and tunes."""
        order = np.argsort(self._hashes, kind="stable")
        owners = np.repeat(np.arange(len(self)), self._sizes)
        return order, self._hashes[order], owners[order]

    def _common(self, bars: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
        """The number of common bars with each tune in each transposition: `(count, tune, shift)`, largest first."""
        if not bars or not len(self._hashes):
            return []
        order, hashes, owners = self._by_hash
        wanted = np.array([each for each, _ in bars], np.uint32)
        starts, ends = np.searchsorted(hashes, wanted, "left"), np.searchsorted(hashes, wanted, "right")
        keys = [
            owners[start:end] * 12 + (pitch_class - self._pitch_classes[order[start:end]].astype(int)) % 12
            for (_, pitch_class), start, end in zip(bars, starts, ends, strict=True)
        ]
        found, counts = np.unique(np.concatenate(keys), return_counts=True)
        first = np.argsort(-counts, kind="stable")
        return [
            (int(count), int(key) // 12, int(key) % 12)
            for count, key in zip(counts[first], found[first], strict=True)
        ]

    def _longest_run(self, bars: list[tuple[int, int]], found: list[tuple[int, int, int]]) -> tuple[int, int]:
        best, best_index = 0, found[0][1]
        codes = np.array([each * 12 + pitch_class for each, pitch_class in bars], np.int64)
        for count, index, shift in found:
            if count <= best:  # a run has at most as many different bars as are in common
                break
            run = longest_run(codes, self._codes(index, shift))
            if run > best:
                best, best_index = run, index
        return best, best_index

    def _codes(self, index: int, shift: int) -> Codes:
        """A tune's transposed bars as heard, as numbers."""
        bars = slice(*self._bar_places[index : index + 2])
        pitch_classes = (self._pitch_classes[bars].astype(np.int64) + shift) % 12
        codes = self._hashes[bars].astype(np.int64) * 12 + pitch_classes
        heard: Codes = codes[self._heard[slice(*self._heard_places[index : index + 2])]]
        return heard

    def _signature(self, index: int) -> bytes:
        return self._codes(index, 0).tobytes()


def longest_run(one: Codes, other: Codes) -> int:
    """The number of different bars in the longest passage that two tunes share.

    A passage that is heard twice counts once, so it makes no difference whether a repeat is written out.

    Args:
        one: a number for each bar as heard; equal bars have equal numbers.
        other: the same for the other tune.

    Example:
        >>> longest_run(np.array([1, 2, 3, 1, 2, 3, 9]), np.array([8, 1, 2, 3, 1, 2, 3]))
        3
    """
    common = len(np.intersect1d(one, other))
    ends: list[tuple[int, int]] = []  # (length, end) of the passages in `one`
    lengths = np.zeros(len(other) + 1, np.int64)  # lengths of the passages that end here, in `other`
    for place, code in enumerate(one):
        grown = np.zeros_like(lengths)
        grown[1:] = np.where(other == code, lengths[:-1] + 1, 0)
        over = lengths[:-1][grown[1:] == 0]
        ends += ((int(length), place) for length in (over.max(initial=0), lengths[-1]) if length)
        lengths = grown
    if longest := int(lengths.max(initial=0)):
        ends.append((longest, len(one)))
    best = 0
    for length, end in sorted(ends, reverse=True):
        if length <= best or best == common:
            break
        best = max(best, len(np.unique(one[end - length : end])))
    return best


def _hashed_bars(tune: Tune) -> list[tuple[int, int]]:
    """The bars of a tune as heard: hash and pitch class."""
    known: dict[Pattern, int] = {}
    bars = []
    for pattern, pitch_class in heard_patterns(tune):
        if pattern not in known:
            known[pattern] = _hash(pattern)
        bars.append((known[pattern], pitch_class))
    return bars


def _hash(pattern: Pattern) -> int:
    """A hash that is equal on every machine and in every run."""
    text = ",".join(map(str, pattern)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=_HASH_BYTES).digest(), "little")


def _smallest(numbers: list[int]) -> Integers:
    """Convert the numbers to the smallest unsigned type that can hold them."""
    return np.array(numbers, np.min_scalar_type(max(numbers, default=0)))


def _one_line(title: str) -> str:
    return " ".join(title.split())
