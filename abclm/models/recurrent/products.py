"""Turn hidden values into what the weights make of them: in 8-bit integers to write with, or in float32.

In integers, hidden values are rounded to 1/127, as they lie between -1 and 1, and weights to a scale for each column.
The sums are exact, whoever works them out: ONNX Runtime, which is several times as fast, or NumPy.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from abclm.models.quantised import LARGEST, quantise
from abclm.models.recurrent.onnx_format import CONTRIBUTED, Graph

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int8]

ZERO = 128
"""What stands for 0 among 8-bit integers without a sign."""

_EXACT = 2**24 // LARGEST**2  # products of two integers whose sum float32 holds exactly

_threads = ContextVar("threads", default=0)  # 0 for as many as there are cores

_logger = logging.getLogger(__name__)


class Product(Protocol):
    """A matrix that hidden values are multiplied by, `(units, columns)`.

    Args:
        matrices: the weights, side by side.
        factors: what each column of the product is multiplied by.
        share: what hidden values are multiplied by before.
    """

    def __init__(self, matrices: Sequence[Floats], factors: Floats, share: float) -> None: ...

    def bound(self, hidden: Floats, sums: Floats) -> Callable[[], object]:
        """Return what multiplies that which then stands in `hidden`, `(batch, units)`, which is written over.

        Args:
            hidden: to be multiplied.
            sums: where the product goes, `(batch, columns)`.
        """


class FloatProduct(Product):
    """A product in float32."""

    def __init__(self, matrices: Sequence[Floats], factors: Floats, share: float) -> None:
        self._matrix = np.concatenate(matrices, axis=1)
        self._matrix *= factors * np.float32(share)

    def bound(self, hidden: Floats, sums: Floats) -> Callable[[], object]:
        """See `Product.bound`."""
        return lambda: np.matmul(hidden, self._matrix, out=sums)


class IntegerProduct(Product):
    """A product in integers by NumPy: in float32, which holds them exactly."""

    def __init__(self, matrices: Sequence[Floats], factors: Floats, share: float) -> None:
        values, scales = zip(*map(quantise, matrices), strict=True)
        self.scales = np.concatenate(scales) * factors / np.float32(LARGEST)
        self.share = np.float32(LARGEST * share)
        joined = np.concatenate(values, axis=1)
        del values  # twice the memory
        self._multiply_by(joined)

    def _multiply_by(self, values: Integers) -> None:
        self._parts = [
            (slice(first, first + _EXACT), values[first : first + _EXACT].astype(np.float32))
            for first in range(0, len(values), _EXACT)
        ]

    def bound(self, hidden: Floats, sums: Floats) -> Callable[[], object]:
        """See `Product.bound`."""

        def multiply() -> None:
            np.subtract(np.floor(self._rounded(hidden)), ZERO, out=hidden)
            if len(self._parts) == 1:
                np.matmul(hidden, self._parts[0][1], out=sums)
            else:
                sums[:] = sum(np.float64(hidden[:, part] @ matrix) for part, matrix in self._parts)
            np.multiply(sums, self.scales, out=sums)

        return multiply

    def _rounded(self, hidden: Floats) -> Floats:
        """What is an integer from 1 to 255 when its fraction is cut off, in place."""
        hidden *= self.share
        hidden += ZERO + 0.5
        return hidden


class OnnxProduct(IntegerProduct):
    """A product in integers by ONNX Runtime."""

    def _multiply_by(self, values: Integers) -> None:
        self._session = _session(values, self.scales)

    def bound(self, hidden: Floats, sums: Floats) -> Callable[[], object]:
        """See `Product.bound`."""
        integers = np.empty(hidden.shape, np.uint8)
        run = _binding(self._session, integers, sums)

        def multiply() -> None:
            np.copyto(integers, self._rounded(hidden), casting="unsafe")
            run()

        return multiply


@contextmanager
def one_thread() -> Iterator[None]:
    """Products that are made here are worked out by one thread each: for processes that write side by side."""
    before = _threads.set(1)
    try:
        yield
    finally:
        _threads.reset(before)


def arithmetic() -> object:
    """What tells products that are made here from others: their type, and their threads."""
    return integer_product(), _threads.get()


@functools.cache
def integer_product() -> type[Product]:
    """The faster way that is to be had here."""
    try:
        problem = "" if _is_exact() else "its integers of 8 bits saturate on this processor"
    except ImportError:
        problem = "it is not installed; pip install onnxruntime"
    except Exception as error:  # of ONNX Runtime, which has a kind of its own for each, and of old versions
        problem = str(error).splitlines()[0]
    if problem:
        _logger.info("tunes are written without ONNX Runtime, more slowly: %s", problem)
    return IntegerProduct if problem else OnnxProduct


def _is_exact() -> bool:
    """Whether sums of the largest products come out right: some processors add two of them in 16 bits."""
    ends = np.array([1, 255], np.uint8)
    integers = np.stack([np.repeat(ends, 64), np.resize(ends, 128)])
    values = np.repeat(np.array([[-LARGEST, LARGEST]], np.int8), 128, axis=0)
    expected = (integers.astype(np.int32) - ZERO) @ values.astype(np.int32)
    session, right = _session(values, np.ones(2, np.float32)), True
    for rows in (1, 2):
        for first in range(3 - rows):
            sums = np.empty((rows, 2), np.float32)
            _binding(session, integers[first : first + rows].copy(), sums)()
            right &= bool((sums == expected[first : first + rows]).all())
    return right


def _session(values: Integers, scales: Floats) -> Any:
    """An ONNX Runtime session that multiplies integers `(batch, units)` by these, and each column by its scale."""
    import onnxruntime

    units, columns = values.shape
    graph = Graph(
        [("hidden", "uint8", ["batch", units])],
        [("sums", "float32", ["batch", columns])],
    )
    constants = [graph.constant(each) for each in (values, np.float32(1), scales, np.uint8(ZERO))]
    graph.add("MatMulIntegerToFloat", ["hidden", *constants], "sums", CONTRIBUTED)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = _threads.get()
    # Threads that wait for the next product sleep: what is between two takes the processor, too.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph.to_bytes(), options, providers=["CPUExecutionProvider"])


def _binding(session: Any, integers: npt.NDArray[np.uint8], sums: Floats) -> Callable[[], object]:
    """Return what runs a session from one array to another, both of which it keeps."""
    binding = session.io_binding()
    binding.bind_cpu_input("hidden", integers)
    binding.bind_output("sums", "cpu", 0, np.float32, sums.shape, sums.ctypes.data)
    return functools.partial(_run, session, binding, integers, sums)


def _run(session: Any, binding: Any, *kept: Any) -> None:
    session.run_with_iobinding(binding)
