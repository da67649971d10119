"""Turn a batch into a slightly better LSTM by PyTorch: a backend of `abclm.training`, for comparing and for GPUs.

    train(lm, tunes, held_out, config, backend=TorchStep)

Recipe, windows, schedule, stopping, checkpoints and record are those of `abclm.training`. What is here, the network, the
loss and Adam, is that of `abclm.training.step.TrainingStep`, and its state has the same form, so that a run can go on
with the other backend. A test holds the two to the same losses in float32 on a processor. Dropout can't be the same: the
libraries draw other masks. On a GPU, `precision="bfloat16"` computes the recurrence and its gradients in float16.

PyTorch is no dependency: `pip install torch==2.13.0`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from abclm import TrainingConfig
from abclm.errors import ConfigError
from abclm.models.context import COPY_COLUMNS, GATE_COLUMNS, GATE_OFFSETS, INPUT_OFFSETS, INPUTS

if TYPE_CHECKING:
    from abclm.models.model import Model
    from abclm.training.workers import Workers

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Adam's, as Keras has them
LOSS_SCALE = 2.0**12  # so that float16 holds small gradients


class TorchStep:
    """An LSTM and Adam; arguments and methods are those of `TrainingStep`. On a GPU where there is one."""

    def __init__(
        self, lm: Model, config: TrainingConfig, batch_shape: tuple[int, int], workers: Workers
    ) -> None:
        if lm.config.name != "lstm" or config.optimizer != "adam" or workers.count > 1:
            raise ConfigError(
                "the PyTorch backend trains an LSTM by Adam, one worker; use Keras' own for others"
            )
        self._model, self._config = lm.config, config
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        where = torch.cuda.get_device_name() if self._device.type == "cuda" else "CPU"
        self.versions = {"torch": torch.__version__, "device": where}
        self._type = torch.float32
        if config.precision == "bfloat16":  # cuDNN runs a whole layer in one kernel in float16 alone
            self._type = torch.float16 if self._device.type == "cuda" else torch.bfloat16
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        self.characters = batch_shape[0] * batch_shape[1]
        self._names = list(lm.weights)
        self._weights = [
            torch.tensor(each, device=self._device).requires_grad_() for each in lm.weights.values()
        ]
        zeros = [torch.zeros_like(each) for each in self._weights]
        self._momentums, self._velocities = zeros, [each.clone() for each in zeros]
        self._averages = [each.clone() for each in zeros] if config.averaging else []
        self._iterations, self._learning_rate = 0, config.learning_rate

    def __call__(self, inputs: Any, targets: Any, number: int, learning_rate: float) -> float:
        """Change the network; the loss before."""
        config = self._config
        random = torch.Generator(self._device).manual_seed(2**31 * config.seed + number)
        logits = self._logits(inputs, config, random).flatten(0, 1)
        wanted = self._ids(targets).flatten()
        loss = functional.cross_entropy(logits, wanted, reduction="sum") / self.characters
        objective = loss
        if config.label_smoothing:
            uniform = (torch.logsumexp(logits, -1) - logits.mean(-1)).sum() / self.characters
            objective = (1 - config.label_smoothing) * loss + config.label_smoothing * uniform
        scale = LOSS_SCALE if self._type == torch.float16 else 1.0
        gradients = list(torch.autograd.grad(scale * objective, self._weights))
        if scale != 1:
            torch._foreach_mul_(gradients, 1 / scale)
        if config.clip_norm is not None:
            norm = torch.linalg.vector_norm(
                torch.stack([torch.linalg.vector_norm(each) for each in gradients])
            )
            torch._foreach_mul_(gradients, config.clip_norm / torch.clamp(norm, min=config.clip_norm))
        self._adam(gradients, learning_rate)
        return float(loss.detach())

    @torch.no_grad()
    def _adam(self, gradients: list[torch.Tensor], learning_rate: float) -> None:
        """Kingma & Ba 2015, in the order of `keras.optimizers.Adam`."""
        config, weights, step = self._config, self._weights, self._iterations + 1
        if config.weight_decay:
            kernels = [
                each for name, each in zip(self._names, weights, strict=True) if not name.endswith("bias")
            ]
            torch._foreach_mul_(kernels, 1 - config.weight_decay * learning_rate)
        alpha = learning_rate * (1 - BETA_2**step) ** 0.5 / (1 - BETA_1**step)
        torch._foreach_lerp_(self._momentums, gradients, 1 - BETA_1)
        torch._foreach_lerp_(self._velocities, torch._foreach_mul(gradients, gradients), 1 - BETA_2)
        roots = torch._foreach_add(torch._foreach_sqrt(self._velocities), EPSILON)
        torch._foreach_addcdiv_(weights, self._momentums, roots, -alpha)
        if self._averages:
            torch._foreach_lerp_(self._averages, weights, 1 - config.averaging if self._iterations else 1.0)
        self._iterations, self._learning_rate = step, learning_rate

    @torch.no_grad()
    def nats(self, inputs: Any, targets: Any, lengths: Any) -> tuple[float, float]:
        """What a padded batch costs in all, and how many targets are the likeliest token."""
        logits, wanted = self._logits(inputs), self._ids(targets)
        losses = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none")
        places = torch.arange(wanted.shape[1], device=self._device)
        counted = (places < self._ids(lengths)[:, None]).flatten()
        right = logits.argmax(-1).flatten() == wanted.flatten()
        return float(losses.double()[counted].sum()), float(right[counted].sum())

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the network the averages of its weights for a while, where they are kept."""
        latest = self.weights()
        if self._averages:
            self.set_weights(dict(zip(self._names, self._averages, strict=True)))
        try:
            yield
        finally:
            self.set_weights(latest)

    def weights(self) -> dict[str, Any]:
        """Copies of the weights."""
        return {name: _array(each) for name, each in zip(self._names, self._weights, strict=True)}

    @torch.no_grad()
    def set_weights(self, weights: Mapping[str, Any]) -> None:
        """Take other weights."""
        for name, weight in zip(self._names, self._weights, strict=True):
            weight.copy_(torch.as_tensor(weights[name]))

    def share(self) -> None:
        """There are no others."""

    def optimizer_state(self) -> list[Any]:
        """Steps, learning rate, averages, and momentum and velocity of each weight: as Keras' Adam has them."""
        pairs = [each for pair in zip(self._momentums, self._velocities, strict=True) for each in pair]
        numbers = [np.array(self._iterations, np.int32), np.array(self._learning_rate, np.float32)]
        return [*numbers, *(_array(each) for each in (*self._averages, *pairs))]

    def set_optimizer_state(self, state: Mapping[int, Any]) -> None:
        """Take up what `optimizer_state` gave, of either backend."""
        self._iterations, self._learning_rate = int(state[0]), float(state[1])
        pairs = [each for pair in zip(self._momentums, self._velocities, strict=True) for each in pair]
        for place, each in enumerate((*self._averages, *pairs), 2):
            each.copy_(torch.as_tensor(state[place]))

    def _ids(self, ids: Any) -> torch.Tensor:
        ids = ids if isinstance(ids, torch.Tensor) else torch.tensor(np.asarray(ids))
        return ids.to(self._device).long()

    def _logits(
        self, ids: Any, rates: TrainingConfig | None = None, random: torch.Generator | None = None
    ) -> torch.Tensor:
        """Logits from a zero state, float32 (batch, time, vocabulary); in training with dropout."""
        rates = rates or TrainingConfig()
        weights = dict(zip(self._names, self._weights, strict=True))
        kind = torch.float32 if random is None else self._type
        ids = self._ids(ids)
        symbols = ids[..., 0] if self._model.columns else ids
        states = functional.embedding(symbols, weights["embedding/embeddings"])  # (batch, time, features)
        if self._model.columns:
            rows = ids[..., 1:]
            states = states + _sums(weights["context/embeddings"], rows[..., : len(INPUTS)], INPUT_OFFSETS)
        states = states * _drop(torch.ones_like(states[:, :1]), rates.embedding_dropout, random)
        for name in self._model.layer_names():
            recurrent = _drop(weights[f"{name}/recurrent_kernel"], rates.recurrent_dropout, random)
            bias = weights[f"{name}/bias"]  # gates in the order i, f, c, o, as Keras has them
            parts = (weights[f"{name}/kernel"].T, recurrent.T, bias, torch.zeros_like(bias))
            parts = [part.to(kind).contiguous() for part in parts]
            zero = torch.zeros(1, len(states), self._model.units, dtype=kind, device=self._device)
            states, _, _ = torch.lstm(
                states.to(kind), (zero, zero), parts, True, 1, 0.0, random is not None, False, True
            )
            states = _drop(states.float(), rates.output_dropout, random)
        logits = states @ weights["dense/kernel"] + weights["dense/bias"]
        if not self._model.columns:
            return logits
        hidden = states @ weights["gate/hidden/kernel"] + weights["gate/hidden/bias"]
        hidden = torch.tanh(hidden + _sums(weights["gate/embeddings"], rows[..., GATE_COLUMNS], GATE_OFFSETS))
        gate = hidden @ weights["gate/dense/kernel"] + weights["gate/dense/bias"]
        return _mixture(logits, gate, rows[..., COPY_COLUMNS])


