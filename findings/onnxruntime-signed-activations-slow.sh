#!/usr/bin/env bash
# ONNX Runtime's MatMulInteger is many times slower with signed activations than with the same ones moved to unsigned.
#
# Library:   onnxruntime 1.32.0, onnx 1.22.0 (PyPI), CPU provider, x86-64.
# Guess:     int8 by int8 is the simplest case, without zero points, so it is at least as fast as uint8 by int8 with a zero point.
# Seen:      the same sums, and on a processor with AVX-512 VNNI 19 to 45 times the time (the more, the quieter the machine): 5.7 ms
#            for 0.3 ms at (1, 1024) by (1024, 4096), one thread. Nothing says so. The processor's instruction multiplies unsigned
#            by signed values; that the other types go another way is our guess.
# Matters:   symmetric quantization (zero point 0, values from -127 to 127) is what many recipes advise for activations that are
#            as often negative as positive, such as the states of an LSTM. With it an int8 model is slower than in float32.
# Do:        store activations as uint8 with the zero point 128. The sums are the same, the instruction is used.
# Exit:      0: as recorded (at least 4 times). 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.22.0 numpy==2.4.6
cat > "$work/time.py" <<'PY'
import statistics
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

READ, WRITTEN = 1024, 4096
random = np.random.default_rng(0)
weights = random.integers(-127, 128, (READ, WRITTEN)).astype(np.int8)
signed = random.integers(-127, 128, (1, READ)).astype(np.int8)
unsigned = (signed.astype(np.int16) + 128).astype(np.uint8)


def session(kind, zero):
    constants = [numpy_helper.from_array(weights, "weights")]
    if zero is not None:
        constants.append(numpy_helper.from_array(np.array(zero, np.uint8), "zero"))
    node = helper.make_node("MatMulInteger", ["x", *[each.name for each in constants]], ["y"])
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("x", kind, [1, READ])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [1, WRITTEN])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


runs = {"signed": (session(TensorProto.INT8, None), signed), "unsigned": (session(TensorProto.UINT8, 128), unsigned)}
times = {name: [] for name in runs}
for _ in range(9):
    for name, (product, values) in runs.items():
        start = time.perf_counter()
        for _ in range(5):
            product.run(None, {"x": values})
        times[name].append((time.perf_counter() - start) / 5)
results = [product.run(None, {"x": values})[0] for product, values in runs.values()]
medians = {name: statistics.median(each) for name, each in times.items()}
print(f"onnxruntime {onnxruntime.__version__}: signed {1e3 * medians['signed']:.2f} ms, ", end="")
print(f"unsigned with zero point {1e3 * medians['unsigned']:.2f} ms, ", end="")
print(f"the same sums: {bool((results[0] == results[1]).all())}")
ratio = medians["signed"] / medians["unsigned"]
print(f"signed activations take {ratio:.0f} times as long")
raise SystemExit(0 if ratio > 4 and (results[0] == results[1]).all() else 1)
PY
if "$work/venv/bin/python" "$work/time.py"; then
    echo "as recorded: the same sums, many times slower"
else
    echo "CHANGED"
    exit 1
fi
