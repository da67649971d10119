#!/usr/bin/env bash
# safetensors 0.8.0 saves a transposed NumPy matrix with its numbers in the wrong places, and says nothing.
#
# Library:   safetensors 0.8.0 (PyPI), beside 0.7.0; NumPy 2.4.6.
# Guess:     what `safetensors.numpy.save` writes, `load` gives back. Version 0.7.0 did so for each array, in whatever
#            order its numbers lie in memory. An array that can't be saved would be an error.
# Seen:      0.8.0 writes the memory as it lies, but notes the shape as if the rows came one after another (C order).
#            A matrix in Fortran order, which is what `weights.T` and `numpy.asfortranarray` give, comes back with the
#            right shape and type and its numbers shuffled. The docstring asks for "contiguous and dense" tensors; a
#            transposed matrix is both in NumPy's words (it is F-contiguous). safetensors.torch refuses such a tensor;
#            here nothing is checked. It is known there as issue 825 of safetensors/safetensors (August 2026).
# Matters:   weights are transposed all the time: LSTM kernels between Keras (input, 4·units) and PyTorch or ONNX
#            (4·units, input), orthogonal initial weights made by a QR factorisation, the results of PCA. The file loads, the
#            model runs, and writes nonsense. A checksum of the file is right, too.
# Do:        pass `numpy.ascontiguousarray(array)`, and compare after loading.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for version in 0.7.0 0.8.0; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install --quiet --disable-pip-version-check "safetensors==$version" numpy==2.4.6
done
cat > "$work/round_trip.py" <<'PY'
import sys
import numpy as np
import safetensors
from safetensors.numpy import load, save

kernel = np.arange(12, dtype=np.float32).reshape(3, 4)  # (input, gates)
turned = kernel.T  # (gates, input): a view, nothing is copied
assert turned.flags.f_contiguous and not turned.flags.c_contiguous
back = load(save({"kernel": turned}))["kernel"]
same = bool(np.array_equal(back, turned))
safe = bool(np.array_equal(load(save({"kernel": np.ascontiguousarray(turned)}))["kernel"], turned))
print(f"safetensors {safetensors.__version__}: shape {back.shape}, first row {back[0].tolist()}, given {turned[0].tolist()}")
print(f"  same numbers: {same}; of a C-ordered copy: {safe}")
sys.exit(0 if safe and same == (safetensors.__version__ == "0.7.0") else 1)
PY
echo "expected: both versions give back the numbers that they were given"
result=0
for version in 0.7.0 0.8.0; do
    "$work/$version/bin/python" "$work/round_trip.py" || result=1
done
if [ "$result" = 0 ]; then echo "as recorded: 0.7.0 keeps the numbers, 0.8.0 shuffles them without a word"; else echo "CHANGED"; fi
exit "$result"