def _sums(table: torch.Tensor, rows: torch.Tensor, offsets: Any) -> torch.Tensor:
    """Rows of a table added up, `(batch, time, features)`; `rows` are `(batch, time, rows of a sum)`."""
    places = (rows + torch.as_tensor(offsets, device=rows.device)).flatten(0, 1)
    return functional.embedding_bag(places, table, mode="sum").view(*rows.shape[:2], -1)


def _mixture(logits: torch.Tensor, gate: torch.Tensor, copies: torch.Tensor) -> torch.Tensor:
    """Logarithms of a network's probabilities mixed with copies: `abclm.models.lstm.structure.mixture`."""
    there = copies > 0
    shares = torch.cat([gate[..., :1], gate[..., 1:].masked_fill(~there, -torch.inf)], -1).log_softmax(-1)
    copied = torch.zeros_like(logits).scatter_add(
        -1, (copies - 1).clamp(min=0), shares[..., 1:].exp() * there
    )
    network = logits.log_softmax(-1) + shares[..., :1]
    return network + functional.softplus(torch.log(copied + 1e-30) - network)


def _array(values: torch.Tensor) -> Any:
    return values.detach().cpu().numpy().copy()


def _drop(values: torch.Tensor, rate: float, random: torch.Generator | None) -> torch.Tensor:
    """Zero a share of the values and scale up the rest."""
    if not rate:
        return values
    return values * (torch.rand(values.shape, generator=random, device=values.device) >= rate) / (1 - rate)
