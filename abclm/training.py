"""Turn a model and tunes into a model that predicts such tunes better: the training loop."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import platform
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from abclm._version import VERSION
from abclm.errors import CorpusError, ModelError
from abclm.evaluation.bulk import Evaluation, Evaluator
from abclm.networks import Dropout, Network, build_network, weights_of
from abclm.training_config import TrainingConfig as TrainingConfig
from abclm.windows import batches_per_epoch, epoch_batches

if TYPE_CHECKING:
    from abclm.corpora import Corpus
    from abclm.language_model import LanguageModel

_RECENT_STEPS = 20  # the loss that is shown is their mean
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands, after a step or, with a new `validation`, after an epoch.

    Args:
        step: steps done.
        total_steps: steps of the whole run.
        epoch: the epoch under way, counted from 1.
        loss: mean nats per character over the last steps.
        bits_per_character: the same in bits.
        characters_per_second: training speed without start-up and evaluation; None after one step.
        seconds_left: at that speed, evaluation not counted; None after one step.
        validation: the last held-out figures.
    """

    step: int
    total_steps: int
    epoch: int
    loss: float
    bits_per_character: float
    characters_per_second: float | None
    seconds_left: float | None
    validation: Evaluation | None


def train(
    lm: LanguageModel,
    corpus: Corpus,
    validation: Corpus | None = None,
    config: TrainingConfig | None = None,
    *,
    normalize: bool = True,
    folder: str | os.PathLike[str] | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> LanguageModel:
    """Train a model, in place.

    After each epoch the held-out tunes are measured and the best weights so far are kept; without
    held-out tunes, the latest. Ctrl-C, and SIGTERM in the main thread, end a run early: the model then has
    the best weights (before any were measured, the latest), and so has the folder.

    Args:
        lm: the model; training goes on from its weights.
        corpus: tunes to learn from.
        validation: tunes to measure on, none of them in `corpus`.
        config: how to train; by default as the paper does.
        normalize: bring the tunes to the canonical form first; False says that they have it.
        folder: where to save the model each time its kept weights change.
        progress: called after each step and each epoch.

    Returns:
        `lm`, with the kept weights, a `history` entry for each epoch, and `metadata` that says how.

    Raises:
        ConfigError: too little text for one window.
        CorpusError: no tune could be used.
        VocabularyError: a tune has a character that the vocabulary lacks.
        ModelError: the loss was no longer a number; what was kept before it stays.
        KeyboardInterrupt: the run was ended early, after the model was kept.
    """
    config = config or TrainingConfig()
    if normalize:
        corpus = corpus.normalize()
        validation = None if validation is None else validation.normalize()
    run = _Run(lm, corpus, validation, config, folder, progress)
    with _terminated_like_interrupted():
        try:
            run.loop()
        except KeyboardInterrupt:
            run.keep_what_there_is()
            raise
    return lm


def fine_tune(
    lm: LanguageModel,
    corpus: Corpus,
    validation: Corpus | None = None,
    config: TrainingConfig | None = None,
    *,
    normalize: bool = True,
    **options: Any,
) -> LanguageModel:
    """Go on training on other tunes, of which there may be few.

    Args:
        lm: the model to start from; it stays as it was.
        corpus: tunes to learn from; where they are shorter than a window, the window is made shorter.
        validation: tunes to measure on, none of them in `corpus`.
        config: how to train; by default `TrainingConfig.for_fine_tuning()`.
        normalize: bring the tunes to the canonical form first; False says that they have it.
        **options: `folder` and `progress`, as for `train`.

    Returns:
        A new model; the errors are those of `train`.
    """
    config = config or TrainingConfig.for_fine_tuning()
    if normalize:
        corpus = corpus.normalize()
        validation = None if validation is None else validation.normalize()
    characters = len(training_text(corpus))
    if characters <= config.sequence_length:
        _log.warning("the tunes have %d characters: windows are %d long", characters, characters - 1)
        config = replace(config, sequence_length=characters - 1)
    return train(lm.copy(), corpus, validation, config, normalize=False, **options)


def training_text(corpus: Corpus) -> str:
    """Join the canonical tunes: a newline first, so that every tune, the first too, begins after one.

    Raises:
        CorpusError: there are no tunes.
    """
    if not corpus.tunes:
        raise CorpusError(f"{corpus.name}: no tune can be used for training; see abclm check")
    return "\n" + "".join(tune.text for tune in corpus.tunes)


def compiled_step(network: Network, config: TrainingConfig) -> Callable[..., Any]:
    """Make the function of one optimizer step.

    Args:
        network: what is trained.
        config: rates of dropout and decay, clipping and seed.

    Returns:
        A function of inputs and targets, uint8 `(batch, time)`, the step's number and its learning
        rate, which changes the network and returns the loss: mean nats per character.
    """
    variables = network.trainable_variables
    optimizer = keras.optimizers.AdamW(
        config.learning_rate, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm
    )  # without decay, AdamW is Adam
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(variables)
    drops = config.embedding_dropout or config.output_dropout

    def step(inputs: Any, targets: Any, number: Any, learning_rate: Any) -> Any:
        # From (seed, step) alone, so that a step drops the same whenever it is run.
        seed = tf.stack([config.seed, number])
        dropout = Dropout(config.embedding_dropout, config.output_dropout, seed) if drops else None
        optimizer.learning_rate.assign(learning_rate)
        with tf.GradientTape() as tape:
            logits = tf.cast(network.logits(inputs, dropout), tf.float32)  # (batch, time, vocabulary)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(targets, tf.int32), logits)
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    text = tf.TensorSpec([None, None], tf.uint8)
    signature = [text, text, tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)]
    return tf.function(step, input_signature=signature)  # type: ignore[no-any-return]


