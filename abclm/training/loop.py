"""Turn tunes and a model into trained weights, step by step: where a run stands, and what it leaves on the disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.epochs import Feed
from abclm.datasets.keys import PieceKeys
from abclm.datasets.window_feed import WindowFeed
from abclm.errors import ConfigError, ModelError
from abclm.models.history import History
from abclm.models.told import ToldCounts
from abclm.models.vae.config import VAEConfig
from abclm.tokenizers.characters import as_characters
from abclm.tokenizers.pieces import as_piece_tokenizer
from abclm.training.callbacks import Callbacks
from abclm.training.checkpoint import FOLDER
from abclm.training.config import TrainingConfig
from abclm.training.folder import RunFolder
from abclm.training.held_out import HeldOut, HeldOutFigures, HeldOutWindows, told_encoder
from abclm.training.progress import Meter, Progress
from abclm.training.record import check_same_run, identity_of, training_record
from abclm.training.step import FrameStep, TrainingStep
from abclm.training.stopping import Stopping
from abclm.training.workers import Workers

if TYPE_CHECKING:
    import keras

    from abclm.analysis.novelty import NoveltyIndex
    from abclm.models.model import Model

_CURVE_POINTS = 300


class Run:
    """One run of the training loop: where it stands, the figures so far, and what is kept."""

    def __init__(
        self,
        lm: Model,
        corpus: EncodedCorpus,
        validation: EncodedCorpus | None,
        config: TrainingConfig,
        folder: RunFolder,
        workers: Workers,
        callbacks: Sequence[keras.callbacks.Callback],
        progress: Callable[[Progress], object],
        tuning: bool = False,
        old: EncodedCorpus | None = None,
        backend: Callable[..., Any] | None = None,
    ) -> None:
        self.lm, self.corpus, self.config, self.folder = lm, corpus, config, folder
        self.workers, self.progress = workers, progress
        window = lm.config.window_length
        keys = None
        if window is not None and config.transposition:
            keys = PieceKeys(as_piece_tokenizer(lm.tokenizer), config.transposition, config.seed)
        self.feed: Feed | WindowFeed = WindowFeed(
            corpus, window, lm.config.tokens_ahead, config.batch_size, config.seed, keys
        ) if window is not None else Feed(
            corpus, lm.tokenizer, sequence_length=config.sequence_length, batch_size=config.batch_size,
            seed=config.seed, whole_tunes=config.whole_tunes, transposition=config.transposition,
            structure=lm.config.columns > 0,
        )  # fmt: skip
        self.total_steps = config.total_steps(self.feed.steps_per_epoch)
        workers.check(self.feed.windows)
        self.identity = identity_of(lm, config, corpus, validation)
        batch_shape = self.feed.windows, self.feed.predictions
        has_frames = isinstance(lm.config, VAEConfig)
        make_step = backend or (FrameStep if has_frames else TrainingStep)
        self.step = make_step(lm, config, batch_shape, workers)
        self.tuning = tuning  # what the model could do before counts, too
        self.callbacks = Callbacks(callbacks, self.step, config.epochs, self.feed.steps_per_epoch)
        self.stopping = Stopping()
        self.meter = Meter()
        self.epochs = self.batch = 0  # done, the second in the epoch that is under way
        self.epoch_loss = 0.0  # sum over these
        self.measured: HeldOutFigures | None = None  # last
        self.old: HeldOutFigures | None = None  # last
        self.kept: HeldOutFigures | None = None  # best
        self.kept_epoch = 0
        self.history: list[dict[str, Any]] = []
        self.curve: list[tuple[int, float]] = []  # step and loss, some hundreds for the picture
        self.record = training_record(config, corpus, validation, lm)
        self.record["versions"] |= self.step.versions
        encode = None
        if lm.config.columns:
            encode = told_encoder(
                as_characters(lm.tokenizer), ToldCounts.in_metadata({"training": self.record})
            )
        nats = self.step.nats
        self.held_out, self.old_tunes = (
            None
            if each is None
            else HeldOutWindows(nats, each, workers, window, lm.config.tokens_ahead if has_frames else 1)
            if window is not None
            else HeldOut(nats, each, workers, encode)
            for each in (validation, old)
        )
        self.index = _joined(lm, corpus.index)

    def loop(self) -> None:
        """Train to the end, or until `patience` is used up or a callback asks to stop."""
        self._check_workers_agree()
        self.step.share()
        if self.tuning and "before" not in self.record:
            self._measure_before()
        self.callbacks.begin(self.epochs)
        while self.batch or not self._is_over():
            self._run_epoch()
            self._end_epoch()
        self.callbacks.end()
        if self.callbacks and self.held_out is None:  # which may have brought back weights of their choice
            self._keep()
            self._save()
        self.folder.write_history(self.history, self.curve, draw=True)

    def take_up(self) -> None:
        """Stand where the run stood that left its state in the folder, if there is one."""
        found = self.folder.read()
        if found is None:
            return
        state, tensors = found.state, found.tensors
        assert self.folder.path is not None
        check_same_run(self.folder.path, state["identity"], self.identity)
        self.step.set_weights(_under("weights", tensors))
        optimizer = _under("optimizer", tensors)
        self.step.set_optimizer_state({int(place): value for place, value in optimizer.items()})
        self.meter = Meter(state["step"], state["recent_losses"])
        self.epochs, self.batch, self.epoch_loss = state["epochs"], state["batch"], state["epoch_loss"]
        self.callbacks.rate_factor = state["rate_factor"]
        self.history, self.curve = list(state["history"]), list(state["curve"])
        self.record = {**state["record"], "config": self.record["config"]}
        self.measured, self.kept = _figures(state["measured"]), _figures(state["kept"])
        self.old = _figures(state["old"])
        self.kept_epoch = state["kept_epoch"]
        if self.record.get("steps") is not None:
            self.lm.weights = _under("kept", tensors) or self.step.weights()
            self.lm.novelty_index = self.index
            self._save()  # the last run may have been killed before it could

    def keep_what_there_is(self) -> None:
        """Keep the latest weights where no better ones are known, and what is needed to go on."""
        if self.meter.steps and not self.stopping.is_within:
            self._checkpoint()
            if self.record.get("steps") is None:
                self._keep()
                self._save()
            self.folder.write_history(self.history, self.curve, draw=True)

    def _is_over(self) -> bool:
        patience = self.config.patience if self.held_out else None
        is_patient = not patience or self.epochs - self.kept_epoch < patience
        is_done = self.meter.steps >= self.total_steps
        return is_done or not is_patient or self._forgets() or self.callbacks.want_to_stop

    def _measure_before(self) -> None:
        """Measure what the model can do before a step is done; where none does better, it stays as it is."""
        self.kept = self.measured = self.held_out() if self.held_out else None
        self.old = self.old_tunes() if self.old_tunes else None
        self.record["before"] = {
            name: asdict(figures)
            for name, figures in (("held_out", self.kept), ("old", self.old))
            if figures is not None
        }
        if self.kept is not None:
            self.record |= {"steps": 0, "held_out": asdict(self.kept)}
            if self.old is not None:
                self.record["old"] = asdict(self.old)

    def _forgets(self) -> bool:
        """Whether the tunes that the model knew before take too many bits by now."""
        if self.config.forgetting is None or self.old is None:
            return False
        before: float = self.record["before"]["old"]["bits_per_tune"]
        return self.old.bits_per_tune > (1 + self.config.forgetting) * before

    def _run_epoch(self) -> None:
        batches = self.feed.batches(self.epochs, self.batch, self.workers.part)
        self.callbacks.begin_epoch(self.epochs)
        self.meter.start()
        for inputs, targets in batches.take(self.total_steps - self.meter.steps):
            learning_rate = self._learning_rate()
            self.callbacks.begin_batch(self.batch)
            with self.stopping.whole():
                loss = self.step(inputs, targets, self.meter.steps, learning_rate)
                if not math.isfinite(loss):
                    raise self._lost(f"the loss became {loss} at step {self.meter.steps + 1}", learning_rate)
                self.meter.count(loss, self.step.characters)
                self.batch += 1
                self.epoch_loss += loss
                if self.meter.steps % max(1, self.total_steps // _CURVE_POINTS) == 0:
                    self.curve.append((self.meter.steps, self.meter.loss))
            self.callbacks.end_batch(self.batch - 1, loss)
            self._report(is_epoch_end=False)
            if self.folder.seconds_since_checkpoint >= 60 * self.config.checkpoint_minutes:
                with self.stopping.whole():
                    self._checkpoint()
                self.meter.start()
            if self.callbacks.want_to_stop:
                return

    def _end_epoch(self) -> None:
        with self.step.averaged():
            measured = self.held_out() if self.held_out else None
            old = self.old_tunes() if self.old_tunes else None
        learning_rate = self._learning_rate(self.meter.steps - 1)
        if measured and not math.isfinite(measured.bits_per_character):
            raise self._lost(f"the weights broke at step {self.meter.steps}", learning_rate)
        loss = self.epoch_loss / self.batch
        entry: dict[str, Any] = {
            "epoch": self.epochs + 1,
            "steps": self.meter.steps,
            "loss": loss,
            "bits_per_character": loss / math.log(2),
            "learning_rate": learning_rate,
            "characters_per_second": self.meter.characters_per_second,
        }
        if measured:
            entry["validation_bits_per_character"] = measured.bits_per_character
            entry["validation_bits_per_tune"] = measured.bits_per_tune
            entry["validation_accuracy"] = measured.accuracy
        if old:
            entry["old_bits_per_character"] = old.bits_per_character
            entry["old_bits_per_tune"] = old.bits_per_tune
        self.callbacks.end_epoch(self.epochs, entry)
        with self.stopping.whole():
            self.measured, self.old = measured, old
            self.history.append(entry)
            self.epochs, self.batch, self.epoch_loss = self.epochs + 1, 0, 0.0
            is_best = self.kept is None or (
                measured is not None and measured.bits_per_character < self.kept.bits_per_character
            )
            if is_best and not self._forgets():
                self.kept = measured
                self._keep()
            self._checkpoint()  # before the model: a model without a state could not go on
            self._save()
        self.folder.write_history(self.history, self.curve)
        self._report(is_epoch_end=True)

    def _learning_rate(self, step: int | None = None) -> float:
        step = self.meter.steps if step is None else step
        return self.config.learning_rate_at(step, self.total_steps) * self.callbacks.rate_factor

    def _keep(self) -> None:
        """Give the model the weights as they are now, or their averages."""
        with self.step.averaged():
            self.lm.weights = self._weights()
        self.lm.novelty_index = self.index
        self.kept_epoch = self.epochs
        self.record["steps"] = self.meter.steps
        if self.kept:
            self.record["held_out"] = asdict(self.kept)
        if self.old:
            self.record["old"] = asdict(self.old)

    def _weights(self) -> dict[str, Any]:
        weights = self.step.weights()
        if not all(np.isfinite(weight).all() for weight in weights.values()):
            step = self.meter.steps
            raise self._lost(f"the weights broke at step {step}", self._learning_rate(step - 1))
        return weights

    def _save(self) -> None:
        """Write the model, as it is kept."""
        self.lm.metadata = {**self.lm.metadata, "training": self.record}
        self.lm.history = History(self.history)
        self.folder.save(self.lm)

    def _checkpoint(self) -> None:
        """Write what is needed to go on from here."""
        step = self.meter.steps
        if not self.folder.is_due(step, within_epoch=self.batch > 0):
            return
        tensors = {f"weights/{name}": weight for name, weight in self._weights().items()}
        optimizer = self.step.optimizer_state()
        tensors |= {f"optimizer/{place}": value for place, value in enumerate(optimizer)}
        steps_kept = self.record.get("steps")
        if steps_kept is not None and (steps_kept != step or self.config.averaging):
            tensors |= {f"kept/{name}": weight for name, weight in self.lm.weights.items()}
        state = {
            "identity": self.identity,
            "step": step,
            "recent_losses": list(self.meter.recent),
            "epochs": self.epochs,
            "batch": self.batch,
            "epoch_loss": self.epoch_loss,
            "rate_factor": self.callbacks.rate_factor,
            "history": self.history,
            "curve": self.curve,
            "record": self.record,
            "measured": self.measured and asdict(self.measured),
            "old": self.old and asdict(self.old),
            "kept": self.kept and asdict(self.kept),
            "kept_epoch": self.kept_epoch,
        }
        self.folder.write(state, tensors)

    def _check_workers_agree(self) -> None:
        """Workers that train on different tunes, or from different states, would spoil each other's work."""
        told = self.workers.gather([self.meter.steps, int(self.identity["digest"][:12], 16)])
        if (told != told[0]).any():
            what = "steps" if (told[:, 0] != told[0, 0]).any() else "settings or tunes"
            raise ConfigError(
                f"the workers don't begin with the same {what}; give all of them the same command, tunes and "
                f"a copy of the same {FOLDER}"
            )

    def _report(self, is_epoch_end: bool) -> None:
        self.progress(
            Progress(
                step=self.meter.steps,
                total_steps=self.total_steps,
                epoch=self.epochs if is_epoch_end else self.epochs + 1,
                is_epoch_end=is_epoch_end,
                loss=self.meter.loss,
                characters_per_second=self.meter.characters_per_second,
                seconds_left=self.meter.seconds_left(self.total_steps - self.meter.steps),
                validation=self.measured,
                old=self.old,
            )
        )

    def _lost(self, what: str, learning_rate: float) -> ModelError:
        steps = self.record.get("steps")
        kept = "the model is as it was before" if steps is None else f"the weights of step {steps} were kept"
        return ModelError(
            f"{what} of {self.total_steps}, at a learning rate of {learning_rate:g}; {kept}; "
            f"{self.folder.last_checkpoint()}; try a lower learning rate, or clip_norm=1"
        )


def _under(head: str, tensors: Any) -> dict[str, Any]:
    """The tensors of one kind, by the names they have in it."""
    parts = ((name.split("/", 1), value) for name, value in tensors.items())
    return {rest: value for (first, rest), value in parts if first == head}


def _joined(lm: Model, learned: NoveltyIndex | None) -> NoveltyIndex | None:
    """The index of all tunes that a model was trained on; None where some of them are not known."""
    if learned is None or (lm.novelty_index is None and "training" in lm.metadata):
        return None
    return learned if lm.novelty_index is None else lm.novelty_index + learned


def _figures(figures: dict[str, Any] | None) -> HeldOutFigures | None:
    return None if figures is None else HeldOutFigures(**figures)
