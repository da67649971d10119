"""Turn gate inputs into LSTM states, fast on a CPU, with the gradient formed by hand.

What the usual loop of `h @ W` with automatic gradients leaves on the table:

- States and gates are kept features first, so that a step is `(4·units, units) @ (units, batch)`,
  which the matrix libraries run faster than the same product the other way round.
- The gates are kept for the backward pass, which runs the same way round; the gradient of the
  recurrent weights is one product over all time steps, not a sum over as many large matrices.
- Where a step's input is one of few symbols, its share of the gates is a row of a small table; other inputs are
  multiplied together with the state.

The equations are those of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al.
(2000), as in `keras.layers.LSTM`: gates in the order input, forget, cell, output.
"""

from typing import Any, NamedTuple

import tensorflow as tf

Tensor = Any  # tensorflow is not typed

_FEW_COLUMNS = 32  # with fewer, products in bfloat16 are faster the other way round


def lstm_outputs(
    rows: Tensor,
    ids: Tensor | None,
    recurrent_kernel: Tensor,
    state: Tensor,
    carry: Tensor,
    product_type: Any = None,
    features: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run an LSTM over a batch of sequences.

    Args:
        rows: the inputs' share of the gates, bias included: `(time, batch, 4·units)`, or with `ids`
            a table `(symbols, 4·units)`; with `features` the bias alone, `(4·units,)`.
        ids: int32 `(time, batch)`, the row of the table for each step; None where `rows` has them all.
        recurrent_kernel: `(units, 4·units)`, gates in Keras' order i, f, c, o; with `features` the kernel of the inputs
            below it, `(units + inputs, 4·units)`.
        state: hidden state before the first step, `(batch, units)`.
        carry: cell state before the first step, `(batch, units)`.
        product_type: what the recurrent weights are multiplied in, `tf.bfloat16` say, where that is faster; all
            else, sums and states, keeps the type of the arguments.
        features: inputs to multiply within each step, `(time, batch, inputs)`: without the large array of their shares
            this is faster, where they can't be looked up.

    Returns:
        All hidden states `(time, batch, units)` and the last cell state `(batch, units)`;
        differentiable once, in everything but `ids`.
    """

    product = _Product(product_type or rows.dtype, rows.dtype)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def run(rows: Tensor, recurrent_kernel: Tensor, state: Tensor, carry: Tensor, features: Tensor) -> Any:
        outputs, cell, kept = _forward(rows, ids, recurrent_kernel, state, carry, product, features)

        def gradient(outputs_gradient: Tensor, cell_gradient: Tensor) -> tuple[Tensor, ...]:
            changes, state_gradient, carry_gradient, features_gradient = _backward(
                outputs_gradient, cell_gradient, recurrent_kernel, kept, product
            )
            read = tf.concat([state[None], outputs[:-1]], axis=0)  # (time, batch, units)
            if inputs:
                read = tf.concat([read, features], axis=2)
            flat = tf.reshape(changes, [-1, recurrent_kernel.shape[1]])  # (time·batch, 4·units)
            kernel_gradient = product(
                tf.reshape(read, [-1, recurrent_kernel.shape[0]]), flat, transpose_a=True
            )
            rows_gradient = changes
            if inputs:
                rows_gradient = tf.reduce_sum(flat, axis=0)
            elif ids is not None:
                rows_gradient = tf.math.unsorted_segment_sum(flat, tf.reshape(ids, [-1]), tf.shape(rows)[0])
            return rows_gradient, kernel_gradient, state_gradient, carry_gradient, features_gradient

        return (outputs, cell), gradient

    inputs = 0 if features is None else features.shape[2]
    if features is None:
        features = tf.zeros([0], rows.dtype)
    result: tuple[Tensor, Tensor] = run(rows, recurrent_kernel, state, carry, features)
    return result


def packed_outputs(
    rows: Tensor, ids: Tensor | None, kernel: Tensor, sizes: Tensor, features: Tensor | None = None
) -> Tensor:
    """Run an LSTM over sequences of several lengths from zero states, without padding, and keep nothing for a gradient.

    The sequences are *packed*: the first step of each, then the second of each that has one, and so on, the longest
    sequence first.

    Args:
        rows, ids: as for `lstm_outputs`, `ids` packed, `(characters,)`.
        kernel: as the `recurrent_kernel` there.
        sizes: int32 `(time,)`, how many sequences have each step; it falls.
        features: inputs to multiply, packed `(characters, inputs)`; needed where there are no `ids`.

    Returns:
        The hidden states, packed `(characters, units)`.
    """
    units = kernel.shape[1] // 4
    weights, rows = tf.transpose(_sigmoids_first(kernel)), _sigmoids_first(rows)
    turned = None if features is None else tf.transpose(features)
    begins = tf.cumsum(sizes, exclusive=True)

    def step(time: Tensor, h: Tensor, c: Tensor, outputs: Any) -> tuple[Any, ...]:
        first, size = begins[time], sizes[time]
        h = h[:, :size]
        if turned is not None:
            h = tf.concat([h, turned[:, first : first + size]], axis=0)
        given = rows[:, None] if ids is None else tf.transpose(tf.gather(rows, ids[first : first + size]))
        h, c, _ = _cell(tf.matmul(weights, h) + given, c[:, :size])
        return time + 1, h, c, outputs.write(time, tf.transpose(h))

    steps = tf.shape(sizes)[0]
    outputs = tf.TensorArray(rows.dtype, steps, infer_shape=False, element_shape=[None, units])
    zero, shape = tf.zeros([units, sizes[0]], rows.dtype), tf.TensorShape([units, None])
    *_, outputs = tf.while_loop(
        lambda time, *_: time < steps,
        step,
        (0, zero, zero, outputs),
        shape_invariants=(tf.TensorShape([]), shape, shape, tf.TensorShape(None)),
    )
    return outputs.concat()


def _cell(sums: Tensor, c: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """The hidden values and the cell after a step, and what a gradient needs beside them; all `(units, batch)`.

    Args:
        sums: of the gates i, f, o, c, `(4·units, batch)`.
        c: the cell before.
    """
    units = sums.shape[0] // 4
    opened = tf.sigmoid(sums[: 3 * units])
    candidate = tf.tanh(sums[3 * units :])
    now = opened[units : 2 * units] * c + opened[:units] * candidate
    squashed = tf.tanh(now)
    return opened[2 * units :] * squashed, now, (opened, candidate, squashed, c)


class _Product(NamedTuple):
    """A product of matrices in one type, given in another."""

    inner: Any
    outer: Any

    def __call__(self, left: Tensor, right: Tensor, transpose_a: bool = False) -> Tensor:
        left, right = tf.cast(left, self.inner), tf.cast(right, self.inner)
        if self.inner == tf.bfloat16 and (right.shape[1] or _FEW_COLUMNS) < _FEW_COLUMNS:
            found = tf.transpose(tf.matmul(tf.transpose(right), left, transpose_b=not transpose_a))
        else:
            found = tf.matmul(left, right, transpose_a=transpose_a)
        return tf.cast(found, self.outer)


def _forward(
    rows: Tensor,
    ids: Tensor | None,
    recurrent_kernel: Tensor,
    state: Tensor,
    carry: Tensor,
    product: _Product,
    features: Tensor,
) -> tuple[Tensor, Tensor, tuple[Any, ...]]:
    """All states, the last cell state, and for the backward pass each step's gates and cells."""
    units = recurrent_kernel.shape[1] // 4
    inputs = recurrent_kernel.shape[0] - units
    steps = tf.shape(features if inputs else rows if ids is None else ids)[0]
    # Features first, the three sigmoid gates side by side (i, f, o, c), so that each function runs once.
    weights = tf.cast(tf.transpose(_sigmoids_first(recurrent_kernel)), product.inner)  # (4·units, units)
    rows = _sigmoids_first(rows)
    turned = tf.transpose(features, [0, 2, 1]) if inputs else None  # (time, inputs, batch)

    def step(time: Tensor, h: Tensor, c: Tensor, outputs: Any, *kept: Any) -> tuple[Any, ...]:
        if turned is not None:
            sums = product(weights, tf.concat([h, turned[time]], axis=0)) + rows[:, None]
        else:
            given = rows[time] if ids is None else tf.gather(rows, ids[time])  # (batch, 4·units)
            sums = product(weights, h) + tf.transpose(given)  # (4·units, batch)
        h, now, values = _cell(sums, c)
        kept = tuple(array.write(time, value) for array, value in zip(kept, values, strict=True))
        return time + 1, h, now, outputs.write(time, tf.transpose(h)), *kept

    arrays = [tf.TensorArray(rows.dtype, steps, clear_after_read=False) for _ in range(5)]
    start = (0, tf.transpose(state), tf.transpose(carry), *arrays)
    _, _, c, outputs, *kept = tf.while_loop(lambda time, *_: time < steps, step, start)
    return outputs.stack(), tf.transpose(c), tuple(kept)


def _backward(
    outputs_gradient: Tensor,
    cell_gradient: Tensor,
    recurrent_kernel: Tensor,
    kept: tuple[Any, ...],
    product: _Product,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of the gates' sums `(time, batch, 4·units)`, of the first state and cell state, and of the features."""
    units = recurrent_kernel.shape[1] // 4
    inputs = recurrent_kernel.shape[0] - units
    steps = tf.shape(outputs_gradient)[0]
    weights = tf.cast(recurrent_kernel, product.inner)

    def step(time: Tensor, dh: Tensor, dc: Tensor, changes: Any, *read: Any) -> tuple[Any, ...]:
        opened, candidate, squashed, before = (array.read(time) for array in kept)
        dh += tf.transpose(outputs_gradient[time])
        dc += tf.raw_ops.TanhGrad(y=squashed, dy=dh * opened[2 * units :])
        by_gate = tf.concat([dc * candidate, dc * before, dh * squashed], axis=0)
        sigmoids = tf.raw_ops.SigmoidGrad(y=opened, dy=by_gate)  # (3·units, batch)
        tangent = tf.raw_ops.TanhGrad(y=candidate, dy=dc * opened[:units])
        sums = tf.concat([sigmoids[: 2 * units], tangent, sigmoids[2 * units :]], axis=0)
        dh = product(weights, sums)  # (units + inputs, batch)
        read = tuple(array.write(time, tf.transpose(dh[units:])) for array in read)
        dh = dh[:units] if inputs else dh
        return time - 1, dh, dc * opened[units : 2 * units], changes.write(time, tf.transpose(sums)), *read

    zero = tf.zeros_like(tf.transpose(cell_gradient))
    arrays = [tf.TensorArray(zero.dtype, steps) for _ in range(2 if inputs else 1)]
    start = (steps - 1, zero, tf.transpose(cell_gradient), *arrays)
    _, dh, dc, changes, *read = tf.while_loop(lambda time, *_: time >= 0, step, start)
    features_gradient = read[0].stack() if inputs else tf.zeros([0], zero.dtype)
    return changes.stack(), tf.transpose(dh), tf.transpose(dc), features_gradient


def _sigmoids_first(gates: Tensor) -> Tensor:
    """Bring the last axis from the order i, f, c, o to i, f, o, c."""
    i, f, c, o = tf.split(gates, 4, axis=-1)
    return tf.concat([i, f, o, c], axis=-1)
