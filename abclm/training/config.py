"""Turn the choices of a training run into one checked value, and into JSON and back."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from abclm.errors import ConfigError
from abclm.system.options import documented, option, problems

if TYPE_CHECKING:
    from abclm.models.architecture import Architecture

OPTIMIZERS = ("adam", "adagrad", "adadelta", "adamax", "nadam", "rmsprop", "sgd")
SCHEDULES = ("constant", "cosine")
AUTO = "auto"
PRECISIONS = (AUTO, "float32", "bfloat16")
_MOST_SEED = 2**31 - 1  # what both NumPy and TensorFlow take


@documented
@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How to train; the defaults are the paper's, which has no dropout, decay or clipping.

    Raises:
        ConfigError: values out of range, all of them named.
    """

    sequence_length: int = option(
        400, low=1, group="Training", help="Length of a training window in characters."
    )
    batch_size: int = option(32, low=1, help="Number of windows in a training step.")
    optimizer: str = option("adam", choices=OPTIMIZERS, help="Optimizer, as Keras implements it.")
    learning_rate: float = option(1e-3, above=0, help="Step size of the optimizer, after the warm-up steps.")
    schedule: str = option(
        "constant", choices=SCHEDULES, help="Learning rate over the run; cosine falls to 0 along half a cosine."
    )  # fmt: skip
    warmup_steps: int = option(
        0, low=0, help="Number of steps at the start in which the learning rate rises to its value."
    )
    epochs: int = option(20, low=1, help="Number of passes over the training tunes.")
    steps: int | None = option(
        None, low=1, help="Stop after this number of training steps, whatever epochs says."
    )
    patience: int | None = option(
        None, low=1, help="Stop after this number of epochs without a better figure on the held-out tunes."
    )
    clip_norm: float | None = option(
        None, above=0, help="Scale the gradients down to this global norm when theirs is larger."
    )
    embedding_dropout: float = option(
        0.0, low=0, below=1, group="Regularization", help="Share of the embedded inputs to drop."
    )
    output_dropout: float = option(
        0.0, low=0, below=1, help="Share of each recurrent layer's outputs to drop."
    )
    recurrent_dropout: float = option(
        0.0, low=0, below=1, help="Share of the recurrent weights to leave out in a step (DropConnect)."
    )  # Merity et al. 2018, section 2
    weight_decay: float = option(
        0.0, low=0, help="Share of each weight to subtract in a step, times the learning rate. Biases are left alone."
    )  # fmt: skip
    label_smoothing: float = option(
        0.0, low=0, below=1,
        help="Share of the target's probability to spread over all symbols. The reported loss is without it.",
    )  # fmt: skip  # Szegedy et al. 2016, section 7
    averaging: float = option(
        0.0, low=0, below=1,
        help="Measure and keep a moving average of the weights with this decay, such as 0.99. 0 is off.",
    )  # fmt: skip  # Polyak averaging
    whole_tunes: bool = option(
        False,
        group="Tunes and run",
        help="Begin each window with a tune where possible, and shuffle the tunes in each epoch. Otherwise the text "
        "is cut anywhere.",
    )
    transposition: float = option(
        0.0, low=0, high=1,
        help="Share of the tunes in an epoch to put in another key. Keys are drawn as often as the corpus has them in "
        "the tune's mode; for MIDI pieces, each as often. Tunes must be canonical.",
    )  # fmt: skip
    seed: int = option(
        0, low=0, high=_MOST_SEED, help="Random seed for initial weights, split, window order and dropout."
    )
    forgetting: float | None = option(
        None, above=0,
        help="Stop when the loss on the old tunes has risen by more than this share; that epoch is discarded.",
    )  # fmt: skip
    checkpoint_minutes: float = option(
        10.0, above=0,
        help="Minutes between checkpoints, from which resume continues. There is also one at the end of each epoch.",
    )  # fmt: skip
    precision: str = option(
        AUTO, choices=PRECISIONS,
        help="Number format of matrix products. auto takes bfloat16 for an LSTM of 256 units or more on a processor that "
        "has it, and float32 otherwise.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if wrong := list(problems(self)):
            raise ConfigError("; ".join(wrong))

    @classmethod
    def for_model(
        cls, architecture: type[Architecture] | Architecture, of_pieces: bool, **changes: Any
    ) -> TrainingConfig:
        """What suits a new model: the settings of its paper, or for an LSTM or GRU of MIDI pieces those that do better.

        Args:
            architecture: of the model.
            of_pieces: whether it is a model of MIDI pieces, not of tunes.
            **changes: fields to set otherwise.
        """
        return cls(**{**architecture.recipe(of_pieces), **changes})

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
