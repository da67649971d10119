"""Turn a model and tunes into a model that predicts such tunes better: training and fine-tuning."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tensorflow as tf

from abclm.corpora.corpus import Corpus
from abclm.corpora.pieces import Pieces
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.pieces import encode_pieces
from abclm.datasets.windows import windows_per_epoch
from abclm.errors import Cancelled, ConfigError, ModelError
from abclm.models.model import Model
from abclm.system.words import counted
from abclm.tokenizers.characters import CharacterTokenizer, as_characters
from abclm.tokenizers.pieces import PieceTokenizer, as_piece_tokenizer, words_for
from abclm.training.config import AUTO, TrainingConfig
from abclm.training.folder import RunFolder
from abclm.training.loop import Run
from abclm.training.progress import Progress
from abclm.training.record import as_start
from abclm.training.stopping import Stopping
from abclm.training.workers import Workers, find_workers, lost_worker, settled_precision

if TYPE_CHECKING:
    import keras

AnyModel = TypeVar("AnyModel", bound=Model)

_log = logging.getLogger(__name__)

_STEPS_PER_EPOCH, _STEPS_THAT_MATTER = 8, 5  # of an epoch of fine-tuning, at least


def train(
    lm: AnyModel,
    corpus: Corpus | Pieces | EncodedCorpus,
    validation: Corpus | Pieces | EncodedCorpus | None = None,
    config: TrainingConfig | None = None,
    *,
    normalize: bool = True,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    progress: Callable[[Progress], object] | None = None,
    fit_batch: bool = False,
    backend: Callable[..., Any] | None = None,
) -> AnyModel:
    """Train a model, in place.

    After each epoch the held-out tunes are measured and the best weights so far are kept; without
    held-out tunes, the latest. Ctrl-C, and SIGTERM in the main thread, end a run early, between two
    steps: the model then has the best weights (before any were measured, the latest), and so has the
    folder.

    Where TF_CONFIG names several workers, each runs the same and takes its part of every batch; so do
    the GPUs of one machine, where it has several.

    Args:
        lm: the model; training goes on from its weights.
        corpus: tunes to learn from; for a model of MIDI pieces, pieces.
        validation: tunes or pieces to measure on, none of them in `corpus`.
        config: how to train; by default `TrainingConfig.for_model`.
        normalize: bring the tunes to the canonical form first; False says that they have it.
        folder: where to save the model each time its kept weights change, and in `training_state/` what
            `resume` needs.
        resume: go on with the run whose state `folder` holds, to the very weights that it would have come
            to; where it holds none, begin.
        callbacks: Keras callbacks; `model` is the network under training.
        progress: called after each step and each epoch.
        fit_batch: take smaller batches where an epoch would have fewer than 8 steps; not if the steps are counted.
        backend: what changes and measures the network, if not Keras: called as `abclm.training.step.TrainingStep` is,
            it gives an object with the same methods. `benchmarks/torch_step.py` has one of PyTorch.

    Returns:
        `lm`, with the kept weights, a `history` entry for each epoch, and `metadata` that says how.

    Raises:
        ConfigError: too little text for one window; or the run to resume was another.
        CorpusError: no tune could be used.
        VocabularyError: a tune has a character that the vocabulary lacks.
        ModelError: the loss was no longer a number, a checkpoint or the model could not be written, another worker
            was lost, or another run is training into the folder; what was kept before it stays.
        KeyboardInterrupt: the run was ended early, after the model was kept.
    """
    of_pieces = isinstance(lm.tokenizer, PieceTokenizer)
    config = config or TrainingConfig.for_model(lm.config, of_pieces)
    return _train(
        lm,
        corpus,
        validation,
        config,
        normalize=normalize,
        folder=folder,
        resume=resume,
        callbacks=callbacks,
        progress=progress,
        fit_batch=fit_batch,
        backend=backend,
    )


def fine_tune(
    lm: AnyModel,
    corpus: Corpus | Pieces | EncodedCorpus,
    validation: Corpus | Pieces | EncodedCorpus | None = None,
    config: TrainingConfig | None = None,
    *,
    old: Corpus | Pieces | EncodedCorpus | None = None,
    normalize: bool = True,
    **options: Any,
) -> AnyModel:
    """Go on training on other tunes, of which there may be few.

    What the model could do before is measured first; where no epoch does better on the held-out tunes, its
    weights stay as they were.

    Args:
        lm: the model to start from; it stays as it was.
        corpus: tunes to learn from; where they are shorter than a window, the window is made shorter, and where an
            epoch would have fewer than 8 steps, batches have fewer windows.
        validation: tunes to measure on, none of them in `corpus`.
        config: how to train; by default `TrainingConfig.for_fine_tuning()`.
        old: tunes like those that the model learned from, to measure what it forgets; `config.forgetting` says how
            much it may. See `abclm.training.forgetting.tunes_held_out_from`.
        normalize: bring the tunes to the canonical form first; False takes them as they are, and gives the new model
            the symbols of theirs that the old one lacks.
        **options: `folder`, `resume`, `callbacks`, `progress` and `backend`, as for `train`.

    Returns:
        A new model; its metadata have, under `training`, the figures before and after. The errors are those of
        `train`.
    """
    config = config or TrainingConfig.for_fine_tuning()
    lm = lm.copy()
    if not normalize and isinstance(lm.tokenizer, CharacterTokenizer):
        texts = [each.text for each in (corpus, validation) if isinstance(each, Corpus)]
        lm = lm.with_tokenizer(as_characters(lm.tokenizer).with_symbols_of("".join(texts)))
    encoded = _encoded(corpus, lm, normalize, indexed=True)
    characters = len(encoded.text)
    if lm.config.window_length is not None:  # which has its own dropout, and predicts one place of a window
        config = replace(config, output_dropout=0.0, sequence_length=1)
    if characters <= config.sequence_length:
        what, unit = words_for(lm.tokenizer)
        _log.warning("the %ss have %d %ss: windows are %d long", what, characters, unit, characters - 1)
        config = replace(config, sequence_length=characters - 1)
    config = _for_few_tunes(config, characters, validation, words_for(lm.tokenizer)[0])
    old = None if old is None else _encoded(old, lm, normalize=True)
    return _train(lm, encoded, validation, config, normalize=normalize, old=old, tuning=True, **options)


def _fitting_batch(size: int, windows: int, least: int = 1) -> int:
    """A batch size, at most the one given, that makes some steps an epoch of so many windows."""
    return min(size, max(least, windows // _STEPS_PER_EPOCH))


def _with_fitting_batch(
    config: TrainingConfig, lm: Model, corpus: EncodedCorpus, workers: Workers
) -> TrainingConfig:
    """Make batches smaller where an epoch would have few steps, and say so; each worker keeps a window."""
    what, unit = words_for(lm.tokenizer)
    windows = corpus.characters
    if lm.config.window_length is None:
        windows = windows_per_epoch(len(corpus.text), config.sequence_length, (what, unit))
    size = _fitting_batch(config.batch_size, windows, workers.count * workers.devices)
    if size < config.batch_size:
        _log.warning(
            "the %ss make %s: batches have %d, not %d, which makes %s an epoch",
            what, counted(windows, "window"), size, config.batch_size, counted(windows // size, "step"),
        )  # fmt: skip
    return replace(config, batch_size=size)


def _for_few_tunes(
    config: TrainingConfig,
    characters: int,
    validation: Corpus | Pieces | EncodedCorpus | None,
    what: str,
) -> TrainingConfig:
    """Make batches small enough for some steps an epoch; say where the run has too few to matter, or to measure by."""
    windows = windows_per_epoch(characters, config.sequence_length)
    config = replace(config, batch_size=_fitting_batch(config.batch_size, windows))
    steps = windows // config.batch_size
    if steps < _STEPS_THAT_MATTER and config.steps is None:
        _log.warning(
            "these %ss make %s an epoch, which change the model little; give more %ss, or more epochs than %d",
            what, counted(steps, "training step"), what, config.epochs,
        )  # fmt: skip
    held_out = (
        0
        if validation is None
        else validation.tunes
        if isinstance(validation, EncodedCorpus)
        else len(validation)
    )
    if held_out == 1:
        _log.warning(
            "one %s is held out: its figures say little; hold out a larger share, or give more %ss",
            what,
            what,
        )
    return config


def _train(
    lm: AnyModel,
    corpus: Corpus | Pieces | EncodedCorpus,
    validation: Corpus | Pieces | EncodedCorpus | None,
    config: TrainingConfig,
    *,
    normalize: bool,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    progress: Callable[[Progress], object] | None = None,
    fit_batch: bool = False,
    tuning: bool = False,
    old: EncodedCorpus | None = None,
    backend: Callable[..., Any] | None = None,
) -> AnyModel:
    if resume and folder is None:
        raise ConfigError("resume goes on with the run in a folder; received no folder")
    workers = find_workers()
    run_folder = RunFolder(None if folder is None else Path(folder), workers.is_chief)
    if backend is None:
        begun = run_folder.precision() if resume else None
        config = settled_precision(config, lm.config, workers, begun)
    elif callbacks:
        raise ConfigError("Keras callbacks are for Keras' own backend; leave out callbacks or backend")
    elif config.precision == AUTO:
        config = replace(config, precision="float32")
    if validation is not None and not (
        len(validation) if isinstance(validation, Pieces) else validation.tunes
    ):
        raise ConfigError("there are no held-out tunes to measure on; received an empty corpus")
    corpus = _encoded(corpus, lm, normalize, indexed=True)
    if fit_batch and config.steps is None:
        config = _with_fitting_batch(config, lm, corpus, workers)
    lm.metadata = as_start(lm.metadata)
    run = Run(
        lm,
        corpus,
        None if validation is None else _encoded(validation, lm, normalize),
        config,
        run_folder,
        workers,
        callbacks,
        progress or (lambda _: None),
        tuning,
        old,
        backend,
    )
    with run.folder.held(), Stopping() as run.stopping:
        try:
            if resume:
                run.take_up()
            run.loop()
        except (KeyboardInterrupt, Cancelled):
            run.keep_what_there_is()
            raise
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
            raise ModelError(
                f"{lost_worker(error)} after step {run.meter.steps}; {run.folder.last_checkpoint()}; "
                "start all workers again with --resume"
            ) from None
    return lm


def _encoded(
    corpus: Corpus | Pieces | EncodedCorpus, lm: Model, normalize: bool, *, indexed: bool = False
) -> EncodedCorpus:
    if isinstance(corpus, EncodedCorpus):
        return corpus
    if isinstance(corpus, Pieces):
        return encode_pieces(corpus, as_piece_tokenizer(lm.tokenizer))
    return EncodedCorpus.encode(
        corpus.normalize() if normalize else corpus, as_characters(lm.tokenizer), indexed=indexed
    )
