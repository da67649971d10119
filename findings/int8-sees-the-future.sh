#!/usr/bin/env bash
# A causal LSTM that is quantised to int8 "dynamically" looks into the future: notes that come later change the
# probabilities of notes before them, and so do the other tunes of the batch.
#
# Library:   onnxruntime 1.32.0, `quantize_dynamic` with its defaults (opset 17 model of onnx 1.23.2, CPU).
# Guess:     int8 makes the figures a little rougher, that is all. An LSTM reads from left to right, so what it says at
#            step t can depend on the steps up to t only; and each row of a batch is by itself.
# Seen:      float32 is causal to the last bit. In int8 the logits of the first 10 steps move when only step 11 and later
#            are changed, and those of a tune move when another tune stands beside it. The cause is in the definition of
#            ONNX' DynamicQuantizeLinear: scale and zero point come from the minimum and maximum of the *whole* input tensor. For
#            layers outside the recurrence, and for the input of DynamicQuantizeLSTM, that tensor holds all steps and all rows. "Dynamic"
#            sounds like "for each step"; it is "for each call".
# Matters:   bits per character of a whole tune, given at once, are not what the model has when it writes note by note, so a
#            quantised model is evaluated with knowledge that it does not have when it writes; a tune's figure depends on the
#            tunes that it is batched with; and "same seed, same tune" fails once the batch changes.
# Do:        measure int8 models step by step with batch 1, or quantise weights only.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PY'
import logging
import sys
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

logging.disable(logging.WARNING)
draw = np.random.default_rng(0)
SYMBOLS, WIDTH, UNITS = 60, 32, 128


def weights(*shape, size=0.2):
    return (draw.standard_normal(shape) * size).astype(np.float32)


table = weights(SYMBOLS, WIDTH, size=1.0)
table[-1] *= 4  # one rare symbol with a large embedding
constants = {
    "table": table,
    "W": weights(1, 4 * UNITS, WIDTH),
    "R": weights(1, 4 * UNITS, UNITS, size=0.1),
    "B": weights(1, 8 * UNITS),
    "D": weights(UNITS, SYMBOLS),
    "d": weights(SYMBOLS),
    "axis": np.array([1]),
}
nodes = [
    helper.make_node("Gather", ["table", "ids"], ["x"]),
    helper.make_node("LSTM", ["x", "W", "R", "B"], ["states", "", ""], hidden_size=UNITS),
    helper.make_node("Squeeze", ["states", "axis"], ["h"]),
    helper.make_node("MatMul", ["h", "D"], ["product"]),
    helper.make_node("Add", ["product", "d"], ["logits"]),
]
graph = helper.make_graph(
    nodes,
    "next_symbol",
    [helper.make_tensor_value_info("ids", TensorProto.INT64, ["time", "batch"])],
    [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["time", "batch", SYMBOLS])],
    [numpy_helper.from_array(value, name) for name, value in constants.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
onnx.checker.check_model(model)
onnx.save(model, "float32.onnx")
quantize_dynamic("float32.onnx", "int8.onnx", weight_type=QuantType.QInt8)
print("onnxruntime", onnxruntime.__version__)
print("int8 graph:", ", ".join(node.op_type for node in onnx.load("int8.onnx").graph.node))

first = draw.integers(0, SYMBOLS - 1, (50, 1))
other_end = first.copy()
other_end[10:] = draw.integers(0, SYMBOLS - 1, (40, 1))
other_end[30] = SYMBOLS - 1  # the rare symbol, long after step 10
moved = {}
print("expected: logits of steps 1 to 10 don't depend on steps 11 to 50, nor on the other rows of the batch")
for name in ("float32", "int8"):
    session = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])

    def logits(ids):
        return session.run(None, {"ids": ids})[0]

    alone = logits(first)
    future = float(abs(logits(other_end)[:10] - alone[:10]).max())
    batch = float(abs(logits(np.concatenate([first, other_end], 1))[:, :1] - alone).max())
    moved[name] = future, batch
    print(f"{name:8}: moved by the future {future:.4f}, by the neighbour in the batch {batch:.4f} (spread of the logits {alone.std():.3f})")
recorded = max(moved["float32"]) < 1e-5 and min(moved["int8"]) > 1e-3
print("as recorded: the int8 model sees what comes later" if recorded else "CHANGED")
sys.exit(not recorded)
PY
