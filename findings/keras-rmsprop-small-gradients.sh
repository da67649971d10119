#!/usr/bin/env bash
# Keras' RMSprop takes a third of its step where gradients are 1e-4, and a thirtieth where they are 1e-5; its Adam does not.
#
# Library:   keras 3.15.1 on jax 0.10.2 (PyPI); NumPy 2.4.6.
# Guess:     RMSprop divides a gradient by the root of its mean square, so that a weight whose gradient is always the same
#            moves by the learning rate, however small the gradient is. `epsilon`, 1e-7 by default in RMSprop, Adam and
#            Adamax alike, is there against a division by zero: it would count where gradients are near 1e-7.
# Seen:      in RMSprop it is added to the mean square, under the root; in Adam and Adamax, to the root. So the same 1e-7
#            counts in RMSprop where gradients are near 3e-4, the root of 1e-7: at 1e-3 the step is 0.95 of the learning
#            rate, at 1e-4 0.30, at 1e-5 0.03. Adam's is 0.97 or more at each of them. PyTorch's RMSprop adds 1e-8 to the
#            root, and takes a hundredth of each new square where Keras takes a tenth.
# Matters:   gradients of a loss that is averaged over tokens are as small as that in a network of a million weights. How
#            such a network learns by RMSprop then depends on the scale of the loss, and a network moved from Keras to PyTorch
#            "with the same optimizer" is trained otherwise. We compared networks of papers written in Keras by a training
#            loop in PyTorch, and had to write Keras' RMSprop for it.
# Do:        `RMSprop(epsilon=1e-14)` in Keras is near what 1e-7 at the root would be.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2 numpy==2.4.6
cat > "$work/steps.py" <<'PY'
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np


def step_of(optimizer, gradient):
    """How far the 100th step with this gradient moves a weight, in learning rates."""
    weight, optimizer.learning_rate = keras.Variable(np.zeros(1, np.float32)), 1.0
    for _ in range(100):
        before = float(np.asarray(weight)[0])
        optimizer.apply([np.float32([gradient])], [weight])
    return before - float(np.asarray(weight)[0])


KINDS = {
    "Adam": keras.optimizers.Adam,
    "Adamax": keras.optimizers.Adamax,
    "RMSprop": keras.optimizers.RMSprop,
    "RMSprop, epsilon 1e-14": lambda: keras.optimizers.RMSprop(epsilon=1e-14),
}
GRADIENTS = (1e-2, 1e-3, 1e-4, 1e-5)
found = {name: [step_of(kind(), gradient) for gradient in GRADIENTS] for name, kind in KINDS.items()}
print(f"keras {keras.__version__}; gradients", *GRADIENTS)
for name, steps in found.items():
    print(f"  {name}: " + ", ".join(f"{step:.3f}" for step in steps))
near_one = all(step > 0.95 for name in KINDS if name != "RMSprop" for step in found[name])
recorded = np.allclose(found["RMSprop"], [1.0, 0.953, 0.302, 0.032], atol=0.005)
sys.exit(0 if near_one and recorded else 1)
PY
echo "expected: a step of about 1 learning rate at each gradient, by each optimizer"
if "$work/venv/bin/python" "$work/steps.py"; then
    echo "as recorded: RMSprop alone moves less, the smaller the gradient"
else
    echo "CHANGED"
    exit 1
fi
