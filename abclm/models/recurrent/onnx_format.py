"""Turn operators and tensors into the bytes of an ONNX model: the few messages of `onnx.proto` that a step needs.

The numbers of the fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, and the encoding is that
of protocol buffers. The package `onnx` does the same in thirty megabytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

CONTRIBUTED = "com.microsoft"
"""The domain of operators that ONNX Runtime adds."""

_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float16": 10}
_INTEGER = 2  # the type of an attribute
_IR_VERSION, _OPSET = 8, 17

Array = npt.NDArray[Any]
Shape = Sequence[int | str]


@dataclass
class Graph:
    """Operators, one after the other, as they are added.

    Attributes:
        inputs, outputs: of the model: name, NumPy's name of the type, and sizes, of which some may be names.
    """

    inputs: list[tuple[str, str, Shape]]
    outputs: list[tuple[str, str, Shape]]
    _nodes: list[bytes] = field(default_factory=list)
    _tensors: list[tuple[bytes, Array]] = field(
        default_factory=list
    )  # what comes before the values, and these

    def constant(self, value: Array | np.generic) -> str:
        """Add a constant; returns its name."""
        value, name = np.asarray(value, order="C"), f"constant_{len(self._tensors)}"
        dimensions = b"".join(_number(1, size) for size in value.shape)
        kind = _number(2, _TYPES[value.dtype.name])
        self._tensors.append((dimensions + kind + _text(8, name) + _head(9, value.nbytes), value))
        return name

    def add(
        self, operator: str, inputs: Sequence[str], output: str = "", domain: str = "", **attributes: int
    ) -> str:
        """Add an operator; returns the name of its output, which is `output` where that is given."""
        return self._add(operator, inputs, [output or f"value_{len(self._nodes)}"], domain, **attributes)[0]

    def split(self, value: str, count: int) -> list[str]:
        """Add the split of `(batch, columns)` into parts of as many columns each; returns their names."""
        names = [f"value_{len(self._nodes)}_{part}" for part in range(count)]
        return self._add("Split", [value], names, axis=1)

    def columns(self, value: str, first: int, end: int, output: str = "") -> str:
        """Add the choice of some columns of `(batch, columns)`; returns its name."""
        places = [self.constant(np.array([place], np.int64)) for place in (first, end, 1)]
        return self.add("Slice", [value, *places], output)

    def _add(
        self, operator: str, inputs: Sequence[str], outputs: list[str], domain: str = "", **attributes: int
    ) -> list[str]:
        node = b"".join(_text(1, each) for each in inputs) + b"".join(_text(2, each) for each in outputs)
        node += _text(4, operator) + _text(7, domain)
        for name, value in attributes.items():
            node += _bytes(5, _text(1, name) + _number(3, value) + _number(20, _INTEGER))
        self._nodes.append(node)
        return outputs

    def to_bytes(self, metadata: Mapping[str, str] | None = None) -> bytes:
        """Return the model as the content of an `.onnx` file.

        Args:
            metadata: what to tell whoever reads it.
        """
        # The values are copied once, as they are most of the memory.
        graph: list[Any] = [*(_bytes(1, node) for node in self._nodes), _text(2, "step")]
        for head, value in self._tensors:
            graph += [_head(5, len(head) + value.nbytes) + head, value.data]
        graph += [_bytes(11, _value(*each)) for each in self.inputs]
        graph += [_bytes(12, _value(*each)) for each in self.outputs]
        size = sum(memoryview(part).nbytes for part in graph)
        model = [_number(1, _IR_VERSION), _text(2, "abclm"), _head(7, size), *graph]
        for domain, version in (("", _OPSET), (CONTRIBUTED, 1)):
            model.append(_bytes(8, _text(1, domain) + _number(2, version)))
        for key, text in (metadata or {}).items():
            model.append(_bytes(14, _text(1, key) + _text(2, text)))
        return b"".join(model)


def _value(name: str, dtype: str, shape: Shape) -> bytes:
    sizes = b"".join(
        _bytes(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, _TYPES[dtype]) + _bytes(2, sizes)))


def _number(place: int, value: int) -> bytes:
    return _varint(place << 3) + _varint(value & (2**64 - 1))


def _text(place: int, value: str) -> bytes:
    return _bytes(place, value.encode())


def _bytes(place: int, value: bytes) -> bytes:
    return _head(place, len(value)) + value


def _head(place: int, size: int) -> bytes:
    """What stands before so many bytes."""
    return _varint(place << 3 | 2) + _varint(size)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