class _Run:
    """One run of the training loop: the network, the figures so far, and what is kept."""

    def __init__(
        self,
        lm: LanguageModel,
        corpus: Corpus,
        validation: Corpus | None,
        config: TrainingConfig,
        folder: str | os.PathLike[str] | None,
        progress: Callable[[Progress], object] | None,
    ) -> None:
        self.lm, self.config, self.folder = lm, config, folder
        self.progress = progress or (lambda _: None)
        self.ids = lm.vocabulary.encode(training_text(corpus))
        self.steps_per_epoch = batches_per_epoch(len(self.ids), config.sequence_length, config.batch_size)
        self.total_steps = config.total_steps(self.steps_per_epoch)
        self.network = build_network(lm.config, len(lm.vocabulary), lm.weights)
        self.train_step = compiled_step(self.network, config)
        self.evaluator = (
            Evaluator(self.network, lm.vocabulary, validation.tunes) if validation is not None else None
        )
        self.validation: Evaluation | None = None
        self.best: Evaluation | None = None
        self.best_epoch = 0
        self.step = self.epoch = 0
        self.losses: deque[float] = deque(maxlen=_RECENT_STEPS)
        self.characters, self.seconds = 0, 0.0  # without the first step, which compiles
        self.history: list[dict[str, Any]] = []
        self.about = _about(lm, corpus, validation, config)

    def loop(self) -> None:
        """Train to the end, or until `patience` is used up."""
        while self.step < self.total_steps:
            self.epoch += 1
            losses = self._run_epoch()
            self._end_epoch(float(np.mean(losses)))
            if self.config.patience and self.best and self.epoch - self.best_epoch >= self.config.patience:
                return

    def keep_what_there_is(self) -> None:
        """Keep the latest weights where no better ones are known."""
        if self.step and self.best is None:
            self._keep()
        elif self.best is not None:
            self._save()

    def _run_epoch(self) -> list[float]:
        losses: list[float] = []
        batches = epoch_batches(
            self.ids,
            sequence_length=self.config.sequence_length,
            batch_size=self.config.batch_size,
            seed=self.config.seed,
            epoch=self.epoch - 1,
        )
        started = time.perf_counter()
        for inputs, targets in batches.take(self.total_steps - self.step):
            learning_rate = self.config.learning_rate_at(self.step, self.total_steps)
            loss = float(self.train_step(inputs, targets, self.step, learning_rate))
            if not math.isfinite(loss):
                raise ModelError(self._lost(loss, learning_rate))
            losses.append(loss)
            self.losses.append(loss)
            now = time.perf_counter()
            if self.step:
                self.characters += math.prod(inputs.shape)
                self.seconds += now - started
            started = now
            self.step += 1
            self.progress(self._now())
        return losses

    def _end_epoch(self, loss: float) -> None:
        entry: dict[str, Any] = {
            "epoch": self.epoch,
            "step": self.step,
            "loss": loss,
            "bits_per_character": loss / math.log(2),
            "learning_rate": self.config.learning_rate_at(self.step - 1, self.total_steps),
            "characters_per_second": self._now().characters_per_second,
        }
        if self.evaluator:
            self.validation = self.evaluator()
            entry["validation_bits_per_character"] = self.validation.bits_per_character
            entry["validation_bits_per_tune"] = self.validation.bits_per_tune
        self.history.append(entry)
        better = self.best is None or (
            self.validation is not None and self.validation.bits_per_character < self.best.bits_per_character
        )
        if better:
            self.best, self.best_epoch = self.validation, self.epoch
            self._keep()
        else:
            self._save()
        self.progress(self._now())

    def _keep(self) -> None:
        self.lm.weights = weights_of(self.network)
        self.about["steps"] = self.step
        if self.best:
            self.about["held_out"] = self.best.to_dict()
        self._save()

    def _save(self) -> None:
        self.lm.metadata = {**self.lm.metadata, "training": self.about}
        self.lm.history = [*self.history]
        if self.folder is not None:
            self.lm.save(self.folder)

    def _now(self) -> Progress:
        speed = self.characters / self.seconds if self.seconds else None
        loss = float(np.mean(self.losses))
        left = None
        if speed:
            done = self.characters / (self.step - 1)  # characters a step
            left = (self.total_steps - self.step) * done / speed
        return Progress(
            step=self.step,
            total_steps=self.total_steps,
            epoch=self.epoch,
            loss=loss,
            bits_per_character=loss / math.log(2),
            characters_per_second=speed,
            seconds_left=left,
            validation=self.validation,
        )

    def _lost(self, loss: float, learning_rate: float) -> str:
        kept = f"the model keeps its weights of step {self.about['steps']}" if "steps" in self.about else ""
        return (
            f"the loss became {loss} at step {self.step + 1} of {self.total_steps}, learning rate "
            f"{learning_rate:g}; {kept or 'the model is as it was before'}; "
            "try a lower learning rate, or clip_norm=1"
        )


def _about(
    lm: LanguageModel, corpus: Corpus, validation: Corpus | None, config: TrainingConfig
) -> dict[str, Any]:
    """What a model folder says of how its model was trained."""
    about: dict[str, Any] = {
        "config": asdict(config),
        "corpus": _summary(corpus),
        "validation": _summary(validation) if validation is not None else None,
        "versions": {
            "abclm": VERSION,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
    if earlier := lm.metadata.get("training"):
        about["went_on_from"] = earlier
    return about


def _summary(corpus: Corpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "tunes": len(corpus.tunes),
        "characters": sum(len(tune.text) for tune in corpus.tunes),
        "checksum": corpus.checksum,
    }


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Make SIGTERM raise KeyboardInterrupt; only a main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
