"""Turn a model and tunes into a model that predicts such tunes better: the training loop."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.errors import CorpusError, ModelError
from abclm.evaluation.bulk import Evaluation, Evaluator
from abclm.networks import build_network, weights_of
from abclm.training_config import TrainingConfig as TrainingConfig
from abclm.training_progress import Meter
from abclm.training_progress import Progress as Progress
from abclm.training_record import training_record
from abclm.training_step import compiled_step
from abclm.windows import batches_per_epoch, epoch_batches

if TYPE_CHECKING:
    from abclm.corpora import Corpus
    from abclm.language_model import LanguageModel

_log = logging.getLogger(__name__)


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
    return "\n" + corpus.text


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
        steps_per_epoch = batches_per_epoch(len(self.ids), config.sequence_length, config.batch_size)
        self.total_steps = config.total_steps(steps_per_epoch)
        self.network = build_network(lm.config, len(lm.vocabulary), lm.weights)
        self.train_step = compiled_step(self.network, config)
        self.evaluator = None
        if validation is not None:
            self.evaluator = Evaluator(self.network, lm.vocabulary, validation.tunes)
        self.meter = Meter()
        self.epoch = self.kept_epoch = 0
        self.measured: Evaluation | None = None  # last
        self.kept: Evaluation | None = None  # best
        self.history: list[dict[str, Any]] = []
        self.record = training_record(config, corpus, validation, lm.metadata.get("training"))

    def loop(self) -> None:
        """Train to the end, or until `patience` is used up."""
        patience = self.config.patience if self.evaluator else None
        while self.meter.steps < self.total_steps:
            self.epoch += 1
            loss = self._run_epoch()
            self._end_epoch(loss)
            if patience and self.epoch - self.kept_epoch >= patience:
                return

    def keep_what_there_is(self) -> None:
        """Keep the latest weights where no better ones are known."""
        if self.meter.steps and self.kept is None:
            self._keep()
            self._save()

    def _run_epoch(self) -> float:
        losses: list[float] = []
        batches = epoch_batches(
            self.ids,
            sequence_length=self.config.sequence_length,
            batch_size=self.config.batch_size,
            seed=self.config.seed,
            epoch=self.epoch - 1,
        )
        self.meter.start()
        for inputs, targets in batches.take(self.total_steps - self.meter.steps):
            step = self.meter.steps
            learning_rate = self.config.learning_rate_at(step, self.total_steps)
            loss = float(self.train_step(inputs, targets, step, learning_rate))
            if not math.isfinite(loss):
                raise self._lost(f"the loss became {loss} at step {step + 1}", learning_rate)
            losses.append(loss)
            self.meter.count(loss, math.prod(inputs.shape))
            self._report(is_epoch_end=False)
        return float(np.mean(losses))

    def _end_epoch(self, loss: float) -> None:
        learning_rate = self.config.learning_rate_at(self.meter.steps - 1, self.total_steps)
        entry: dict[str, Any] = {
            "epoch": self.epoch,
            "steps": self.meter.steps,
            "loss": loss,
            "bits_per_character": loss / math.log(2),
            "learning_rate": learning_rate,
            "characters_per_second": self.meter.characters_per_second,
        }
        self.history.append(entry)
        if self.evaluator is None:
            self._keep()
        else:
            self.measured = measured = self.evaluator()
            if not math.isfinite(measured.bits_per_character):
                raise self._lost(f"the weights broke at step {self.meter.steps}", learning_rate)
            entry["validation_bits_per_character"] = measured.bits_per_character
            entry["validation_bits_per_tune"] = measured.bits_per_tune
            if self.kept is None or measured.bits_per_character < self.kept.bits_per_character:
                self.kept = measured
                self._keep()
        self._save()
        self._report(is_epoch_end=True)

    def _keep(self) -> None:
        """Give the model the weights as they are now."""
        weights = weights_of(self.network)
        if not all(np.isfinite(weight).all() for weight in weights.values()):
            step = self.meter.steps
            rate = self.config.learning_rate_at(step - 1, self.total_steps)
            raise self._lost(f"the weights broke at step {step}", rate)
        self.lm.weights = weights
        self.kept_epoch = self.epoch
        self.record["steps"] = self.meter.steps
        if self.kept:
            self.record["held_out"] = self.kept.to_dict()

    def _save(self) -> None:
        self.lm.metadata = {**self.lm.metadata, "training": self.record}
        self.lm.history = list(self.history)
        if self.folder is not None:
            self.lm.save(self.folder)

    def _report(self, is_epoch_end: bool) -> None:
        self.progress(
            Progress(
                step=self.meter.steps,
                total_steps=self.total_steps,
                epoch=self.epoch,
                is_epoch_end=is_epoch_end,
                loss=self.meter.loss,
                characters_per_second=self.meter.characters_per_second,
                seconds_left=self.meter.seconds_left(self.total_steps - self.meter.steps),
                validation=self.measured,
            )
        )

    def _lost(self, what: str, learning_rate: float) -> ModelError:
        steps = self.record.get("steps")
        kept = "the model is as it was before" if steps is None else f"the weights of step {steps} were kept"
        return ModelError(
            f"{what} of {self.total_steps}, at a learning rate of {learning_rate:g}; {kept}; "
            "try a lower learning rate, or clip_norm=1"
        )


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
