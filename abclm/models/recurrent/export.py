"""Turn an engine into one step as an ONNX model: its tables, its products in integers, and the equations of its cells.

Inputs are the id of the last token of each text, the context after it for a model with `structure`, and the state:
`carried_0` and `sums_0` of the first layer, and so on, zeros at the beginning. Outputs are `logits`, for a model with
`structure` the `gate`'s scores of the network and of each copy, and the state of the next step, such as `next_carried_0`.

Kernels are stored in 8 bits, the tables of what is looked up in 16.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from abclm.models.context import COLUMNS, COPY_SLICE, GATE_COLUMNS, GATE_OFFSETS, INPUT_COLUMNS, INPUT_OFFSETS
from abclm.models.recurrent.numpy_engine import RecurrentEngine
from abclm.models.recurrent.onnx_format import Graph, Shape
from abclm.models.recurrent.products import ZERO, IntegerProduct, Integers

_CONTEXT = "context"
_FLOAT, _UINT8 = 1, 2  # types of ONNX


class StoredProduct(IntegerProduct):
    """The integers and scales of a product, to be written into a file."""

    def _multiply_by(self, values: Integers) -> None:
        self.values = values


def step_model(engine: RecurrentEngine, metadata: Mapping[str, str]) -> bytes:
    """Return the content of an `.onnx` file.

    Args:
        engine: with products of the type `StoredProduct`.
        metadata: what to tell whoever reads it.
    """
    width = len(engine.gates) * engine.units
    state = [
        (f"{name}_{layer}", columns)
        for layer, bias in enumerate(engine.bias)
        for name, columns in (("carried", engine.units), ("sums", width + len(bias)))
    ]
    tokens = len(engine.rows)
    inputs: list[tuple[str, str, Shape]] = [("id", "int64", ["batch"])]
    outputs: list[tuple[str, str, Shape]] = [("logits", "float32", ["batch", tokens])]
    if engine.gate:
        inputs.append((_CONTEXT, "int64", ["batch", len(COLUMNS)]))
        outputs.append(("gate", "float32", ["batch", len(engine.gate.dense_bias)]))
    inputs += [(name, "float32", ["batch", columns]) for name, columns in state]
    outputs += [(f"next_{name}", "float32", ["batch", columns]) for name, columns in state]
    graph = Graph(inputs, outputs)

    read = _inputs(graph, engine)
    for layer, bias in enumerate(engine.bias):
        own = graph.columns(f"sums_{layer}", 0, width)
        carried, hidden = engine.draw_cell(graph, layer, own, read, f"carried_{layer}")
        graph.add("Identity", [carried], f"next_carried_{layer}")
        sums = _product(graph, hidden, engine.products[layer], f"next_sums_{layer}")
        read = graph.add("Add", [graph.columns(sums, width, width + len(bias)), graph.constant(bias)])
    graph.columns(read, 0, tokens, "logits")
    if engine.gate:
        _gate(graph, engine, graph.columns(read, tokens, len(engine.bias[-1])))
    return graph.to_bytes(metadata)


def _inputs(graph: Graph, engine: RecurrentEngine) -> str:
    """What the tokens and the context add to the first layer's gates."""
    rows = graph.add("Gather", [graph.constant(_half(engine.rows)), "id"])
    read = graph.add("Cast", [rows], to=_FLOAT)
    if not (places := engine.places):
        return read
    # `quick` has the sums of two columns' rows, which are looked up one by one here: a file of a third of the size.
    first, second = places.quick[:: places.second], places.quick[: places.second] - places.quick[0]
    table = _half(np.concatenate([places.slow, first, second]))
    return graph.add("Add", [read, _sum_of_rows(graph, table, INPUT_COLUMNS, INPUT_OFFSETS)])


def _half(table: Any) -> Any:
    """The table in 16 bits, unless it has numbers that are too large for them."""
    with np.errstate(over="ignore"):
        half = table.astype(np.float16)
    return half if np.isfinite(half).all() else table


def _gate(graph: Graph, engine: RecurrentEngine, read: str) -> None:
    """Score the network and the copies; those that there are not with minus infinity."""
    gate = engine.gate
    assert gate is not None
    placed = _sum_of_rows(graph, gate.table, GATE_COLUMNS, GATE_OFFSETS)
    hidden = graph.add("Tanh", [graph.add("Add", [read, placed])])
    scores = graph.add("MatMul", [hidden, graph.constant(gate.kernel_of_scores)])
    scores = graph.add("Add", [scores, graph.constant(gate.dense_bias)])
    copies = graph.columns(_CONTEXT, COPY_SLICE.start, COPY_SLICE.stop)
    missing = graph.add("Equal", [copies, graph.constant(np.int64(0))])
    copied = graph.columns(scores, 1, len(gate.dense_bias))
    copied = graph.add("Where", [missing, graph.constant(np.float32(-np.inf)), copied])
    graph.add("Concat", [graph.columns(scores, 0, 1), copied], "gate", axis=1)


def _sum_of_rows(graph: Graph, table: Any, columns: Any, offsets: Any) -> str:
    """The sum of the rows of a table that some columns of the context name."""
    chosen = graph.add("Gather", [_CONTEXT, graph.constant(np.array(columns, np.int64))], axis=1)
    rows = graph.add("Add", [chosen, graph.constant(np.asarray(offsets, np.int64))])
    found = graph.add("Cast", [graph.add("Gather", [graph.constant(table), rows])], to=_FLOAT)
    return graph.add("ReduceSum", [found, graph.constant(np.array([1], np.int64))], keepdims=0)


def _product(graph: Graph, hidden: str, product: Any, output: str) -> str:
    """Round hidden values, and multiply them in integers; see `abclm.models.recurrent.products`."""
    scaled = graph.add("Mul", [hidden, graph.constant(product.share)])
    rounded = graph.add("Floor", [graph.add("Add", [scaled, graph.constant(np.float32(ZERO + 0.5))])])
    integers = graph.add("Cast", [rounded], to=_UINT8)
    sums = graph.add(
        "MatMulInteger", [integers, graph.constant(product.values), graph.constant(np.uint8(ZERO))]
    )
    return graph.add("Mul", [graph.add("Cast", [sums], to=_FLOAT), graph.constant(product.scales)], output)
