#!/usr/bin/env bash
# ONNX Runtime rounds the float32 input of a MatMul to 8 bits where the weights come from a DequantizeLinear.
#
# Library:   onnxruntime 1.32.0, onnx 1.22.0 (PyPI), CPU provider, x86-64.
# Guess:     DequantizeLinear gives float32 weights, and MatMul multiplies two float32 matrices, as the ONNX standard says of both; so
#            storing weights in 8 bits this way costs what the weights lose, and nothing of the input.
# Seen:      with the default options, inputs of 0.3 beside one of 100 count as 0: a sum that is 9.3 comes out as 0. The two operators
#            are replaced by MatMulNBits with accuracy_level 4, which rounds each 32 inputs to 255 steps of their largest. There is no warning,
#            and onnx.checker and the types of the graph say float32 throughout.
# Matters:   "weights only" quantization is chosen because inputs with outliers can't be rounded to 8 bits. Here they are.
# Do:        session.qdq_matmulnbits_accuracy_level = "0", or session.disable_quant_qdq = "1", or a Cast and a Mul in the place of
#            DequantizeLinear: each gives 9.3.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.22.0 numpy==2.4.6
cat > "$work/round.py" <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

weights = np.ones((64, 64), np.int8)
weights[0] = 0  # what the large input is multiplied by
x = np.zeros((1, 64), np.float32)
x[0, 0], x[0, 1:32] = 100, 0.3
expected = (x.astype(np.float64) @ weights)[0, 0]


def product(name, setting=None):
    """The first sum, where the weights become floats by this operator."""
    constants = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.float32(1), "scale")]
    if name == "DequantizeLinear":
        nodes = [helper.make_node(name, ["weights", "scale"], ["floats"])]
    else:
        nodes = [
            helper.make_node("Cast", ["weights"], ["whole"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["whole", "scale"], ["floats"]),
        ]
    nodes.append(helper.make_node("MatMul", ["x", "floats"], ["y"]))
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    if setting:
        options.add_session_config_entry(*setting)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return float(session.run(None, {"x": x})[0][0, 0])


seen = product("DequantizeLinear")
others = {
    "accuracy level 0": product("DequantizeLinear", ("session.qdq_matmulnbits_accuracy_level", "0")),
    "no handling of DequantizeLinear": product("DequantizeLinear", ("session.disable_quant_qdq", "1")),
    "Cast and Mul": product("Cast"),
}
print(f"onnxruntime {onnxruntime.__version__}: expected {expected:.2f}, seen {seen:.2f};", end=" ")
print("; ".join(f"{name}: {value:.2f}" for name, value in others.items()))
as_recorded = abs(seen) < 0.1 and all(abs(value - expected) < 1e-3 for value in others.values())
raise SystemExit(0 if as_recorded else 1)
PY
if "$work/venv/bin/python" "$work/round.py"; then
    echo "as recorded: the small inputs count as nothing"
else
    echo "CHANGED"
    exit 1
fi
