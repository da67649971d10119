"""Turn weights into 8-bit integers with a scale for each column, and back; and multiply in whole numbers.

Sums of products of whole numbers are exact, so they are the same in any order: on one thread and on two, for one text and
for many.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int8]

LARGEST = 127

SCALES = "/scales"
"""What stands behind the name of a weight in 8 bits where its scales are stored."""

_SMALLEST_SCALE = np.float32(2.0**-100)
_EXACT_BITS = 53  # up to 2⁵³, float64 holds whole numbers exactly


def quantise(weight: Floats) -> tuple[Integers, Floats]:
    """Turn `(rows, columns)` into integers from -127 to 127, and the scale of each column.

    A scale has 16 significant bits, so that `dequantise` is exact, and its result is quantised to the same integers and
    scales again.
    """
    scales = np.maximum(np.abs(weight).max(axis=0, initial=0), _SMALLEST_SCALE) / np.float32(LARGEST)
    bits = scales.view(np.uint32)
    scales = ((bits + 0xFF) & ~np.uint32(0xFF)).view(np.float32)  # rounded up
    return np.rint(weight / scales).astype(np.int8), scales


def dequantise(values: Integers, scales: Floats) -> Floats:
    """Turn what `quantise` gives back into weights."""
    return values * scales


def pack(weights: Mapping[str, Floats]) -> dict[str, npt.NDArray[Any]]:
    """Turn a model's weights into what is stored: kernels in 8 bits, and what is small or looked up in 16."""
    stored: dict[str, npt.NDArray[Any]] = {}
    for name, weight in weights.items():
        if name.endswith("kernel") and weight.ndim == 2:
            stored[name], stored[name + SCALES] = quantise(weight)
        else:
            with np.errstate(over="ignore"):  # what becomes infinite is found when it is written
                stored[name] = weight.astype(np.float16)
    return stored


def exact_product(left: Floats, right: Floats) -> Floats:
    """Multiply two matrices in fixed point: the same bits in any order.

    Args:
        left: `(rows, inputs)`.
        right: `(inputs, columns)`.

    Returns:
        float32 `(rows, columns)`.
    """
    inputs = len(right)
    (one, first), (other, second) = fixed_point(left, inputs), fixed_point(right, inputs)
    product: Floats = (one @ other * (first * second)).astype(np.float32)
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
