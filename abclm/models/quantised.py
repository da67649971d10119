"""Turn weights into 8-bit integers with a scale for each column, hold them so, and turn them back; and multiply in whole
numbers.

Sums of products of whole numbers are exact, so they are the same in any order: on one thread and on two, for one text and
for many.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int8]

LARGEST = 127

SCALES = "/scales"
"""What stands behind the name of a weight in 8 bits where its scales are stored."""

_SMALLEST_SCALE = np.float32(2.0**-100)
_TOGETHER = 64  # rows that are quantised at a time, so that little memory is taken
_EXACT_BITS = 53  # up to 2⁵³, float64 holds whole numbers exactly


@dataclass(frozen=True, eq=False)
class Packed:
    """A weight in 8 bits: what `quantise` gives of it. NumPy takes it for the weight in float32.

    Attributes:
        values: `(rows, columns)`.
        scales: `(columns,)`.
    """

    values: Integers
    scales: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the weight."""
        return self.values.shape

    def __getitem__(self, place: tuple[slice, slice]) -> "Packed":
        """Some of its rows and columns."""
        return Packed(self.values[place], self.scales[place[1]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return dequantise(self.values, self.scales).astype(dtype or np.float32, copy=False)


def quantise(weight: Packed | Floats | npt.NDArray[np.float16]) -> tuple[Integers, Floats]:
    """Turn `(rows, columns)` into integers from -127 to 127, and the scale of each column.

    A scale has 16 significant bits, so that `dequantise` is exact, and its result is quantised to the same integers and
    scales again.
    """
    if isinstance(weight, Packed):
        return weight.values, weight.scales
    largest = np.maximum(weight.max(axis=0, initial=0), -weight.min(axis=0, initial=0))
    scales = np.maximum(largest.astype(np.float32), _SMALLEST_SCALE) / np.float32(LARGEST)
    bits = scales.view(np.uint32)
    scales = ((bits + 0xFF) & ~np.uint32(0xFF)).view(np.float32)  # rounded up
    values = np.empty(weight.shape, np.int8)
    for first in range(0, len(weight), _TOGETHER):
        part = slice(first, first + _TOGETHER)
        values[part] = np.rint(weight[part] / scales)
    return values, scales


def dequantise(values: Integers, scales: Floats) -> Floats:
    """Turn what `quantise` gives back into weights."""
    return values * scales


Stored = Packed | Floats | npt.NDArray[np.float16]
"""A weight as it is stored."""


def pack(
    weights: Mapping[str, Floats], is_integer: Callable[[str, tuple[int, ...]], bool]
) -> dict[str, npt.NDArray[Any]]:
    """Turn a model's weights into what is stored: some in 8 bits, the others in 16.

    Args:
        weights: by name.
        is_integer: says of a name and shape whether the weight is stored in 8 bits.
    """
    stored: dict[str, npt.NDArray[Any]] = {}
    for name, weight in weights.items():
        if is_integer(name, weight.shape):
            stored[name], stored[name + SCALES] = quantise(weight)
        else:
            with np.errstate(over="ignore"):  # what becomes infinite is found when it is written
                stored[name] = weight.astype(np.float16)
    return stored


class Weights(MutableMapping[str, Floats]):
    """A model's weights by name, float32, which are held as they are stored until they are asked for.

    An array that this gives may be changed in place, so it is kept instead of what was stored. `once` gives arrays
    that are not kept.

    Args:
        stored: the weights; those in float32 are not copied.
    """

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self._stored = dict(stored)

    @classmethod
    def of(cls, weights: Mapping[str, Any]) -> "Weights":
        """Take weights from a mapping, `Weights` as they are held, others as float32; float32 is not copied."""
        if isinstance(weights, Weights):
            return cls(weights._stored)
        return cls({name: np.asarray(weight, np.float32) for name, weight in weights.items()})

    def __getitem__(self, name: str) -> Floats:
        weight = self._stored[name] = _unpacked(self._stored[name])
        return weight

    def __setitem__(self, name: str, weight: Floats) -> None:
        self._stored[name] = np.asarray(weight, np.float32)

    def __delitem__(self, name: str) -> None:
        del self._stored[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def __or__(self, others: Mapping[str, Any]) -> "Weights":
        return Weights.of(self).__ior__(others)

    def __ior__(self, others: Mapping[str, Any]) -> "Weights":
        self.update(others)
        return self

    def copy(self) -> "Weights":
        """Return weights of their own: changing one of them leaves the others as they were."""
        return Weights(
            {
                name: stored.copy()
                if isinstance(stored, np.ndarray) and stored.dtype == np.float32
                else stored
                for name, stored in self._stored.items()
            }
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each."""
        return {name: stored.shape for name, stored in self._stored.items()}

    def once(self) -> Mapping[str, Floats]:
        """Return the weights for someone who reads them once: what is looked up is not kept in float32."""
        return Once(self._stored)

    def checksum(self) -> int:
        """A number that is another one after a weight was changed."""
        checksum = 0
        for stored in self._stored.values():
            for array in _arrays(stored):
                checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
        return checksum


class Once(Mapping[str, Floats]):
    """Weights in float32, each made as it is looked up.

    Args:
        stored: the weights.
    """

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self._stored = stored

    def __getitem__(self, name: str) -> Floats:
        return _unpacked(self._stored[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def packed(self, is_integer: Callable[[str, tuple[int, ...]], bool]) -> dict[str, Any]:
        """The same, but some as `Packed`, for whoever would only turn them into 8 bits.

        Args:
            is_integer: says of a name and shape whether it is one of those.
        """
        return {
            name: Packed(*quantise(stored)) if is_integer(name, stored.shape) else _unpacked(stored)
            for name, stored in self._stored.items()
        }


def _arrays(stored: Stored) -> tuple[npt.NDArray[Any], ...]:
    return (stored.values, stored.scales) if isinstance(stored, Packed) else (stored,)


def _unpacked(stored: Stored) -> Floats:
    return np.asarray(stored, np.float32)


def exact_product(left: Floats, right: Floats) -> Floats:
    """Multiply two matrices in fixed point: the same bits in any order.

    Args:
        left: `(rows, inputs)`.
        right: `(inputs, columns)`.

    Returns:
        float32 `(rows, columns)`.
    """
    inputs, columns = right.shape
    largest = float(np.maximum(right.max(initial=0), -right.min(initial=0)))
    whole, first = fixed_point(left, inputs)
    product = np.empty((len(left), columns), np.float32)
    for begin in range(0, columns, 4 * _TOGETHER):
        part = slice(begin, begin + 4 * _TOGETHER)
        other, second = fixed_point(right[:, part], inputs, largest)
        product[:, part] = whole @ other * (first * second)
    return product


def fixed_point(
    values: Floats, inputs: int, largest: float | None = None
) -> tuple[npt.NDArray[np.float64], float]:
    """Turn values into whole numbers, so large that sums of so many products of two are exact in float64.

    Args:
        values: of any shape.
        inputs: how many products are added up.
        largest: what none of the values exceeds; by default looked for.

    Returns:
        The numbers, and the power of two that they have to be multiplied by.
    """
    bits = (_EXACT_BITS - inputs.bit_length()) // 2
    most = np.abs(values).max(initial=0) if largest is None else largest
    unit = 2.0 ** (int(np.frexp(most)[1]) - bits)
    return np.rint(values.astype(np.float64) / unit), unit
