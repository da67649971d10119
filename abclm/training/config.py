"""Turn the choices of a training run into one checked value, and into JSON and back."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from abclm.errors import ConfigError

OPTIMIZERS = ("adam", "adagrad", "adadelta", "adamax", "nadam", "rmsprop", "sgd")
SCHEDULES = ("constant", "cosine")
PRECISIONS = ("float32", "bfloat16")
_SEEDS = 2**31  # what both NumPy and TensorFlow take


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How to train; the defaults are the paper's, which has no dropout, decay or clipping.

    Args:
        sequence_length: characters of a window, 1 or more.
        batch_size: windows of a step, 1 or more.
        optimizer: `"adam"`, `"adagrad"`, `"adadelta"`, `"adamax"`, `"nadam"`, `"rmsprop"` or `"sgd"`, as Keras has them.
        learning_rate: the optimizer's step size at the start, above 0.
        schedule: `"constant"`, or `"cosine"`: the learning rate falls to 0 along half a cosine.
        warmup_steps: over so many steps at first the learning rate rises to `learning_rate`; 0 or more.
        epochs: passes over the training text, 1 or more.
        steps: where given, stop after so many steps, whatever `epochs` says; 1 or more.
        patience: where given, stop after so many epochs without a better held-out figure; 1 or more.
        clip_norm: where given, scale gradients down to this global norm; above 0.
        embedding_dropout: share of the embedded inputs that is dropped, from 0 to below 1.
        output_dropout: share of each LSTM layer's outputs that is dropped, from 0 to below 1.
        recurrent_dropout: share of the recurrent weights that a step leaves out (Merity et al. 2018, section
            2, DropConnect), from 0 to below 1.
        weight_decay: share of each weight, biases aside, that a step takes off, times the learning
            rate; 0 or more.
        label_smoothing: share of the target's probability that goes to all symbols alike (Szegedy et al. 2016,
            section 7), from 0 to below 1; what is reported as loss is without it.
        averaging: where above 0, what is measured and kept is the average of the weights over the steps, in
            which each step before counts that much of the one after it (Polyak averaging); to below 1.
        whole_tunes: each window begins with a tune, where it can, and the tunes come in another order each
            epoch; else the text is cut anywhere.
        transposition: share of the tunes that an epoch gives in another key, drawn from the keys that the corpus
            has in the tune's mode, as often as it has them; 0 to 1. Tunes have to be canonical.
        seed: of windows, their order and dropout; from 0 to 2**31 - 1.
        forgetting: where given, and the run is told of tunes that the model knew before, an epoch after which they
            take more bits by more than this share is not kept, and ends the run; above 0.
        checkpoint_minutes: between two writings of what `resume` needs, beside those at the end of each
            epoch and of the run; above 0.
        precision: `"float32"`, or `"bfloat16"` on devices that have it: a processor multiplies by the recurrent
            weights in it and does all else in float32, a GPU keeps only weights and losses in float32.

    Raises:
        ConfigError: values out of range, all of them named.
    """

    sequence_length: int = 400
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup_steps: int = 0
    epochs: int = 20
    steps: int | None = None
    patience: int | None = None
    clip_norm: float | None = None
    embedding_dropout: float = 0.0
    output_dropout: float = 0.0
    recurrent_dropout: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    averaging: float = 0.0
    whole_tunes: bool = False
    transposition: float = 0.0
    seed: int = 0
    forgetting: float | None = None
    checkpoint_minutes: float = 10.0
    precision: str = "float32"

    def __post_init__(self) -> None:
        wrong = []
        for name in ("sequence_length", "batch_size", "epochs", "steps", "patience"):
            wrong += self._unless(name, "an integer from 1", lambda value: type(value) is int and value >= 1)
        wrong += self._unless(
            "warmup_steps", "an integer from 0", lambda value: type(value) is int and value >= 0
        )
        for name in ("learning_rate", "clip_norm", "forgetting", "checkpoint_minutes"):
            wrong += self._unless(name, "a number above 0", lambda value: _is_number(value) and value > 0)
        for name in (
            "embedding_dropout",
            "output_dropout",
            "recurrent_dropout",
            "label_smoothing",
            "averaging",
        ):
            wrong += self._unless(
                name, "a number from 0 to below 1", lambda value: _is_number(value) and 0 <= value < 1
            )
        wrong += self._unless(
            "weight_decay", "a number from 0", lambda value: _is_number(value) and value >= 0
        )
        wrong += self._unless(
            "transposition", "a number from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1
        )
        wrong += self._unless("whole_tunes", "true or false", lambda value: type(value) is bool)
        known_names = (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("precision", PRECISIONS))
        for name, known in known_names:
            wrong += self._unless(name, f"one of {', '.join(known)}", known.__contains__)
        wrong += self._unless(
            "seed",
            f"an integer from 0 to {_SEEDS - 1}",
            lambda value: type(value) is int and 0 <= value < _SEEDS,
        )
        if wrong:
            raise ConfigError("; ".join(wrong))

    @classmethod
    def for_fine_tuning(cls, **changes: Any) -> TrainingConfig:
        """What suits going on from a trained model on few tunes: small steps that become smaller.

        Args:
            **changes: fields to set otherwise.
        """
        settings: dict[str, Any] = {
            "sequence_length": 200,
            "batch_size": 8,
            "learning_rate": 2e-4,
            "schedule": "cosine",
            "epochs": 10,
            "patience": 3,
            "clip_norm": 1.0,
            "output_dropout": 0.2,
            "forgetting": 0.02,
        }
        return cls(**{**settings, **changes})

    @classmethod
    def from_json(cls, text: str) -> TrainingConfig:
        """Read what `to_json` wrote; ConfigError where a key is unknown or a value out of range."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"a training config is JSON; this is not: {error}") from None
        if not isinstance(data, dict):
            raise ConfigError("a training config is a JSON object; received something else")
        if unknown := sorted(data.keys() - {each.name for each in fields(cls)}):
            raise ConfigError(f"unknown in a training config: {', '.join(unknown)}")
        return cls(**data)

    def to_json(self) -> str:
        """Return the config as a JSON object."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def total_steps(self, steps_per_epoch: int) -> int:
        """How many steps the run takes where nothing stops it early."""
        return self.steps if self.steps is not None else self.epochs * steps_per_epoch

    def learning_rate_at(self, step: int, total_steps: int) -> float:
        """The learning rate of a step, counted from 0: no state, so that any step can be run again."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / (self.warmup_steps + 1)
        if self.schedule == "constant":
            return self.learning_rate
        done = (step - self.warmup_steps) / max(1, total_steps - self.warmup_steps)
        return self.learning_rate * (1 + math.cos(math.pi * done)) / 2

    def _unless(self, name: str, legal: str, test: Any) -> list[str]:
        """Say what is wrong with a field, if anything; None is legal where it is the default."""
        value = getattr(self, name)
        if (value is None and getattr(type(self), name) is None) or test(value):
            return []
        return [f"{name} is {legal}; received {value!r}"]


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
